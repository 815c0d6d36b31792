// Evaluates wrong-person reports: decides with statistical certainty whether a customer or a camera
// raises more false alerts than the shop chose. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/caution.h"

namespace maitred {

// Older reports do not count: shops, lamps and cameras change.
inline constexpr Milliseconds kAnswersCount = std::chrono::days{30};
// Fewer reports about a camera than this may be mistakes of staff.
inline constexpr std::uint64_t kLeastWrong = 3;
// Significance level: chance alone causes a suspension in one of a thousand evaluations.
inline constexpr double kSuspicion = 1e-3;

// P(X >= count) for a Poisson distributed X with this mean. Exact to rounding.
double poisson_at_least(std::uint64_t count, double mean);

// Visitors who were compared and matched nobody, and alerts for the wrong person.
struct AnswerTally {
  std::uint64_t visitors = 0;
  std::uint64_t wrong = 0;
};

// The counts of one camera by day. Thread-compatible; no clock.
class AnswerRecord {
 public:
  struct Day {
    std::int64_t day = 0;  // since 1970
    AnswerTally tally;
  };

  AnswerRecord() = default;
  // Requires ascending days.
  explicit AnswerRecord(std::vector<Day> days);

  void visitor(WallTime at) { ++day_of(at).visitors; }
  void wrong(WallTime at) { ++day_of(at).wrong; }
  // The counts of the last kAnswersCount before `now`.
  AnswerTally tally(WallTime now) const;
  // The days that may still count, oldest first.
  const std::deque<Day>& days() const { return days_; }

 private:
  AnswerTally& day_of(WallTime at);

  std::deque<Day> days_;
};

// The number of wrong alerts to expect of a camera that keeps to `target`, in false alerts per
// visitor.
double expected_wrong(const AnswerTally& tally, double target);
// True if the camera raises more false alerts than that; `target` as above.
bool camera_exceeds(const AnswerTally& tally, double target);

// Notes a wrong-person report at `at`: raises the threshold by one step, up to kMostCaution.
void note_wrong_answer(Caution& caution, WallTime at);
// True if others are mistaken for this customer more often than the customer's share of the target
// allows, although the threshold is at its highest. `visitors` counts those of all cameras in the
// time that counts; `customers` are those who may be matched.
bool customer_exceeds(const Caution& caution, WallTime now, std::uint64_t visitors, double target,
                      std::size_t customers);

}  // namespace maitred
