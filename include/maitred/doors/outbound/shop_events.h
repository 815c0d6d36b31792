// What other systems are told of a shop, in order, from the rows of the store: changes of alerts,
// and visits after which a customer may be asked how it was.
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

// How far a system has been told. Kept in the store as text.
struct EventCursor {
  std::uint64_t seq = 0;           // the last change of an alert
  std::uint64_t visit_row = 0;     // visits up to this row are done: asked about, or never to be
  std::set<std::uint64_t> done{};  // and these beyond it

  bool operator==(const EventCursor&) const = default;
  std::string text() const;
  static std::optional<EventCursor> parse(std::string_view text);
};

// An event, and what the cursor is once it has been taken.
struct Parcel {
  std::optional<ShopEvent> event;  // none: nothing to tell, the cursor moves on
  EventCursor after;
};

// Bound to the store's thread; the shop must outlive it.
class EventSource {
 public:
  explicit EventSource(Shop& shop) : shop_(shop) {}

  // Of a system that is told from now on.
  Result<EventCursor> present() const;
  // At most some hundred, in order; empty when there is nothing. Errors: those of the store.
  Result<std::deque<Parcel>> after(const EventCursor& cursor, WallTime now) const;
  // How many changes of alerts are to be told, at most.
  std::uint64_t waiting(const EventCursor& cursor) const;

 private:
  std::optional<ShopEvent> alert_event(const AlertEvent& what) const;
  Result<std::deque<Parcel>> feedback_due(EventCursor cursor, WallTime now) const;
  ShopEvent event_of(const VisitId& visit, const CustomerId& customer, std::string type,
                     WallTime at, std::string id) const;

  Shop& shop_;
};

}  // namespace maitred
