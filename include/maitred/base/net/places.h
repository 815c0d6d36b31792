// Decides which client gets a place of a server, and which one makes room. Pure; time is an
// argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/time.h"

namespace maitred {

// Never used twice by one server.
using SessionId = std::uint64_t;

// The facts about a client by which its place is judged.
struct Claim {
  bool authenticated = false;  // the client has proved who it is: nobody takes its place
  bool asked = false;          // a whole request has arrived
  // Since when the client waits, or is waited for. Nothing: the session must stay.
  std::optional<Timestamp> since{};
};

struct Place {
  SessionId id = 0;
  std::string origin;  // see origin_of
  Claim claim;
};

struct PlaceLimits {
  std::size_t places = 64;
  // The places for clients of one origin that are not authenticated. A shop behind one address can
  // so have as many terminals as it likes. Loopback, and a client without an address, may take all.
  std::size_t places_of_origin = 64;
  Milliseconds grace{0};  // a session this young is not closed to make room
};

struct Admission {
  bool full = false;                   // no place for the newcomer
  std::optional<SessionId> evicted{};  // closed to make room
};

// Decides about a newcomer. If its origin has all its places, one of the same origin makes room; if
// all places are taken, one of any origin does. The first to go are those without a whole request;
// among them those of the origin that has most places; among them the oldest. An authenticated
// session never goes.
Admission admit_newcomer(const std::vector<Place>& places, const PlaceLimits& limits,
                         std::string_view origin, Timestamp now);

// Returns the part of an address that stands for one client: all of an IPv4 address, or the first
// 64 bits of an IPv6 address, because one machine has all addresses below them. Empty for loopback
// and for a text that is no address.
std::string origin_of(std::string_view address);

}  // namespace maitred
