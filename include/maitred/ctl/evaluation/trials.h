// Error rates on a folder of people, in the terms of ISO/IEC 19795-1, measured with the same
// gallery and the same thresholds as in the shop. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "maitred/ctl/evaluation/samples.h"
#include "maitred/ctl/evaluation/score_counts.h"
#include "maitred/shop/matching/calibration.h"

namespace maitred {

// Called as a long evaluation proceeds: `done` of `total`.
using EvaluationProgress = std::function<void(std::size_t done, std::size_t total)>;

// A pair whose score does not fit its labels: two names for one person, or a wrong photo.
struct SuspectPair {
  std::size_t enrolled = 0, probe = 0;  // photos
  float similarity = 0.0F;
};

struct Verification {
  ScoreCounts genuine, impostor;
  // FNMR by size, quality or light of the probe, at the threshold of FMR 1e-3.
  struct Band {
    std::string what;  // "width_px", "quality", "light"
    double from = 0.0, to = 0.0;
    std::uint64_t pairs = 0;
    double fnmr = 0.0, fnmr_low = 0.0, fnmr_high = 0.0;  // 95 % (Wilson)
  };
  std::vector<Band> bands;
  std::vector<SuspectPair> alike;   // impostors at the highest similarities, at most 20
  std::vector<SuspectPair> unlike;  // genuine pairs at the lowest, at most 20
};

// 1:1, all ordered pairs: in each round every person's next fit photo is enrolled, all other photos
// are probes. Errors: too_few_photos (kInput): nobody has two photos, or there is one person only.
Result<Verification> verify_all(const Samples& samples, const EvaluationProgress& progress);

struct IdentificationTrial {
  std::size_t gallery = 0;
  std::size_t photos_per_person = 1;
  double fpir_target = 0.0;
  // At the threshold that the shop would use for this target and gallery.
  double threshold = 0.0, fpir = 0.0, fnir = 0.0;
  double fpir_low = 0.0, fpir_high = 0.0, fnir_low = 0.0, fnir_high = 0.0;  // 95 %
  // At the threshold that has this FPIR on these same strangers (FNIR at FPIR in ISO's terms).
  double threshold_at_target = 0.0, fnir_at_target = 0.0;
  std::size_t strangers = 0, customers = 0;  // probes, over all draws
};

struct TrialPlan {
  std::vector<std::size_t> galleries{100, 200, 400};
  std::vector<std::size_t> photos{1, 3};
  std::vector<double> fpir_targets{1e-2, 1e-3};
  std::size_t draws = 10;
  std::uint64_t seed = 1;
};

// 1:N, open set, one look at one photo: in each draw some people are enrolled with some of their
// photos, another photo of each is a probe, and one photo of everybody else is a stranger.
// Galleries for which the folder is too small are left out. `calibration` is that of the engine;
// without one, the threshold is the one at the target.
Result<std::vector<IdentificationTrial>> identify_all(const Samples& samples, const TrialPlan& plan,
                                                      const std::optional<Calibration>& calibration,
                                                      const EvaluationProgress& progress);

// Returns rows for models/manifest.toml, for FMR 1e-2 to 1e-7. A row is measured if at least 100
// pairs lie beyond the threshold, else taken from the fitted tail.
std::vector<CalibrationRow> calibrate(const Verification& verification);

}  // namespace maitred
