// Reports the health of the core: metrics and health over HTTP, readiness and watchdog to systemd.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/result.h"
#include "maitred/base/service.h"
#include "maitred/doors/metrics/shop_metrics.h"
#include "maitred/doors/web/server.h"
#include "maitred/settings/settings.h"

namespace maitred {

// Names a duty of the core that is late, in words for an operator. Empty if none is late.
using LateDuty = std::function<std::string()>;

struct TelemetryOptions {
  ListenSettings listen;  // off: no HTTP
  UniqueFd listener;      // passed by systemd; if there is none, one is opened
  ServiceNotifier notifier;
  std::function<ShopFacts()> facts;  // loop_delay_seconds and log counts are filled in here
  LateDuty late_duty;
};

// Serves GET /metrics (Prometheus), /healthz (200 while no duty is late, else 503) and /readyz (200
// while also every camera runs or has ended). A 503 says why, one line for each reason. Feeds the
// watchdog while /healthz is 200. Bound to the io_context's thread.
class Telemetry : public WebSite {
 public:
  // Goes on without HTTP if another program uses the default port. Errors: those of
  // WebServer::open.
  static Result<std::unique_ptr<Telemetry>> open(boost::asio::io_context& io,
                                                 TelemetryOptions options);

  ShopMetrics& metrics() { return metrics_; }
  // The port of HTTP; 0 if there is none.
  std::uint16_t port() const { return server_ ? server_->port() : 0; }
  // Reports "READY=1" and feeds the watchdog for the first time.
  void ready();
  // Ends HTTP and the feeding. The watchdog's time must suffice for the rest of the shutdown.
  void stop();

  void on_request(const WebRequest& request, WebReply reply) override;

 private:
  Telemetry(boost::asio::io_context& io, TelemetryOptions options);
  void beat();
  WebResponse metrics_answer();
  WebResponse health_answer(bool with_cameras);

  TelemetryOptions options_;
  boost::asio::steady_timer pulse_;
  std::unique_ptr<WebServer> server_;
  ShopMetrics metrics_;
  double loop_delay_seconds_ = 0.0;
  const double started_seconds_;
  bool stopping_ = false;
};

}  // namespace maitred
