// Load on the staff server: how fast alerts arrive at many TLS clients, and what a storm of
// disconnections loses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "maitred/doors/staff/staff_server.h"

namespace maitred::load {

struct DeliveryOptions {
  int clients = 50;
  int alerts = 100;
  int loris = 0;         // connections that never finish their handshake
  bool stalled = true;   // one client more, which never reads
  int every_ms = 100;    // an alert
  bool compare = false;  // half-open connections and the stalled one are there half the time only
  double p99_ms = 0.0;   // fails when it is above this; 0: only prints
};
// Exit status.
int measure_delivery(const DeliveryOptions& options);

struct StormOptions {
  int events = 100'000;
  int disconnects = 10'000;
};
int weather_disconnects(const StormOptions& options);

// Exit status; prints how many of so many visits two terminals claimed with one winner.
int race_claims(int races);

// Keeps the last alerts open.
class WindowDesk : public StaffDesk {
 public:
  explicit WindowDesk(std::size_t window) : window_(window) {}

  Alert raise(std::string headline);
  Result<std::vector<Alert>> open_alerts(std::uint64_t after) override;
  Result<ClaimAnswer> claim(const VisitId&, const std::string&, const StaffTerminal&) override;
  Result<Alert> close(const VisitId&, Outcome, const std::string&, const std::string&,
                      const StaffTerminal&) override;

 private:
  const std::size_t window_;
  std::deque<Alert> open_;
  std::uint64_t last_seq_ = 0;
};

}  // namespace maitred::load
