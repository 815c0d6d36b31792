#include "maitred/shop/matching/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace maitred {
namespace {

// A measured rate of 0 means only that no pair of the sample failed.
constexpr double kLeastFnmr = 1e-6;

double line(double x, double x0, double y0, double x1, double y1) {
  return y0 + (x - x0) * (y1 - y0) / (x1 - x0);
}

tl::unexpected<Error> bad(std::size_t row, const char* what) {
  return input_error("bad_calibration",
                     fmt::format("calibration row {}: {}; rows are [threshold, fmr, fnmr] with "
                                 "ascending thresholds, falling FMR and not falling FNMR",
                                 row + 1, what));
}

}  // namespace

Result<Calibration> Calibration::from_rows(std::vector<CalibrationRow> rows) {
  if (rows.size() < 2) {
    return input_error("bad_calibration", "a calibration needs at least two rows");
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CalibrationRow& row = rows[i];
    if (!(row.threshold >= -1.0F && row.threshold <= 1.0F)) {
      return bad(i, "the threshold is not in -1..1");
    }
    if (!(row.fmr > 0.0 && row.fmr <= 1.0)) return bad(i, "the FMR is not in (0, 1]");
    if (!(row.fnmr >= 0.0 && row.fnmr <= 1.0)) return bad(i, "the FNMR is not in 0..1");
    if (i == 0) continue;
    if (row.threshold <= rows[i - 1].threshold) return bad(i, "the threshold does not ascend");
    if (row.fmr >= rows[i - 1].fmr) return bad(i, "the FMR does not fall");
    if (row.fnmr < rows[i - 1].fnmr) return bad(i, "the FNMR falls");
  }
  return Calibration(std::move(rows));
}

double Calibration::tail_slope() const {
  const auto slope = [this](std::size_t i) {
    return (std::log(rows_[i].fmr) - std::log(rows_[i - 1].fmr)) /
           static_cast<double>(rows_[i].threshold - rows_[i - 1].threshold);
  };
  const std::size_t last = rows_.size() - 1;
  return last >= 2 ? std::max(slope(last), slope(last - 1)) : slope(last);
}

double Calibration::log_fmr(double threshold) const {
  const CalibrationRow& last = rows_.back();
  if (threshold >= static_cast<double>(last.threshold)) {
    return std::log(last.fmr) + tail_slope() * (threshold - static_cast<double>(last.threshold));
  }
  std::size_t above = 1;
  while (static_cast<double>(rows_[above].threshold) < threshold) ++above;
  const CalibrationRow& low = rows_[above - 1];
  const CalibrationRow& high = rows_[above];
  return std::min(0.0, line(threshold, static_cast<double>(low.threshold), std::log(low.fmr),
                            static_cast<double>(high.threshold), std::log(high.fmr)));
}

double Calibration::fmr(Similarity threshold) const {
  return std::max(std::exp(log_fmr(static_cast<double>(threshold.value))), kLeastFmr);
}

double Calibration::fnmr(Similarity threshold) const {
  const auto at = static_cast<double>(threshold.value);
  std::size_t above = 1;
  while (above + 1 < rows_.size() && static_cast<double>(rows_[above].threshold) < at) ++above;
  const CalibrationRow& low = rows_[above - 1];
  const CalibrationRow& high = rows_[above];
  const double log_rate =
      line(at, static_cast<double>(low.threshold), std::log(std::max(low.fnmr, kLeastFnmr)),
           static_cast<double>(high.threshold), std::log(std::max(high.fnmr, kLeastFnmr)));
  const double rate = std::min(std::exp(log_rate), 1.0);
  return rate <= kLeastFnmr ? 0.0 : rate;
}

Similarity Calibration::threshold_for(double fmr) const {
  // log_fmr falls strictly where it is below 0, so bisection finds the threshold.
  const double wanted = std::log(std::clamp(fmr, 1e-300, 1.0));
  double low = -1.0;
  double high = 1.0;
  if (log_fmr(high) > wanted) return Similarity{1.0F};
  if (log_fmr(low) <= wanted) return Similarity{-1.0F};
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2.0;
    (log_fmr(middle) <= wanted ? high : low) = middle;
  }
  return Similarity{std::nextafter(static_cast<float>(high), 2.0F)};
}

}  // namespace maitred
