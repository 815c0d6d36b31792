#include "maitred/doors/metrics/shop_metrics.h"

#include <algorithm>
#include <limits>

namespace maitred {
namespace {

constexpr std::array<std::pair<EyeState, const char*>, 4> kCameraStates = {
    {{EyeState::kConnecting, "connecting"},
     {EyeState::kRunning, "running"},
     {EyeState::kStalled, "stalled"},
     {EyeState::kEnded, "ended"}}};

// Labels that exist from the start, so that a rate includes their first event.
constexpr std::array<Reason, 4> kReasons = {Reason::kAsk, Reason::kAppointment, Reason::kLoyalty,
                                            Reason::kArrival};
constexpr std::array<Outcome, 4> kOutcomes = {Outcome::kServed, Outcome::kDeclined,
                                              Outcome::kWrongPerson, Outcome::kNotFound};
constexpr std::array<AlertState, 5> kChanges = {AlertState::kClaimed, AlertState::kEscalated,
                                                AlertState::kClosed, AlertState::kExpired,
                                                AlertState::kWithdrawn};

double as_double(std::uint64_t count) { return static_cast<double>(count); }

std::uint64_t count_of(const std::map<std::string, std::uint64_t>& counts, std::string_view key) {
  const auto found = counts.find(std::string(key));
  return found == counts.end() ? 0 : found->second;
}

void write_cameras(MetricsText& metrics, const std::vector<CameraState>& cameras) {
  metrics.family("maitred_camera_state", "gauge", "1 for the state a camera is in");
  for (const CameraState& camera : cameras) {
    for (const auto& [state, name] : kCameraStates) {
      metrics.sample(camera.state == state ? 1 : 0, {{"camera", camera.name}, {"state", name}});
    }
  }
  metrics.family("maitred_camera_fps", "gauge", "Frames analysed per second, recent average");
  for (const CameraState& camera : cameras) {
    metrics.sample(camera.health.fps, {{"camera", camera.name}});
  }
  const auto counter = [&](const char* name, const char* help, std::uint64_t EyeHealth::*field) {
    metrics.family(name, "counter", help);
    for (const CameraState& camera : cameras) {
      metrics.sample(as_double(camera.health.*field), {{"camera", camera.name}});
    }
  };
  counter("maitred_camera_frames_total", "Frames analysed since the start of the eye",
          &EyeHealth::frames);
  counter("maitred_camera_dropped_frames_total",
          "Frames replaced by a newer one before they were analysed", &EyeHealth::dropped);
  counter("maitred_camera_faces_total", "Faces detected", &EyeHealth::faces);
  counter("maitred_camera_tracks_total", "Tracks started", &EyeHealth::tracks);
  counter("maitred_camera_embeddings_total", "Templates computed", &EyeHealth::embeddings);
}

void write_integrations(MetricsText& metrics, const std::vector<CourierState>& integrations) {
  if (integrations.empty()) return;
  metrics.family("maitred_events_waiting", "gauge", "Events not delivered to a system yet");
  for (const CourierState& one : integrations) {
    metrics.sample(as_double(one.waiting), {{"to", one.name}});
  }
  metrics.family("maitred_events_delivered_total", "counter", "Events delivered to a system");
  for (const CourierState& one : integrations) {
    metrics.sample(as_double(one.delivered), {{"to", one.name}});
  }
  metrics.family("maitred_event_failures_total", "counter", "Failed attempts to deliver an event");
  for (const CourierState& one : integrations) {
    metrics.sample(as_double(one.failures), {{"to", one.name}});
  }
}

void write_process(MetricsText& metrics, const ProcessFacts& process) {
  const auto gauge = [&metrics](const char* name, const char* help, double value) {
    metrics.family(name, "gauge", help);
    metrics.sample(value);
  };
  gauge("process_start_time_seconds", "Start of the core since 1970", process.started_seconds);
  gauge("process_resident_memory_bytes", "Resident memory of the core",
        as_double(process.resident_bytes));
  gauge("process_open_fds", "Open descriptors of the core", as_double(process.open_files));
  gauge("process_threads", "Threads of the core", as_double(process.threads));
  metrics.family("process_cpu_seconds_total", "counter", "Processor time of the core");
  metrics.sample(process.cpu_seconds);
}

void write_shop(MetricsText& metrics, const ShopFacts& shop) {
  const auto gauge = [&metrics](const char* name, const char* help, double value) {
    metrics.family(name, "gauge", help);
    metrics.sample(value);
  };
  metrics.family("maitred_build_info", "gauge", "Version and engine");
  metrics.sample(1, {{"version", shop.version}, {"engine", shop.engine}});
  gauge("maitred_customers", "Customers who may be recognised", as_double(shop.customers));
  gauge("maitred_expected_false_alerts_per_1000_visitors",
        "False alerts expected at the present threshold and number of customers",
        shop.expected_false_alerts_per_1000);
  gauge("maitred_expected_miss_rate", "Share of visits expected to be missed",
        shop.expected_miss_rate);
  gauge("maitred_suspended",
        "Cameras and customers whose alerts are suspended after wrong-person reports",
        as_double(shop.suspended));
  gauge("maitred_alerts_open", "Open alerts", as_double(shop.alerts_open));
  gauge("maitred_staff_connected", "Staff terminals connected", as_double(shop.staff_connected));
  gauge("maitred_store_bytes", "Size of the store with its log", as_double(shop.store_bytes));
  gauge("maitred_loop_delay_seconds", "Delay of the last timer of the core",
        shop.loop_delay_seconds);
  metrics.family("maitred_eye_restarts_total", "counter", "Restarts of eyes");
  metrics.sample(as_double(shop.eye_restarts));
  metrics.family("maitred_log_messages_total", "counter", "Warnings and errors in the log");
  metrics.sample(as_double(shop.log_warnings), {{"level", "warning"}});
  metrics.sample(as_double(shop.log_errors), {{"level", "error"}});
}

}  // namespace

void ShopMetrics::recognised(const Match& match) {
  ++recognitions_[{match.camera, std::string(word(match.confidence))}];
}

void ShopMetrics::alert(const Alert& alert, WallTime now) {
  if (alert.state == AlertState::kNew) {
    ++alerts_[std::string(word(alert.reason))];
    return;
  }
  ++changes_[std::string(word(alert.state))];
  if (alert.state == AlertState::kClosed) ++outcomes_[std::string(word(alert.outcome))];
  if (alert.state != AlertState::kClaimed) return;
  // The clock may have been set back since the alert.
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - alert.at).count());
  const auto bucket = std::lower_bound(kClaimBuckets_s.begin(), kClaimBuckets_s.end(), seconds);
  ++claims_[static_cast<std::size_t>(bucket - kClaimBuckets_s.begin())];
  claim_seconds_ += seconds;
}

