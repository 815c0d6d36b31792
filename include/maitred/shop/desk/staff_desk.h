// What the shop does for its staff. A door such as the staff port calls it; the shop knows no door.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/visit.h"

namespace maitred {

// Who a client is, once it has shown its token.
struct StaffTerminal {
  std::string name{};  // of the terminal, not of a person; empty where no tokens exist
  std::vector<std::string> skills{};
  std::vector<std::string> zones{};
  bool manager = false;
};

struct ClaimAnswer {
  bool won = false;
  std::string by;               // who has the visit now
  std::optional<Alert> update;  // the claimed alert with its new seq, when this claim changed it
};

// What the core does for staff. Called on the io_context's thread; each call should be short, for
// all clients wait for it. An Error goes to the asking client as an error line and its connection
// stays.
class StaffDesk {
 public:
  virtual ~StaffDesk() = default;

  // Whether a client must show a token. Asked at every connection, so that it may change.
  virtual bool tokens_required() { return false; }
  // The terminal of this token, or nothing.
  virtual std::optional<StaffTerminal> authenticate(std::string_view /*token*/) { return {}; }

  // All open alerts with seq > after, in any order. It may add ended ones (also seq > after): they
  // are sent as updates, so that a client which slept through the end takes them off its screen.
  virtual Result<std::vector<Alert>> open_alerts(std::uint64_t after) = 0;

  // First wins. It is durable on return. A claim repeated under the winner's name is won, without
  // an update. Errors: e.g. unknown_visit.
  virtual Result<ClaimAnswer> claim(const VisitId& visit, const std::string& by) = 0;

  // Returns the closed alert with its new seq and outcome. `by` is what the request says, else the
  // name this client last claimed under, else the terminal's name; it may be empty.
  virtual Result<Alert> close(const VisitId& visit, Outcome outcome, const std::string& note,
                              const std::string& by) = 0;

  // A client has shown the alert.
  virtual void ack(std::uint64_t /*seq*/, const StaffTerminal& /*terminal*/) {}
};

}  // namespace maitred
