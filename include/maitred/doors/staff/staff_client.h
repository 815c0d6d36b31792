// A staff client for a terminal: connects, resumes and reconnects by itself; reports each event
// once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "maitred/base/net/tls_client.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/doors/staff/staff_codec.h"

namespace maitred {

struct StaffClientOptions {
  std::string server{};  // "127.0.0.1:7433", "[::1]:7433" or "till.example:7433"
  std::string token{};   // empty: sends none
  ServerTrust tls{};
  std::uint64_t after = 0;          // resume from here
  bool acknowledge = true;          // sends `ack` for each alert given to the callback
  Milliseconds backoff_first{250};  // doubles, plus a random part
  Milliseconds backoff_last{8000};
  Milliseconds ping_after{20000};  // of silence; reconnects if half as long passes without answer
  Milliseconds connect_timeout{3000};
};

struct StaffConnected {
  StaffHello hello;
};
// `retry_in` is the time until the next attempt.
struct StaffDisconnected {
  Error why;
  Milliseconds retry_in{0};
};
// An alert with a seq not reported before. If `first` is false it replaces an earlier alert of the
// same visit.
struct StaffAlertEvent {
  Alert alert;
  bool first = false;
};
// An update with a seq not reported before. Only its seq, visit, state, at, by, escalation and
// outcome are set.
struct StaffUpdateEvent {
  Alert alert;
};

using StaffEvent = std::variant<StaffConnected, StaffDisconnected, StaffAlertEvent,
                                StaffUpdateEvent, StaffClaimed, StaffPong, StaffError>;

// Bound to one thread. Works only within poll.
class StaffClient {
 public:
  using Callback = std::function<void(const StaffEvent&)>;

  StaffClient(StaffClientOptions options, Callback on_event);
  ~StaffClient();
  StaffClient(StaffClient&&) noexcept;
  StaffClient& operator=(StaffClient&&) noexcept;

  // Waits up to `timeout` for something to happen and handles it. Also returns, with true, when
  // `also_fd` (standard input) can be read; else false. Returns soon after a signal.
  bool poll(Milliseconds timeout, int also_fd = -1);

  bool connected() const;          // hello received
  std::uint64_t last_seq() const;  // to resume from

  // Queues a request. Error: not_connected (kEnvironment); a claim is not kept for later.
  Status claim(const VisitId& visit, const std::string& by);
  Status close(const VisitId& visit, Outcome outcome, const std::string& note,
               const std::string& by);
  Status ping();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maitred
