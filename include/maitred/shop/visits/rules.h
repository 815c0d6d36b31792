// What an alert says and why. Pure.
#pragma once

#include <span>
#include <string>

#include "maitred/base/time.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {

struct Announcement {
  Reason reason = Reason::kArrival;
  std::string headline;  // one line, UTF-8, at most kHeadlineBytes
};

inline constexpr std::size_t kHeadlineBytes = 200;

// The default rules: the first of ask, appointment, loyalty, arrival that applies.
//   ask          "Advisor needed: trail shoes, size 43", and "..., were not in store last time"
//                where the newest purchase of that item says out_of_stock; an ask for such an item
//                comes first, then the newest
//   appointment  "Appointment 10:30 with Y", the nearest one, by the clock that is utc_offset ahead
//                of UTC
//   loyalty      "Loyalty customer has arrived"
//   arrival      "A customer who asked to be recognised has arrived"
// An ask and a purchase are of one item when the SKUs are equal or, where one has no SKU, when the
// ask's text holds the purchase's item (upper and lower case alike, ASCII).
Announcement announce(const CustomerView& customer, std::span<const Appointment> appointments,
                      WallTime now, Milliseconds utc_offset = {});

}  // namespace maitred
