#include "maitred/visits/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace maitred {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return result;
}

bool same_item(const Ask& ask, const Purchase& purchase) {
  if (purchase.item.empty()) return false;
  const std::string bought = lower(purchase.item);
  if (!ask.item.empty() && lower(ask.item) == bought) return true;
  return lower(ask.text).find(bought) != std::string::npos;
}

bool was_out_of_stock(const Ask& ask, const std::vector<Purchase>& purchases) {
  const Purchase* newest = nullptr;
  for (const Purchase& purchase : purchases) {
    if (!same_item(ask, purchase)) continue;
    const bool newer = newest == nullptr || purchase.date > newest->date ||
                       (purchase.date == newest->date && purchase.number > newest->number);
    if (newer) newest = &purchase;
  }
  return newest != nullptr && newest->status == "out_of_stock";
}

// One line of at most `limit` bytes, cut between UTF-8 characters.
std::string one_line(std::string_view text, std::size_t limit) {
  std::string line(text);
  for (char& letter : line) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = ' ';
  }
  if (line.size() <= limit) return line;
  static constexpr std::string_view kCut = "...";
  std::size_t end = limit - kCut.size();
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  line.resize(end);
  line += kCut;
  return line;
}

std::optional<std::string> ask_headline(const CustomerView& customer) {
  const Ask* chosen = nullptr;
  bool missing = false;
  for (const Ask& ask : customer.asks) {
    if (!ask.open || (ask.text.empty() && ask.item.empty())) continue;
    const bool out = was_out_of_stock(ask, customer.recent);
    const bool first = chosen == nullptr || (out && !missing) ||
                       (out == missing && (ask.at > chosen->at ||
                                           (ask.at == chosen->at && ask.number > chosen->number)));
    if (!first) continue;
    chosen = &ask;
    missing = out;
  }
  if (chosen == nullptr) return std::nullopt;
  static constexpr std::string_view kBefore = "Advisor needed: ";
  static constexpr std::string_view kAfter = ", were not in store last time";
  const std::string& what = chosen->text.empty() ? chosen->item : chosen->text;
  return fmt::format("{}{}{}", kBefore,
                     one_line(what, kHeadlineBytes - kBefore.size() - kAfter.size()),
                     missing ? kAfter : std::string_view{});
}

std::optional<std::string> appointment_headline(std::span<const Appointment> appointments,
                                                WallTime now) {
  const auto away = [now](const Appointment& one) { return std::chrono::abs(one.at - now); };
  const auto nearest =
      std::min_element(appointments.begin(), appointments.end(),
                       [&](const auto& a, const auto& b) { return away(a) < away(b); });
  if (nearest == appointments.end() || away(*nearest) > kAppointmentWindow) return std::nullopt;
  const std::chrono::hh_mm_ss clock{nearest->at -
                                    std::chrono::floor<std::chrono::days>(nearest->at)};
  std::string headline =
      fmt::format("Appointment {:02}:{:02} UTC", clock.hours().count(), clock.minutes().count());
  if (!nearest->with.empty()) headline += " with " + nearest->with;
  return one_line(headline, kHeadlineBytes);
}

}  // namespace

Announcement announce(const CustomerView& customer, std::span<const Appointment> appointments,
                      WallTime now) {
  if (auto headline = ask_headline(customer)) return {Reason::kAsk, *std::move(headline)};
  if (auto headline = appointment_headline(appointments, now)) {
    return {Reason::kAppointment, *std::move(headline)};
  }
  if (!customer.loyalty.empty()) return {Reason::kLoyalty, "Loyalty customer has arrived"};
  return {Reason::kArrival, "A customer who asked to be recognised has arrived"};
}

}  // namespace maitred
