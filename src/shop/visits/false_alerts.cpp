#include "maitred/shop/visits/false_alerts.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace maitred {
namespace {

std::int64_t days_since_1970(WallTime at) {
  return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count();
}

constexpr std::int64_t kDaysThatCount =
    std::chrono::duration_cast<std::chrono::days>(kAnswersCount).count();

}  // namespace

double poisson_at_least(std::uint64_t count, double mean) {
  if (count == 0) return 1.0;
  if (!(mean > 0.0)) return 0.0;
  const auto k = static_cast<double>(count);
  // Sums the terms from `count` on or those before it, whichever side is smaller, to keep the
  // digits.
  double term = std::exp(k * std::log(mean) - mean - std::lgamma(k + 1.0));
  double sum = 0.0;
  if (k > mean) {
    for (double i = k; term > 0.0 && term > sum * 1e-17; ++i) {
      sum += term;
      term *= mean / (i + 1.0);
    }
    return std::min(sum, 1.0);
  }
  for (double i = k; i > 0.0; --i) {
    term *= i / mean;
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return std::clamp(1.0 - sum, 0.0, 1.0);
}

AnswerRecord::AnswerRecord(std::vector<Day> days)
    : days_(std::make_move_iterator(days.begin()), std::make_move_iterator(days.end())) {}

AnswerTally& AnswerRecord::day_of(WallTime at) {
  const std::int64_t day = days_since_1970(at);
  auto place = std::find_if(days_.begin(), days_.end(),
                            [day](const Day& known) { return known.day >= day; });
  if (place == days_.end() || place->day != day) place = days_.insert(place, Day{day, {}});
  const auto index = place - days_.begin();
  std::ptrdiff_t gone = 0;
  while (gone < index && days_.front().day <= day - kDaysThatCount) {
    days_.pop_front();
    ++gone;
  }
  return days_[static_cast<std::size_t>(index - gone)].tally;
}

AnswerTally AnswerRecord::tally(WallTime now) const {
  AnswerTally sum;
  for (const Day& day : days_) {
    if (day.day <= days_since_1970(now) - kDaysThatCount) continue;
    sum.visitors += day.tally.visitors;
    sum.wrong += day.tally.wrong;
  }
  return sum;
}

double expected_wrong(const AnswerTally& tally, double target) {
  // Somebody who was taken for a customer was a visitor too.
  return target * static_cast<double>(tally.visitors + tally.wrong);
}

bool camera_exceeds(const AnswerTally& tally, double target) {
  return tally.wrong >= kLeastWrong &&
         poisson_at_least(tally.wrong, expected_wrong(tally, target)) < kSuspicion;
}

void note_wrong_answer(Caution& caution, WallTime at) {
  caution.steps = std::min(caution.steps + 1, kMostCaution);
  caution.wrong.push_back(at);
  if (caution.wrong.size() > kMostWrongAnswers) caution.wrong.erase(caution.wrong.begin());
}

bool customer_exceeds(const Caution& caution, WallTime now, std::uint64_t visitors, double target,
                      std::size_t customers) {
  const auto wrong = static_cast<std::uint64_t>(
      std::count_if(caution.wrong.begin(), caution.wrong.end(),
                    [now](WallTime at) { return at > now - kAnswersCount; }));
  if (caution.steps < kMostCaution || wrong <= kMostCaution) return false;
  const double count = static_cast<double>(std::max<std::size_t>(customers, 1));
  // Every customer is tested, so the significance level is divided among them.
  return poisson_at_least(wrong, expected_wrong({visitors, wrong}, target / count)) <
         kSuspicion / count;
}

}  // namespace maitred
