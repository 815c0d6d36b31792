// From the operator's one number, false alerts, to thresholds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "maitred/shop/matching/calibration.h"
#include "maitred/types/template.h"
#include "maitred/types/visit.h"

namespace maitred {

struct DecisionRules {
  double fpir = 1e-3;                // false alerts a visitor who is not enrolled, a fraction
  float margin = 0.05F;              // cosine, to the second-best customer
  float lookalike_margin = 0.10F;    // to one who looks like the best
  std::uint32_t settled_frames = 3;  // fused frames of an ordinary decision
};

// Thresholds for a gallery. A visitor is compared with each of `comparisons` rows; with
// FPIR = 1 - (1 - FMR)^comparisons the FMR of one comparison follows.
//
// A track is looked at several times while its fused template grows. Many looks must not multiply
// the false alerts, so a look may spend only a share s of the FMR: it uses the threshold at s *
// FMR.
//   with 1 or 2 fused frames, at most twice   5 %    only a clear match is decided so early
//   with settled_frames or more               60 %, from the 9th such look on 60 % * 8 / n
//   when the track ends                       60 %
// The settled looks of a track are at templates that have most frames in common, so together they
// bring little more than one does: simulated tracks of 38 looks whose frames are all replaced again
// and again keep within 1.5 times the target (ManyLooksKeepToTheTarget in the unit tests).
// (A union bound over the looks would be safe too, but leaves so little for the later ones, which
// are those of the larger faces, that customers who walk up from afar are missed.)
// The margin only takes false alerts away.
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

  // Of a look that may spend this share (0 to 1) of the budget; 1 is a single try, as at a desk.
  // Each step of caution (types/caution.h) leaves a tenth of it.
  Similarity threshold(double share, std::uint32_t caution = 0) const;
  // Two customers who resemble each other at least so much are look-alikes: fewer than one pair of
  // people in ten thousand are.
  Similarity lookalike_from() const { return calibration_.threshold_for(kLookalikeFmr); }
  // Of the ordinary decision: what `status` shows.
  Similarity threshold() const;

  // What follows, from the calibration; 0 false alerts for an empty gallery. The miss rate is that
  // of single photos at threshold(): fused frames and several enrolled photos miss less.
  double expected_false_alerts_per_1000() const;
  double expected_miss_rate() const;

  // High when the similarity would have been a clear match on the very first frame.
  Confidence confidence(Similarity similarity) const;

  struct Looks {  // of one track, so far
    std::uint32_t early = 0;
    std::uint32_t settled = 0;
  };
  // Takes note of a look at a template of so many fused frames and returns the share it may spend;
  // 0: not a look, nothing may be decided on this template.
  double spend(Looks& looks, std::uint32_t frames) const;
  // The same for the last look, at the track's end.
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
