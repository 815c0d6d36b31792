// Writes the lines of alerts and updates.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "maitred/base/json_fields.h"
#include "maitred/doors/staff/staff_codec.h"
#include "maitred/shop/desk/alert_view.h"

namespace maitred {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kListLimit = 64;          // asks, purchases, preferences of one alert
constexpr std::size_t kTextLimit_bytes = 1024;  // of one text in it
constexpr std::size_t kShortText_bytes = 256;   // when space is short

void clip(std::string& text, std::size_t limit_bytes) {
  text.resize(utf8_prefix(text, limit_bytes).size());
}

template <class List>
void clip_list(List& list) {
  if (list.size() > kListLimit) list.resize(kListLimit);
}

// Limits the size first, so that a line takes little time to make whatever the store holds.
void clip_parts(Alert& alert) {
  CustomerView& customer = alert.customer;
  for (std::string* text : {&alert.headline, &customer.name, &customer.loyalty, &alert.camera,
                            &customer.tier, &customer.note}) {
    clip(*text, kTextLimit_bytes);
  }
  clip_list(customer.recent);
  clip_list(customer.asks);
  clip_list(customer.appointments);
  while (customer.preferences.size() > kListLimit) {
    customer.preferences.erase(std::prev(customer.preferences.end()));
  }
  for (Purchase& purchase : customer.recent) clip(purchase.item, kTextLimit_bytes);
  for (Ask& ask : customer.asks) {
    clip(ask.text, kTextLimit_bytes);
    clip(ask.item, kTextLimit_bytes);
  }
  for (Appointment& one : customer.appointments) clip(one.with, kTextLimit_bytes);
  for (auto& [key, value] : customer.preferences) clip(value, kTextLimit_bytes);
}

// Removes a quarter of the list, from its end.
template <class List>
bool shorten(List& list, std::size_t keep) {
  if (list.size() <= keep) return false;
  list.resize(std::max(keep, list.size() - std::max<std::size_t>(list.size() / 4, 1)));
  return true;
}

// Removes the least important part of the alert. False if nothing is left to remove.
bool drop_least(Alert& alert) {
  CustomerView& customer = alert.customer;
  if (shorten(customer.recent, 0) || shorten(customer.asks, 1)) return true;
  if (!customer.preferences.empty()) {
    customer.preferences.erase(std::prev(customer.preferences.end()));
    return true;
  }
  if (shorten(customer.asks, 0) || shorten(customer.appointments, 0)) return true;
  for (std::string* text : {&customer.note, &alert.headline, &customer.name, &customer.loyalty,
                            &customer.tier, &alert.camera}) {
    if (text->size() > kShortText_bytes) return clip(*text, kShortText_bytes), true;
  }
  return false;
}

}  // namespace

std::string alert_line(const Alert& alert) {
  Alert fitting = alert;
  clip_parts(fitting);
  std::string line = ordered_text(alert_view(fitting));
  while (line.size() > kStaffLineLimitBytes && drop_least(fitting)) {
    line = ordered_text(alert_view(fitting));
  }
  return line;
}

std::string update_line(const Alert& alert) {
  ordered_json object = {{"type", "update"},
                         {"seq", alert.seq},
                         {"visit", alert.visit.value},
                         {"state", word(alert.state)},
                         {"at", format_time(alert.at)}};
  add_progress(object, alert);
  return ordered_text(object);
}

std::string event_line(const Alert& alert) {
  return alert.state == AlertState::kNew ? alert_line(alert) : update_line(alert);
}

}  // namespace maitred
