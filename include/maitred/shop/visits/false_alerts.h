// What staff's answers "wrong person" say: whether there are more false alerts than the shop chose,
// with statistical certainty, and what follows for a customer or a camera. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/caution.h"

namespace maitred {

// Older answers do not count: a shop changes, and so do lamps and cameras.
inline constexpr Milliseconds kAnswersCount = std::chrono::days{30};
// Fewer wrong answers of a camera than this may be slips of staff.
inline constexpr std::uint64_t kLeastWrong = 3;
// Suspensions that chance alone brings about: one in a thousand looks at the figures.
inline constexpr double kSuspicion = 1e-3;

// P(X >= count) of a Poisson distributed X with this mean. Exact to rounding.
double poisson_at_least(std::uint64_t count, double mean);

// Visitors who were compared and found to be nobody, and alerts that were for the wrong person.
struct AnswerTally {
  std::uint64_t visitors = 0;
  std::uint64_t wrong = 0;
};

// The answers of one camera, a day at a time. Thread-compatible; no clock.
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
  // Of the last kAnswersCount before `now`.
  AnswerTally tally(WallTime now) const;
  // Only what may still count; oldest first.
  const std::deque<Day>& days() const { return days_; }

 private:
  AnswerTally& day_of(WallTime at);

  std::deque<Day> days_;
};

// What is expected of a camera whose alerts keep to `target`, false alerts a visitor.
double expected_wrong(const AnswerTally& tally, double target);
// The camera raises more false alerts than that; `target` as above.
bool camera_exceeds(const AnswerTally& tally, double target);

// After a wrong answer at `at`: the threshold goes up by one step, as far as it may.
void note_wrong_answer(Caution& caution, WallTime at);
// The customer is mistaken for others more often than their share of the target allows, although
// the threshold is as high as it goes. `visitors` of all cameras in the time that counts;
// `customers` that are matched.
bool customer_exceeds(const Caution& caution, WallTime now, std::uint64_t visitors, double target,
                      std::size_t customers);

}  // namespace maitred
