#include "maitred/types/alert_rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include "maitred/base/check.h"

namespace maitred {
namespace {

constexpr std::array<std::pair<RuleWhen, std::string_view>, 5> kWhens = {
    {{RuleWhen::kAsk, "ask"},
     {RuleWhen::kOutOfStock, "out_of_stock"},
     {RuleWhen::kAppointment, "appointment"},
     {RuleWhen::kTier, "tier"},
     {RuleWhen::kArrival, "arrival"}}};
constexpr std::array<std::string_view, 8> kPlaceholders = {"name",    "ask",  "item", "tier",
                                                           "loyalty", "with", "time", "camera"};
constexpr std::string_view kPreference = "preference:";

// Reads "07:30" as minutes of the day.
std::optional<int> minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (minutes > 59 || hours > 24 || (hours == 24 && minutes > 0)) return std::nullopt;
  return hours * 60 + minutes;
}

}  // namespace

std::string_view word(RuleWhen when) {
  const auto found = std::find_if(kWhens.begin(), kWhens.end(),
                                  [when](const auto& entry) { return entry.first == when; });
  MAITRED_CHECK(found != kWhens.end());
  return found->second;
}

std::optional<RuleWhen> rule_when_from_word(std::string_view text) {
  const auto found = std::find_if(kWhens.begin(), kWhens.end(),
                                  [text](const auto& entry) { return entry.second == text; });
  if (found == kWhens.end()) return std::nullopt;
  return found->first;
}

std::optional<QuietHours> QuietHours::parse(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const auto from = minutes_of(text.substr(0, 5));
  const auto to = minutes_of(text.substr(6));
  if (!from || !to || *from == *to) return std::nullopt;
  return QuietHours{*from, *to};
}

bool QuietHours::cover(int minute_of_day) const {
  const bool after = minute_of_day >= from_min;
  const bool before = minute_of_day < to_min;
  return from_min < to_min ? after && before : after || before;
}

std::optional<std::string> unknown_placeholder(std::string_view headline) {
  for (;;) {
    const auto open = headline.find('{');
    if (open == std::string_view::npos) return std::nullopt;
    const auto close = headline.find('}', open);
    if (close == std::string_view::npos) return std::string(headline.substr(open));
    const std::string_view name = headline.substr(open + 1, close - open - 1);
    const bool preference = name.starts_with(kPreference) && name.size() > kPreference.size();
    if (!preference &&
        std::find(kPlaceholders.begin(), kPlaceholders.end(), name) == kPlaceholders.end()) {
      return std::string(headline.substr(open, close - open + 1));
    }
    headline.remove_prefix(close + 1);
  }
}

}  // namespace maitred
