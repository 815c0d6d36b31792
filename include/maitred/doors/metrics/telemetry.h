// How the core tells the outside how it is: metrics and health over HTTP, the watchdog of systemd.
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

// A duty of the core that is late, in words for an operator; empty when all are done in time.
using LateDuty = std::function<std::string()>;

struct TelemetryOptions {
  ListenSettings listen;  // off: no HTTP
  UniqueFd listener;      // passed by systemd; else one is opened
  ServiceNotifier notifier;
  std::function<ShopFacts()> facts;  // loop_delay_seconds and log counts are filled in here
  LateDuty late_duty;
};

// GET /metrics: Prometheus. /healthz: 200 while every duty is done in time, else 503. /readyz: 200
// while besides every camera runs or has ended. Both say why not, in a line each. The watchdog is
// fed while /healthz is good. Bound to the io_context's thread.
class Telemetry : public WebSite {
 public:
  // Without HTTP too where the default port is taken by another program. Errors: those of
  // WebServer::open.
  static Result<std::unique_ptr<Telemetry>> open(boost::asio::io_context& io,
                                                 TelemetryOptions options);

  ShopMetrics& metrics() { return metrics_; }
  // Where it listens; 0: it does not.
  std::uint16_t port() const { return server_ ? server_->port() : 0; }
  // "READY=1" and the first feeding.
  void ready();
  // No more answers and no more feeding: the watchdog has time until the end of the shutdown.
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
