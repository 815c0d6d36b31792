// Events for other systems, as CloudEvents 1.0 in JSON, signed. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "maitred/base/time.h"

namespace maitred {

// Contains no personal data: ids are random, and only the holder of the store can look them up.
struct ShopEvent {
  std::string id;       // unique, and the same if it is sent again: "<store>/42"
  std::string source;   // "/maitred/<store>"
  std::string type;     // "maitred.alert.claimed", "maitred.feedback_due"
  std::string subject;  // the visit
  WallTime at{};
  std::uint64_t seq = 0;                    // of an alert's change, as staff know it; 0: none
  std::map<std::string, std::string> data;  // "camera", "reason", "outcome", ...
};

// One JSON object, in structured mode (application/cloudevents+json).
std::string cloud_event_text(const ShopEvent& event);

// "t=1795331132,v1=<hex>": HMAC-SHA256 with `secret` over "<t>.<body>". It protects body and time.
// A receiver should refuse a time that is minutes away.
std::string event_signature(std::string_view secret, WallTime now, std::string_view body);

}  // namespace maitred
