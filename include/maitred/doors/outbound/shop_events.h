// Reads the events for other systems from the rows of the store, in order: changes of alerts, and
// visits after which a customer may be asked for feedback.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/doors/outbound/cloud_event.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {

// How far the delivery to a system has come. Kept in the store as text.
struct EventCursor {
  std::uint64_t seq = 0;           // the last change of an alert
  std::uint64_t visit_row = 0;     // visits up to this row are done
  std::set<std::uint64_t> done{};  // and these rows beyond it

  bool operator==(const EventCursor&) const = default;
  std::string text() const;
  static std::optional<EventCursor> parse(std::string_view text);
};

// An event, and the cursor after it has been taken.
struct Parcel {
  std::optional<ShopEvent> event;  // none: only the cursor moves
  EventCursor after;
};

// Bound to the store's thread; the shop must outlive it.
class EventSource {
 public:
  explicit EventSource(Shop& shop) : shop_(shop) {}

  // The cursor of a system that gets events from now on.
  Result<EventCursor> present() const;
  // The next events, in order, at most some hundred; empty if there are none. Errors: those of the
  // store.
  Result<std::deque<Parcel>> after(const EventCursor& cursor, WallTime now) const;
  // Upper bound of the changes of alerts that are not delivered yet.
  std::uint64_t waiting(const EventCursor& cursor) const;

 private:
  std::optional<ShopEvent> alert_event(const AlertEvent& what) const;
  Result<std::deque<Parcel>> feedback_due(EventCursor cursor, WallTime now) const;
  ShopEvent event_of(const VisitId& visit, const CustomerId& customer, std::string type,
                     WallTime at, std::string id) const;

  Shop& shop_;
};

}  // namespace maitred
