#include "alert_screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/ctl/verbs/customers/customer_text.h"

namespace maitred {
namespace {

constexpr const char* kPlain = "\033[0m";
constexpr const char* kBold = "\033[1m";
constexpr const char* kReverse = "\033[7m";

const char* colour(AlertState state) {
  switch (state) {
    case AlertState::kNew:
      return "\033[32m";
    case AlertState::kEscalated:
      return "\033[31m";
    case AlertState::kClaimed:
      return "\033[33m";
    default:
      return "\033[2m";
  }
}

// Removes control characters and cuts the text to the width of the terminal.
std::string fit(std::string text, std::size_t columns) {
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = ' ';
  }
  if (text.size() <= columns) return text;
  std::size_t end = columns;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string details(const Alert& alert) {
  std::string text = alert.customer.name;
  if (!alert.customer.loyalty.empty()) text += " (" + alert.customer.loyalty + ")";
  if (!alert.customer.tier.empty()) text += ", " + alert.customer.tier;
  for (const Appointment& one : alert.customer.appointments) {
    text += "; appointment " + local_clock(one.at);
    if (!one.with.empty()) text += " with " + one.with;
  }
  if (!alert.customer.note.empty()) text += "; " + alert.customer.note;
  for (const auto& [key, value] : alert.customer.preferences) text += "; " + key + " " + value;
  for (const Ask& ask : alert.customer.asks) text += "; asked: " + ask.text;
  for (const Purchase& purchase : alert.customer.recent) {
    text += "; " + purchase.item + " " + purchase.status;
  }
  return text;
}

}  // namespace

std::string age_text(Milliseconds age) {
  const auto seconds = std::max<long long>(0, age.count() / 1000);
  return seconds < 60 ? fmt::format("{} s", seconds) : fmt::format("{} min", seconds / 60);
}

void AlertScreen::show(const Alert& alert) {
  const auto found = std::find_if(alerts_.begin(), alerts_.end(),
                                  [&](const Alert& held) { return held.visit == alert.visit; });
  if (found == alerts_.end()) {
    if (!is_over(alert.state)) alerts_.push_back(alert);
  } else {
    *found = alert;
    update(alert);
  }
}

void AlertScreen::update(const Alert& change) {
  const auto found = std::find_if(alerts_.begin(), alerts_.end(),
                                  [&](const Alert& held) { return held.visit == change.visit; });
  if (found == alerts_.end()) return;
  found->seq = change.seq;
  found->state = change.state;
  found->by = change.by;
  if (is_over(change.state)) alerts_.erase(found);
  if (selected_ >= alerts_.size()) selected_ = alerts_.empty() ? 0 : alerts_.size() - 1;
}

void AlertScreen::select_next() {
  if (selected_ + 1 < alerts_.size()) ++selected_;
}

void AlertScreen::select_previous() {
  if (selected_ > 0) --selected_;
}

std::optional<VisitId> AlertScreen::selected() const {
  if (alerts_.empty()) return std::nullopt;
  return alerts_[selected_].visit;
}

void AlertScreen::add_lines(std::vector<std::string>& lines, std::size_t index, WallTime now,
                            std::size_t columns) const {
  const Alert& alert = alerts_[index];
  const bool chosen = index == selected_;
  const std::string state = alert.by.empty() ? std::string(word(alert.state))
                                             : fmt::format("{} by {}", word(alert.state), alert.by);
  const std::string head =
      fmt::format(" {:>7}  {:<18} {:<12} {}", age_text(now - alert.at), state, alert.camera,
                  (alert.priority == Priority::kHigh ? "! " : "") + alert.headline);
  lines.push_back(fmt::format("{}{}{}{}", chosen ? kReverse : "", colour(alert.state),
                              fit(head, columns), kPlain));
  lines.push_back(fmt::format("          {}{}{}", chosen ? kBold : "",
                              fit(details(alert), columns > 12 ? columns - 12 : columns), kPlain));
}

std::vector<std::string> AlertScreen::lines(WallTime now, ScreenSize size) const {
  if (alerts_.empty()) {
    return {connected_ ? " Nobody waits for an advisor." : " Not connected: no alert can come."};
  }
  constexpr std::size_t kEach = 2;
  const bool all = alerts_.size() * kEach <= size.rows;
  const std::size_t places =
      all ? alerts_.size()
          : std::max<std::size_t>(1, (std::max<std::size_t>(size.rows, 1) - 1) / kEach);
  const std::size_t first = selected_ < places ? 0 : selected_ + 1 - places;
  const std::size_t end = std::min(alerts_.size(), first + places);
  std::vector<std::string> lines;
  for (std::size_t i = first; i < end; ++i) add_lines(lines, i, now, size.columns);
  if (!all) {
    lines.push_back(fmt::format(" {} to {} of {}", first + 1, end, alerts_.size()));
  }
  return lines;
}

}  // namespace maitred
