// The staff protocol, version 1, as text: what clients say, what the server says. Lines here are
// without their "\n". Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "maitred/base/result.h"
#include "maitred/shop/desk/alert_view.h"
#include "maitred/types/visit.h"

namespace maitred {

inline constexpr int kStaffProtocol = 1;
inline constexpr std::size_t kStaffLineLimitBytes = 16 * 1024;
inline constexpr int kStaffDepthLimit = 8;

struct StaffAuth {
  std::string token;  // secret; 1 to 256 bytes
};
struct StaffResume {
  std::uint64_t after = 0;
};
struct StaffAck {
  std::uint64_t seq = 0;
};
struct StaffClaim {
  VisitId visit;   // 1 to 64 bytes
  std::string by;  // 1 to 64 bytes, one plain line
};
struct StaffClose {
  VisitId visit;
  Outcome outcome = Outcome::kServed;  // served, declined, wrong_person or not_found
  std::string note;                    // up to 2000 bytes; line breaks are fine
  std::string by;                      // optional: who closes; up to 64 bytes
};
struct StaffPing {};

using StaffRequest =
    std::variant<StaffAuth, StaffResume, StaffAck, StaffClaim, StaffClose, StaffPing>;

// A client's line. Fields it does not know are ignored. Errors (kInput): line_too_long, too_deep,
// not_json (not one JSON object in UTF-8), unknown_type, bad_field (missing, wrong type, too long).
Result<StaffRequest> parse_request(std::string_view line);

// The line of a request, for clients.
std::string request_line(const StaffRequest& request);

// The lines of the server. Keys are in the contract's order. An alert shows at most 64 each of
// purchases, asks and preferences, and 1024 bytes of a text; one that would pass 16 KiB loses,
// until it fits, its oldest purchases, then its last asks, then preferences, then the end of its
// headline.
std::string hello_line(std::string_view server, std::string_view store, WallTime started);
std::string alert_line(const Alert& alert);
// {"type":"update","seq","visit","state","at"[,"by"][,"escalation"][,"outcome"]}
std::string update_line(const Alert& alert);
// The line of publish: an alert while it is new, else an update.
std::string event_line(const Alert& alert);
std::string claimed_line(const VisitId& visit, std::string_view by, bool ok);
std::string pong_line();
std::string error_line(const Error& error);

struct StaffHello {
  int protocol = 0;
  std::string server;
  std::string store;
  std::string started;  // when this run of the core began; empty from an older core
};
struct StaffAlert {
  Alert alert;
};
struct StaffUpdate {
  Alert alert;  // only seq, visit, state, at, by, escalation and outcome are set
};
struct StaffClaimed {
  VisitId visit;
  std::string by;  // who has it
  bool ok = false;
};
struct StaffPong {};
struct StaffError {
  std::string code;
  std::string message;
};
struct StaffOther {};  // a type of a later protocol; to be ignored

using StaffLine = std::variant<StaffHello, StaffAlert, StaffUpdate, StaffClaimed, StaffPong,
                               StaffError, StaffOther>;

// A server's line, for clients. Errors as parse_request.
Result<StaffLine> parse_server_line(std::string_view line);

}  // namespace maitred
