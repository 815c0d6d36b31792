// The shop's services for its staff. Doors such as the staff port call it; the shop knows no door.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/visit.h"

namespace maitred {

// The terminal that a client's token belongs to.
struct StaffTerminal {
  std::string name{};  // of the terminal, not of a person; empty if no tokens exist
  std::vector<std::string> skills{};
  std::vector<std::string> zones{};
  bool manager = false;
};

struct ClaimAnswer {
  bool won = false;
  std::string by;               // the name that has the visit now
  std::optional<Alert> update;  // the claimed alert with its new seq, if this claim changed it
};

// Called on the thread of the io_context. Each call must be short, because all clients wait for it.
// An Error is sent to the asking client as an error line; its connection stays open.
class StaffDesk {
 public:
  virtual ~StaffDesk() = default;

  // True if a client must show a token. It is asked at every connection, so it may change.
  virtual bool tokens_required() { return false; }
  // The terminal of this token, or nothing.
  virtual std::optional<StaffTerminal> authenticate(std::string_view /*token*/) { return {}; }

  // All open alerts with seq > after, in any order. It may add ended ones (also seq > after). They
  // are sent as updates, so that a client that missed the end removes them from its screen.
  virtual Result<std::vector<Alert>> open_alerts(std::uint64_t after) = 0;

  // The first claim wins. It is durable on return. A claim repeated under the winner's name is won,
  // without an update. Errors: unknown_visit, not_open, no_name (kInput).
  // The audit names `terminal`, and `by` only as what the client calls itself.
  virtual Result<ClaimAnswer> claim(const VisitId& visit, const std::string& by,
                                    const StaffTerminal& terminal = {}) = 0;

  // Returns the closed alert with its new seq and outcome. `by` is the name in the request, else
  // the name of this client's last claim, else the terminal's name; it may be empty.
  virtual Result<Alert> close(const VisitId& visit, Outcome outcome, const std::string& note,
                              const std::string& by, const StaffTerminal& terminal = {}) = 0;

  // Notes that a client has shown the alert.
  virtual void ack(std::uint64_t /*seq*/, const StaffTerminal& /*terminal*/) {}
};

}  // namespace maitred
