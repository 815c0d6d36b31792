#include "maitred/doors/metrics/telemetry.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "maitred/base/log.h"

namespace maitred {
namespace {

constexpr Milliseconds kDefaultPulse{5000};
// The default of [metrics] listen.
constexpr std::string_view kDefaultAddress = "127.0.0.1";
constexpr std::uint16_t kDefaultPort = 7490;
// How often the watchdog is fed within its time. One late feeding does no harm.
constexpr int kFeedingsPerWatchdog = 3;

double now_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Milliseconds pulse_of(const ServiceNotifier& notifier) {
  const auto watchdog = notifier.watchdog();
  return watchdog ? std::min(kDefaultPulse, *watchdog / kFeedingsPerWatchdog) : kDefaultPulse;
}

}  // namespace

Telemetry::Telemetry(boost::asio::io_context& io, TelemetryOptions options)
    : options_(std::move(options)), pulse_(io), started_seconds_(now_since_1970()) {}

Result<std::unique_ptr<Telemetry>> Telemetry::open(boost::asio::io_context& io,
                                                   TelemetryOptions options) {
  std::unique_ptr<Telemetry> telemetry(new Telemetry(io, std::move(options)));
  TelemetryOptions& own = telemetry->options_;
  if (own.listen.off()) return telemetry;
  WebServerOptions server;
  server.name = "metrics";
  server.address = own.listen.address;
  server.port = own.listen.port;
  server.passed_socket = own.listener.release();
  server.limits.connections = 16;
  auto opened = WebServer::open(io, *telemetry, std::move(server));
  // A second instance with the default port must start too.
  const bool by_default = own.listen.address == kDefaultAddress && own.listen.port == kDefaultPort;
  if (!opened && opened.error().code == "port_in_use" && by_default) {
    journal().error("no metrics: {}", opened.error().message);
    return telemetry;
  }
  MAITRED_ASSIGN(telemetry->server_, std::move(opened));
  return telemetry;
}

void Telemetry::ready() {
  options_.notifier.send("READY=1");
  beat();
}

void Telemetry::stop() {
  stopping_ = true;
  options_.notifier.send("STOPPING=1");
  pulse_.cancel();
  server_.reset();
}

void Telemetry::beat() {
  const std::string late = options_.late_duty();
  if (late.empty()) {
    options_.notifier.send("WATCHDOG=1");
  } else {
    journal().error("{}", late);
  }
  pulse_.expires_after(pulse_of(options_.notifier));
  pulse_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    const auto delay = std::chrono::steady_clock::now() - pulse_.expiry();
    loop_delay_seconds_ = std::chrono::duration<double>(delay).count();
    beat();
  });
}

WebResponse Telemetry::metrics_answer() {
  ShopFacts shop = options_.facts();
  const LogCounts logged = log_counts();
  shop.log_warnings = logged.warnings;
  shop.log_errors = logged.errors;
  shop.loop_delay_seconds = loop_delay_seconds_;
  ProcessFacts process = process_facts();
  process.started_seconds = started_seconds_;
  WebResponse answer;
  answer.type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = metrics_.text(shop, process);
  return answer;
}

WebResponse Telemetry::health_answer(bool with_cameras) {
  std::string wrong = options_.late_duty();
  if (!wrong.empty()) wrong += '\n';
  if (with_cameras) {
    for (const CameraState& camera : options_.facts().cameras) {
      if (camera.state == EyeState::kRunning || camera.state == EyeState::kEnded) continue;
      wrong += fmt::format("camera {}: no picture{}{}\n", camera.name,
                           camera.health.note.empty() ? "" : ": ", camera.health.note);
    }
  }
  WebResponse answer;
  answer.status = wrong.empty() ? 200 : 503;
  answer.body = wrong.empty() ? "ok\n" : wrong;
  return answer;
}

void Telemetry::on_request(const WebRequest& request, WebReply reply) {
  if (request.method != "GET") {
    return reply(web_error(405, "method_not_allowed", "only GET is served here"));
  }
  if (request.path == "/metrics") return reply(metrics_answer());
  if (request.path == "/healthz") return reply(health_answer(false));
  if (request.path == "/readyz") return reply(health_answer(true));
  reply(web_error(404, "not_found", "there are /metrics, /healthz and /readyz"));
}

}  // namespace maitred
