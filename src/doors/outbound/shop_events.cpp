#include "maitred/doors/outbound/shop_events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "maitred/admin/row_key.h"
#include "maitred/base/json.h"
#include "maitred/shop/desk/visit_feedback.h"

namespace maitred {
namespace {

constexpr std::size_t kEventsAtOnce = 64;
constexpr std::size_t kVisitsAtOnce = 4096;
constexpr JsonLimits kCursorLimits{.bytes = 64 * 1024, .depth = 3};

// When to ask for feedback on a visit: not yet (not settled), never (settled, not due), or since
// when.
struct FeedbackMoment {
  bool settled = false;
  std::optional<WallTime> due{};
};

Result<FeedbackMoment> feedback_moment(Store& store, const Visit& visit, WallTime now) {
  constexpr FeedbackMoment kNever{true};
  if (visit.start < now - kFeedbackWindow) return kNever;
  const auto alert = store.visits().alert(visit.id);
  const bool alert_open = alert && !is_over(alert->alert.state);
  if (!visit_is_over(visit, alert_open, now)) return FeedbackMoment{};
  MAITRED_ASSIGN(const bool awaited, awaits_feedback(store, visit, now));
  if (!awaited) return kNever;
  MAITRED_ASSIGN(const auto events, store.visits().events(visit.id));
  const bool answered = visit.outcome == Outcome::kServed || visit.outcome == Outcome::kDeclined;
  WallTime at = answered ? visit.start : visit.end + kVisitIsOver;
  if (!events.empty()) at = std::max(at, events.back().at);
  return FeedbackMoment{true, at};
}

}  // namespace

std::string EventCursor::text() const {
  return json_text({{"seq", seq}, {"visit_row", visit_row}, {"done", done}});
}

std::optional<EventCursor> EventCursor::parse(std::string_view text) {
  const auto object = parse_json(text, kCursorLimits);
  if (!object || !object->is_object()) return std::nullopt;
  EventCursor cursor;
  for (const auto& [key, value] : object->items()) {
    if (key == "done" && value.is_array()) {
      for (const auto& row : value) {
        if (row.is_number_unsigned()) cursor.done.insert(row.get<std::uint64_t>());
      }
    }
    if (!value.is_number_unsigned()) continue;
    if (key == "seq") cursor.seq = value.get<std::uint64_t>();
    if (key == "visit_row") cursor.visit_row = value.get<std::uint64_t>();
  }
  return cursor;
}

Result<EventCursor> EventSource::present() const {
  const Visits& visits = shop_.store().visits();
  MAITRED_ASSIGN(const std::uint64_t row, visits.newest_row());
  return EventCursor{visits.last_seq(), row};
}

std::uint64_t EventSource::waiting(const EventCursor& cursor) const {
  const std::uint64_t last = shop_.store().visits().last_seq();
  return last > cursor.seq ? last - cursor.seq : 0;
}

Result<std::deque<Parcel>> EventSource::after(const EventCursor& cursor, WallTime now) const {
  MAITRED_ASSIGN(const auto events, shop_.store().visits().events_after(cursor.seq, kEventsAtOnce));
  if (events.empty()) return feedback_due(cursor, now);
  std::deque<Parcel> parcels;
  EventCursor next = cursor;
  for (const AlertEvent& event : events) {
    next.seq = event.seq;
    parcels.push_back({alert_event(event), next});
  }
  return parcels;
}

ShopEvent EventSource::event_of(const VisitId& visit, const CustomerId& customer, std::string type,
                                WallTime at, std::string id) const {
  ShopEvent event;
  event.id = shop_.store().id() + "/" + std::move(id);
  event.source = "/maitred/" + shop_.store().id();
  event.type = "maitred." + std::move(type);
  event.subject = visit.value;
  event.at = at;
  event.data["visit"] = visit.value;
  event.data["customer"] = customer.value;
  const auto known = shop_.store().customers().find(customer);
  if (known && !known->profile.external.empty() && !is_row_key(known->profile.external)) {
    event.data["external"] = known->profile.external;
  }
  return event;
}

// Nothing if the customer has been forgotten since.
std::optional<ShopEvent> EventSource::alert_event(const AlertEvent& what) const {
  const auto stored = shop_.store().visits().alert(what.visit);
  if (!stored) return std::nullopt;
  const Alert& alert = stored->alert;
  const std::string state(word(what.state));
  ShopEvent event =
      event_of(what.visit, alert.customer.id, "alert." + state, what.at, std::to_string(what.seq));
  event.seq = what.seq;
  event.data["state"] = state;
  event.data["camera"] = alert.camera;
  event.data["reason"] = word(alert.reason);
  if (what.state == AlertState::kClosed) event.data["outcome"] = word(alert.outcome);
  return event;
}

Result<std::deque<Parcel>> EventSource::feedback_due(EventCursor cursor, WallTime now) const {
  Visits& visits = shop_.store().visits();
  // A customer who was forgotten may have had the newest rows; SQLite gives their numbers again.
  MAITRED_ASSIGN(const std::uint64_t newest, visits.newest_row());
  const EventCursor before = cursor;
  MAITRED_ASSIGN(const auto rows,
                 visits.written_after(std::min(cursor.visit_row, newest), kVisitsAtOnce));
  struct Due {
    std::uint64_t row;
    WallTime at;
    const Visit* visit;
  };
  std::vector<Due> due;
  std::optional<std::uint64_t> first_open;
  cursor.done.clear();
  for (const VisitRow& one : rows) {
    bool settled = before.done.contains(one.row);
    if (!settled) {
      MAITRED_ASSIGN(const FeedbackMoment moment, feedback_moment(shop_.store(), one.visit, now));
      if (moment.due) due.push_back({one.row, *moment.due, &one.visit});
      settled = moment.settled && !moment.due;
    }
    if (!settled && !first_open) first_open = one.row;
    if (settled && first_open) cursor.done.insert(one.row);
  }
  cursor.visit_row = std::min(cursor.visit_row, newest);
  if (!rows.empty()) cursor.visit_row = first_open ? *first_open - 1 : rows.back().row;
  std::stable_sort(due.begin(), due.end(), [](const Due& a, const Due& b) { return a.at < b.at; });
  std::deque<Parcel> parcels;
  for (const Due& one : due) {
    cursor.done.insert(one.row);
    ShopEvent event = event_of(one.visit->id, one.visit->customer, "feedback_due", one.at,
                               "feedback/" + one.visit->id.value);
    event.data["camera"] = one.visit->camera;
    event.data["arm"] = one.visit->holdout ? "holdout" : "alerts";
    parcels.push_back({std::move(event), cursor});
  }
  if (parcels.empty() && !(cursor == before)) parcels.push_back({std::nullopt, cursor});
  return parcels;
}

}  // namespace maitred