void ShopMetrics::counts(MetricsText& metrics) const {
  metrics.family("maitred_visits_total", "counter", "Visits started");
  metrics.sample(as_double(visits_));
  metrics.family("maitred_recognitions_total", "counter", "Tracks recognised as a customer");
  for (const auto& [key, count] : recognitions_) {
    metrics.sample(as_double(count), {{"camera", key.first}, {"confidence", key.second}});
  }
  metrics.family("maitred_alerts_total", "counter", "Alerts raised");
  for (const Reason reason : kReasons) {
    metrics.sample(as_double(count_of(alerts_, word(reason))), {{"reason", word(reason)}});
  }
  metrics.family("maitred_alert_changes_total", "counter", "Changes of alerts by new state");
  for (const AlertState state : kChanges) {
    metrics.sample(as_double(count_of(changes_, word(state))), {{"state", word(state)}});
  }
  metrics.family("maitred_alert_outcomes_total", "counter", "How staff closed alerts");
  for (const Outcome outcome : kOutcomes) {
    metrics.sample(as_double(count_of(outcomes_, word(outcome))), {{"outcome", word(outcome)}});
  }
  metrics.family("maitred_time_to_claim_seconds", "histogram", "From an alert to its claim");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kClaimBuckets_s.size(); ++i) {
    sum += claims_[i];
    metrics.sample(as_double(sum), {{"le", std::to_string(static_cast<int>(kClaimBuckets_s[i]))}},
                   "_bucket");
  }
  sum += claims_.back();
  metrics.sample(as_double(sum), {{"le", "+Inf"}}, "_bucket");
  metrics.sample(claim_seconds_, {}, "_sum");
  metrics.sample(as_double(sum), {}, "_count");
  metrics.family("maitred_eye_connections_total", "counter", "Connections of eyes");
  for (const auto& [camera, count] : eye_connections_) {
    metrics.sample(as_double(count), {{"camera", camera}});
  }
  metrics.family("maitred_eye_refused_total", "counter", "Messages of eyes that were refused");
  for (const auto& [camera, count] : eye_refused_) {
    metrics.sample(as_double(count), {{"camera", camera}});
  }
}

std::string ShopMetrics::text(const ShopFacts& shop, const ProcessFacts& process) const {
  MetricsText metrics;
  write_shop(metrics, shop);
  write_cameras(metrics, shop.cameras);
  write_integrations(metrics, shop.integrations);
  counts(metrics);
  write_process(metrics, process);
  return metrics.text();
}

}  // namespace maitred
