// The words that enumerations have on the wire, in the store and on the command line.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "maitred/base/check.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {
namespace {

using namespace std::string_view_literals;

template <class Enum, std::size_t Count>
using Words = std::array<std::pair<Enum, std::string_view>, Count>;

constexpr Words<Scope, 6> kScopes = {{{Scope::kRecognition, "recognition"},
                                      {Scope::kHistory, "history"},
                                      {Scope::kFeedback, "feedback"},
                                      {Scope::kSentiment, "sentiment"},
                                      {Scope::kTemplateImprovement, "template-improvement"},
                                      {Scope::kPhotos, "photos"}}};
constexpr Words<Confidence, 2> kConfidences = {
    {{Confidence::kMedium, "medium"}, {Confidence::kHigh, "high"}}};
constexpr Words<Outcome, 7> kOutcomes = {{{Outcome::kOpen, "open"},
                                          {Outcome::kServed, "served"},
                                          {Outcome::kDeclined, "declined"},
                                          {Outcome::kWrongPerson, "wrong_person"},
                                          {Outcome::kNotFound, "not_found"},
                                          {Outcome::kExpired, "expired"},
                                          {Outcome::kWithdrawn, "withdrawn"}}};
constexpr Words<Priority, 3> kPriorities = {
    {{Priority::kLow, "low"}, {Priority::kNormal, "normal"}, {Priority::kHigh, "high"}}};
constexpr Words<Reason, 4> kReasons = {{{Reason::kAsk, "ask"},
                                        {Reason::kAppointment, "appointment"},
                                        {Reason::kLoyalty, "loyalty"},
                                        {Reason::kArrival, "arrival"}}};
constexpr Words<AlertState, 6> kAlertStates = {{{AlertState::kNew, "new"},
                                                {AlertState::kEscalated, "escalated"},
                                                {AlertState::kClaimed, "claimed"},
                                                {AlertState::kClosed, "closed"},
                                                {AlertState::kExpired, "expired"},
                                                {AlertState::kWithdrawn, "withdrawn"}}};

template <class Enum, std::size_t Count>
std::string_view word_of(const Words<Enum, Count>& words, Enum value) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [value](const auto& entry) { return entry.first == value; });
  MAITRED_CHECK(found != words.end());
  return found->second;
}

template <class Enum, std::size_t Count>
std::optional<Enum> value_of(const Words<Enum, Count>& words, std::string_view text) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [text](const auto& entry) { return entry.second == text; });
  if (found == words.end()) return std::nullopt;
  return found->first;
}

}  // namespace

bool is_over(AlertState state) {
  return state == AlertState::kClosed || state == AlertState::kExpired ||
         state == AlertState::kWithdrawn;
}

std::string_view scope_name(Scope scope) { return word_of(kScopes, scope); }
std::optional<Scope> scope_from_name(std::string_view name) { return value_of(kScopes, name); }
std::string_view word(Confidence confidence) { return word_of(kConfidences, confidence); }
std::string_view word(Outcome outcome) { return word_of(kOutcomes, outcome); }
std::string_view word(Reason reason) { return word_of(kReasons, reason); }
std::string_view word(AlertState state) { return word_of(kAlertStates, state); }
std::string_view word(Priority priority) { return word_of(kPriorities, priority); }
std::optional<Priority> priority_from_word(std::string_view t) { return value_of(kPriorities, t); }
std::optional<Outcome> outcome_from_word(std::string_view t) { return value_of(kOutcomes, t); }
std::optional<Reason> reason_from_word(std::string_view t) { return value_of(kReasons, t); }
std::optional<AlertState> alert_state_from_word(std::string_view text) {
  return value_of(kAlertStates, text);
}
std::optional<Confidence> confidence_from_word(std::string_view text) {
  return value_of(kConfidences, text);
}

}  // namespace maitred
