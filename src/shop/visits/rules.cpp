#include "maitred/shop/visits/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "headlines.h"

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

}  // namespace

std::string headline_text(std::string_view text, std::size_t limit) {
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

bool same_word(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

ChosenAsk chosen_ask(const CustomerView& customer) {
  ChosenAsk chosen;
  for (const Ask& ask : customer.asks) {
    if (!ask.open || (ask.text.empty() && ask.item.empty())) continue;
    const bool out = was_out_of_stock(ask, customer.recent);
    const bool newer =
        chosen.ask != nullptr &&
        (ask.at > chosen.ask->at || (ask.at == chosen.ask->at && ask.number > chosen.ask->number));
    const bool first = chosen.ask == nullptr || (out && !chosen.was_out_of_stock) ||
                       (out == chosen.was_out_of_stock && newer);
    if (first) chosen = {&ask, out};
  }
  return chosen;
}

const Purchase* missed_purchase(const CustomerView& customer) {
  const auto newer = [](const Purchase& a, const Purchase& b) {
    return a.date > b.date || (a.date == b.date && a.number > b.number);
  };
  const Purchase* missed = nullptr;
  for (const Purchase& one : customer.recent) {
    if (one.status != "out_of_stock") continue;
    const bool settled =
        std::any_of(customer.recent.begin(), customer.recent.end(), [&](const Purchase& other) {
          return same_word(other.item, one.item) && newer(other, one) &&
                 other.status != "out_of_stock";
        });
    if (!settled && (missed == nullptr || newer(one, *missed))) missed = &one;
  }
  return missed;
}

const Appointment* nearest_appointment(std::span<const Appointment> appointments, WallTime now) {
  const auto away = [now](const Appointment& one) { return std::chrono::abs(one.at - now); };
  const auto nearest =
      std::min_element(appointments.begin(), appointments.end(),
                       [&](const auto& a, const auto& b) { return away(a) < away(b); });
  return nearest == appointments.end() ? nullptr : &*nearest;
}

std::string clock_text(WallTime time) {
  const std::chrono::hh_mm_ss clock{time - std::chrono::floor<std::chrono::days>(time)};
  return fmt::format("{:02}:{:02}", clock.hours().count(), clock.minutes().count());
}

std::string ask_headline(const ChosenAsk& chosen) {
  static constexpr std::string_view kBefore = "Advisor needed: ";
  static constexpr std::string_view kAfter = ", were not in store last time";
  const std::string& what = chosen.ask->text.empty() ? chosen.ask->item : chosen.ask->text;
  return fmt::format("{}{}{}", kBefore,
                     headline_text(what, kHeadlineBytes - kBefore.size() - kAfter.size()),
                     chosen.was_out_of_stock ? kAfter : std::string_view{});
}

Announcement announce(const CustomerView& customer, std::span<const Appointment> appointments,
                      WallTime now, Milliseconds utc_offset) {
  if (const ChosenAsk chosen = chosen_ask(customer); chosen.ask != nullptr) {
    return {Reason::kAsk, ask_headline(chosen)};
  }
  const Appointment* nearest = nearest_appointment(appointments, now);
  if (nearest != nullptr && std::chrono::abs(nearest->at - now) <= kAppointmentWindow) {
    std::string headline = "Appointment " + clock_text(nearest->at + utc_offset);
    if (!nearest->with.empty()) headline += " with " + nearest->with;
    return {Reason::kAppointment, headline_text(headline, kHeadlineBytes)};
  }
  if (!customer.loyalty.empty()) return {Reason::kLoyalty, "Loyalty customer has arrived"};
  return {Reason::kArrival, "A customer who asked to be recognised has arrived"};
}

}  // namespace maitred
