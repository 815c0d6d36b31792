// Error rates of one engine as functions of the similarity threshold.
#pragma once

#include <utility>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/template.h"

namespace maitred {

// Measured on pairs of photos: at this threshold, the false match rate (impostor pairs at or above
// it) and the false non-match rate (genuine pairs below it). Fractions.
struct CalibrationRow {
  float threshold = 0.0F;
  double fmr = 1.0;
  double fnmr = 0.0;
};

// FMR and FNMR as functions of the threshold, from the rows of models/manifest.toml
// (calibration = [[threshold, fmr, fnmr], ...]).
//
// Between rows, log(FMR) and log(FNMR) are linear in the threshold. Beyond the last row, log(FMR)
// continues with the flatter of the last two slopes. Impostor distributions fall faster than that,
// so the FMR is over-estimated rather than under-estimated. No FMR below kLeastFmr is claimed.
// Immutable, thread-safe.
class Calibration {
 public:
  static constexpr double kLeastFmr = 1e-9;

  // Error: bad_calibration (kInput): fewer than two rows, thresholds not ascending or outside
  // -1..1, FMR not falling or outside (0, 1], FNMR falling or outside 0..1.
  static Result<Calibration> from_rows(std::vector<CalibrationRow> rows);

  double fmr(Similarity threshold) const;
  double fnmr(Similarity threshold) const;
  // The lowest threshold whose FMR is at most `fmr`; at most 1.
  Similarity threshold_for(double fmr) const;

  const std::vector<CalibrationRow>& rows() const { return rows_; }

 private:
  explicit Calibration(std::vector<CalibrationRow> rows) : rows_(std::move(rows)) {}
  double log_fmr(double threshold) const;
  double tail_slope() const;

  std::vector<CalibrationRow> rows_;
};

}  // namespace maitred
