// The default rules: the reason and the headline of an alert. Pure.
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
//   ask          "Advisor needed: trail shoes, size 43"; with "..., were not in store last time"
//                if the newest purchase of that item says out_of_stock. An ask for such an item
//                comes first, then the newest ask
//   appointment  "Appointment 10:30 with Y", the nearest one, on a clock that is utc_offset ahead
//                of UTC
//   loyalty      "Loyalty customer has arrived"
//   arrival      "A customer who asked to be recognised has arrived"
// An ask and a purchase are for the same item if their SKUs are equal. If one has no SKU, they are
// if the ask's text contains the purchase's item (ASCII letters in either case).
Announcement announce(const CustomerView& customer, std::span<const Appointment> appointments,
                      WallTime now, Milliseconds utc_offset = {});

}  // namespace maitred
