// Derives thresholds from the operator's one number, the rate of false alerts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "maitred/shop/matching/calibration.h"
#include "maitred/types/template.h"
#include "maitred/types/visit.h"

namespace maitred {

struct DecisionRules {
  double fpir = 1e-3;                // false alerts per visitor who is not enrolled, a fraction
  float margin = 0.05F;              // cosine, to the second-best customer
  float lookalike_margin = 0.10F;    // the same, to a look-alike of the best
  std::uint32_t settled_frames = 3;  // fused frames that an ordinary decision needs
};

// Thresholds for a gallery. A visitor is compared with each of `comparisons` rows; with
// FPIR = 1 - (1 - FMR)^comparisons the FMR of one comparison follows.
//
// A track is attempted several times while its fused template grows. Many attempts must not
// multiply the false alerts, so an attempt may spend only a share s of the FMR: it uses the
// threshold at s * FMR.
//   with 1 or 2 fused frames, at most twice   5 %    only a clear match is decided so early
//   with settled_frames or more               60 %, from the 9th such attempt on 60 % * 8 / n
//   when the track ends                       60 %
// The settled attempts of a track use templates that share most frames, so together they add little
// to one of them: simulated tracks of 38 attempts whose frames are all replaced again and again
// stay within 1.5 times the target (ManyLooksKeepToTheTarget in the unit tests). A union bound over
// the attempts would be safe too, but would leave little for the later ones. Those have the larger
// faces, so customers who walk up from afar would be missed.
// The margin can only reduce false alerts.
// Immutable, thread-safe. Terms: ISO/IEC 19795-1.
class DecisionPolicy {
 public:
  static constexpr double kLookalikeFmr = 1e-4;

  // Requires 0 < rules.fpir < 1.
  static DecisionPolicy derive(const Calibration& calibration, const DecisionRules& rules,
                               std::size_t comparisons);

  const DecisionRules& rules() const { return rules_; }
  const Calibration& calibration() const { return calibration_; }
  std::size_t comparisons() const { return comparisons_; }
  double fmr() const { return fmr_; }

  // The threshold of an attempt that may spend this share (0 to 1) of the budget; 1 is a single
  // attempt, as at a desk. Each step of caution (types/caution.h) leaves a tenth of the share.
  Similarity threshold(double share, std::uint32_t caution = 0) const;
  // Two customers with this similarity or more are look-alikes: fewer than one pair of people in
  // ten thousand are.
  Similarity lookalike_from() const { return calibration_.threshold_for(kLookalikeFmr); }
  // The threshold of an ordinary decision; `status` shows it.
  Similarity threshold() const;

  // Rates that the calibration predicts; an empty gallery gives 0 false alerts. The miss rate is
  // that of single photos at threshold(): fused frames and several enrolled photos miss less.
  double expected_false_alerts_per_1000() const;
  double expected_miss_rate() const;

  // High if the similarity would have been a clear match on the first frame.
  Confidence confidence(Similarity similarity) const;

  struct Attempts {  // to decide one track, so far
    std::uint32_t early = 0;
    std::uint32_t settled = 0;
  };
  // Counts an attempt with a template of `frames` fused frames and returns the share it may spend.
  // A share of 0 means that nothing may be decided on this template, which then is no attempt.
  double spend(Attempts& attempts, std::uint32_t frames) const;
  // The same for the last attempt, at the track's end.
  double spend_rest() const;

 private:
  DecisionPolicy(const Calibration& calibration, const DecisionRules& rules,
                 std::size_t comparisons, double fmr)
      : calibration_(calibration), rules_(rules), comparisons_(comparisons), fmr_(fmr) {}

  Calibration calibration_;
  DecisionRules rules_;
  std::size_t comparisons_ = 0;
  double fmr_ = 0.0;
};

}  // namespace maitred
