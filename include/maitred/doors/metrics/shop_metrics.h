// Counts for operators: how often things happened and how long they took, never to whom. Pure
// state; time comes in.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/doors/eyes/camera_states.h"
#include "maitred/doors/metrics/metrics_text.h"
#include "maitred/doors/outbound/courier_state.h"
#include "maitred/types/visit.h"

namespace maitred {

// Present values, as the daemon knows them when it is asked.
struct ShopFacts {
  std::string version;
  std::string engine;
  std::vector<CameraState> cameras;
  std::vector<CourierState> integrations;
  std::size_t customers = 0;  // who may be recognised
  double expected_false_alerts_per_1000 = 0.0;
  double expected_miss_rate = 0.0;
  std::size_t suspended = 0;  // cameras and customers with suspended alerts
  std::size_t alerts_open = 0;
  std::size_t staff_connected = 0;
  std::uint64_t eye_restarts = 0;
  std::uint64_t store_bytes = 0;  // with its write-ahead log
  std::uint64_t log_warnings = 0;
  std::uint64_t log_errors = 0;
  double loop_delay_seconds = 0.0;  // how late the last timer came
};

// The process itself, from /proc.
struct ProcessFacts {
  double started_seconds = 0.0;  // since 1970; set by the caller
  double cpu_seconds = 0.0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t threads = 0;
};
ProcessFacts process_facts();

// Bound to one thread.
class ShopMetrics {
 public:
  void recognised(const Match& match);
  void visit_began() { ++visits_; }
  // Counts a new alert or a change of one at `now`.
  void alert(const Alert& alert, WallTime now);
  void eye_connected(const std::string& camera) { ++eye_connections_[camera]; }
  void eye_refused(const std::string& camera) { ++eye_refused_[camera]; }

  // The exposition in Prometheus' text format.
  std::string text(const ShopFacts& shop, const ProcessFacts& process) const;

 private:
  void counts(MetricsText& metrics) const;

  static constexpr std::array<double, 9> kClaimBuckets_s = {5, 10, 20, 30, 60, 120, 300, 600, 1800};

  std::uint64_t visits_ = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> recognitions_;  // camera, confidence
  std::map<std::string, std::uint64_t> alerts_;                                // by reason
  std::map<std::string, std::uint64_t> changes_;                               // by state
  std::map<std::string, std::uint64_t> outcomes_;
  std::map<std::string, std::uint64_t> eye_connections_;
  std::map<std::string, std::uint64_t> eye_refused_;
  std::array<std::uint64_t, kClaimBuckets_s.size() + 1> claims_{};
  double claim_seconds_ = 0.0;
};

}  // namespace maitred
