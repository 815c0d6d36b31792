// Reports health to Prometheus, systemd and the log.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "maitred/base/log.h"
#include "maitred/daemon/daemon.h"

namespace maitred {
namespace {

constexpr Milliseconds kCameraLook{250};
constexpr Milliseconds kDutyPatience{30'000};

const char* log_word(EyeState state) {
  return state == EyeState::kStalled ? "stalled" : "connecting";
}

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  return failed ? 0 : size;
}

}  // namespace

Result<UniqueFd> Daemon::passed_listener(const char* section, const ListenSettings& listen) {
  if (!all_passed_ || listen.off()) return UniqueFd();
  UniqueFd fd = take_listener(passed_, listen.address, listen.port);
  if (fd) return fd;
  return input_error(
      "listener_not_passed",
      fmt::format("{}: {}.listen {}:{} is not among the sockets of maitred.socket; make both "
                  "the same with 'systemctl edit maitred.socket'",
                  shop_->settings().file.string(), section, listen.address, listen.port));
}

Status Daemon::open_telemetry() {
  TelemetryOptions options;
  options.listen = shop_->settings().metrics;
  MAITRED_ASSIGN(options.listener, passed_listener("metrics", options.listen));
  options.notifier = options_.notifier;
  options.facts = [this] { return facts(); };
  options.late_duty = [this] { return late_duty(); };
  MAITRED_ASSIGN(telemetry_, Telemetry::open(io_, std::move(options)));
  shop_->desk().set_observer([this] { telemetry_->metrics().visit_began(); },
                             [this](const Alert& alert) {
                               telemetry_->metrics().alert(alert, wall_now());
                               if (integrations_) integrations_->nudge();
                             });
  return {};
}

ShopFacts Daemon::facts() {
  ShopFacts facts;
  facts.version = MAITRED_VERSION;
  facts.engine = recognition_->engine();
  facts.cameras = cameras_.states(std::chrono::steady_clock::now());
  facts.customers = recognition_->customers();
  facts.expected_false_alerts_per_1000 = recognition_->policy().expected_false_alerts_per_1000();
  facts.expected_miss_rate = recognition_->policy().expected_miss_rate();
  const auto cautious = recognition_->cautious();
  facts.suspended =
      shop_->vigilance().suspended_cameras() +
      static_cast<std::size_t>(std::count_if(cautious.begin(), cautious.end(), [](const auto& one) {
        return one.second.suspended.has_value();
      }));
  facts.alerts_open = shop_->desk().alerts_open();
  facts.staff_connected = staff_ ? staff_->clients() : 0;
  facts.eye_restarts = supervisor_ ? supervisor_->restarts() : 0;
  if (integrations_) facts.integrations = integrations_->states();
  const auto& store = shop_->settings().store_path;
  facts.store_bytes = size_of(store) + size_of(store.string() + "-wal");
  return facts;
}

std::string Daemon::late_duty() const {
  const Timestamp late = std::chrono::steady_clock::now() - kDutyPatience;
  if (stopping_) return {};
  if (shop_->desk().next_deadline() && deadline_timer_.expiry() < late) {
    return "escalation and expiry of alerts are late";
  }
  if (upkeep_timer_.expiry() < late) return "the upkeep of the gallery is late";
  return {};
}

void Daemon::watch_cameras() {
  const Timestamp now = std::chrono::steady_clock::now();
  for (const CameraState& camera : cameras_.states(now)) {
    const auto found = camera_was_.try_emplace(camera.name, EyeState::kConnecting, now).first;
    auto& [was, since] = found->second;
    if (camera.state == was) continue;
    const auto lasted = std::chrono::duration_cast<Milliseconds>(now - since);
    if (camera.state == EyeState::kRunning) {
      journal().info("camera {}: running, after {:.1f} s without a picture", camera.name,
                     std::chrono::duration<double>(lasted).count());
    } else if (camera.state == EyeState::kEnded) {
      journal().info("camera {}: has ended", camera.name);
    } else {
      journal().warn("camera {}: {}{}{}", camera.name, log_word(camera.state),
                     camera.health.note.empty() ? "" : ": ", camera.health.note);
    }
    // Between two states without a picture, the time without a picture goes on.
    const bool away_still = was != EyeState::kRunning && camera.state != EyeState::kRunning;
    was = camera.state;
    if (!away_still) since = now;
  }
  end_overdue_tracks();
  camera_timer_.expires_after(kCameraLook);
  camera_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopping_) watch_cameras();
  });
}

}  // namespace maitred
