// Starts and stops the core, and runs its clocks. Messages of eyes are in daemon_events.cpp, verbs
// in daemon_tasks.cpp and daemon_verbs.cpp.
#include "maitred/daemon/daemon.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "camera_names.h"
#include "listeners.h"
#include "maitred/base/log.h"
#include "maitred/base/net/host_port.h"
#include "maitred/base/text.h"
#include "maitred/doors/eyes/open_floor.h"
#include "maitred/doors/outbound/check_integrations.h"
#include "maitred/models/manifest.h"

namespace maitred {
namespace {

constexpr Milliseconds kDrain{2000};
constexpr Milliseconds kUpkeepEvery{60'000};
// The socket of an eye that has just ended may still hold sightings.
constexpr Milliseconds kEyeDrain{500};

std::string listen_text(const ListenSettings& listen) {
  const bool v6 = listen.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", listen.address, v6 ? "]" : "", listen.port);
}

Status check_camera(const CameraSettings& camera, const Settings& settings, bool demo) {
  std::error_code ignored;
  if (!is_live_source(camera.source) && !std::filesystem::exists(camera.source, ignored)) {
    return environment_error(
        "camera_absent",
        fmt::format("camera '{}': there is no file or folder {}; correct "
                    "source in {}",
                    camera.name, without_secrets(camera.source), settings.file.string()));
  }
  if (demo && is_live_source(camera.source) && !settings.allow_demo_engine) {
    return environment_error(
        "demo_engine",
        fmt::format("camera '{}' would show real people to the demo engine, which knows drawn "
                    "people only; get a real engine with 'maitredctl models fetch' and set engine "
                    "= \"retail\", or set recognition.allow_demo_engine = true for a trial",
                    camera.name));
  }
  return {};
}

}  // namespace

Status check_settings(const Settings& settings, const DaemonOptions& options) {
  MAITRED_ASSIGN(const ModelEngine* engine, Manifest::built_in().engine(settings.engine));
  for (const CameraSettings& camera : settings.cameras) {
    MAITRED_TRY(check_camera(camera, settings, engine->is_demo()));
  }
  const bool endless = std::any_of(
      settings.cameras.begin(), settings.cameras.end(),
      [](const CameraSettings& camera) { return is_live_source(camera.source) || camera.loop; });
  if (options.exit_when_done && (settings.cameras.empty() || endless)) {
    return input_error("no_end", fmt::format("--exit-when-done needs cameras that all end: "
                                             "files without loop = true; see {}",
                                             settings.file.string()));
  }
  MAITRED_TRY(check_listeners(settings));
  return check_integrations(settings);
}

Status check_staff_tokens(const Settings& settings, const Store& store) {
  if (is_loopback(settings.staff.listen.address)) return {};
  MAITRED_ASSIGN(const bool none, store.staff().empty());
  if (!none) return {};
  return environment_error(
      "staff_unprotected",
      fmt::format("{}: staff.listen: {} can be reached from other machines, and there is no staff "
                  "token yet; make one with 'maitredctl staff add NAME'",
                  settings.file.string(), settings.staff.listen.address));
}

Daemon::Daemon(std::unique_ptr<Shop> shop, DaemonOptions options)
    : shop_(std::move(shop)),
      passed_(std::move(options.passed)),
      all_passed_(!passed_.empty()),
      options_(std::move(options)),
      io_(1),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      deadline_timer_(io_),
      upkeep_timer_(io_),
      drain_timer_(io_),
      camera_timer_(io_),
      cameras_(camera_names(shop_->settings())) {}

Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::open(std::unique_ptr<Shop> shop, DaemonOptions options) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(shop), std::move(options)));
  MAITRED_ASSIGN(daemon->recognition_, daemon->shop_->recognition());
  MAITRED_TRY(note_open_floors(daemon->shop_->store(), daemon->shop_->settings().cameras,
                               Actor{"maitred", wall_now()}));
  MAITRED_TRY(daemon->open_listeners());
  MAITRED_TRY(daemon->open_telemetry());
  daemon->register_verbs();
  daemon->shop_->desk().set_sink([raw = daemon.get()](const Alert& alert) {
    raw->staff_->publish(alert);
    raw->schedule_deadline();
  });
  MAITRED_ASSIGN(daemon->integrations_, Integrations::open(daemon->io_, *daemon->shop_));
  MAITRED_TRY(daemon->open_staff());
  return daemon;
}

// Opened last: once this port is open, the others are too.
Status Daemon::open_staff() {
  const Settings& settings = shop_->settings();
  StaffServerOptions staff;
  staff.listen = listen_text(settings.staff.listen);
  MAITRED_ASSIGN(UniqueFd staff_socket, passed_listener("staff", settings.staff.listen));
  staff.passed_socket = staff_socket.release();
  staff.server = "maitred " MAITRED_VERSION;
  staff.store = shop_->store().id();
  staff.tls_cert = settings.staff.tls_cert;
  staff.tls_key = settings.staff.tls_key;
  MAITRED_TRY(check_staff_tokens(settings, shop_->store()));
  // Requires tokens even if none exist: the last token may be revoked while the core runs.
  shop_->desk().always_require_tokens(!is_loopback(settings.staff.listen.address));
  MAITRED_ASSIGN(staff_, StaffServer::open(io_, shop_->desk(), staff));
  return {};
}

Status Daemon::open_listeners() {
  const Settings& settings = shop_->settings();
  MAITRED_ASSIGN(UniqueFd board_socket, passed_listener("board", settings.board.listen));
  MAITRED_ASSIGN(board_, BoardService::open({io_, *shop_, [this] { return staff_.get(); },
                                             options_.eye_program, options_.runtime_folder,
                                             board_socket.release()}));

  MAITRED_TRY(open_api());

  ControlServerOptions control;
  control.socket = options_.runtime_folder / "control.sock";
  const auto handler = [this](const nlohmann::json& request, const PeerCredentials& peer,
                              const ControlReply& reply) { this->control(request, peer, reply); };
  MAITRED_ASSIGN(control_, ControlServer::open(io_, control, handler));

  EyeListenerOptions eyes;
  eyes.socket = options_.runtime_folder / "eye.sock";
  eyes.allowed_uids = options_.eye_users;
  EyeHandlers handlers;
  handlers.on_connected = [this](EyeSession session, pid_t pid) {
    journal().debug("eye connection {} from pid {}", session, pid);
    process_of_[session] = pid;
  };
  handlers.on_message = [this](EyeSession session, EyeMessage message) {
    eye_message(session, std::move(message));
  };
  handlers.on_closed = [this](EyeSession session) { eye_closed(session); };
  MAITRED_ASSIGN(eyes_, EyeListener::open(io_, eyes, handlers));
  return {};
}

Status Daemon::open_api() {
  const Settings& settings = shop_->settings();
  if (settings.api.off()) return {};
  http_api_ = std::make_unique<HttpApi>(
      io_, *shop_, [this](const Error& error) { stop_if_store_failed(tl::unexpected(error)); });
  WebServerOptions options;
  options.name = "api";
  options.address = settings.api.address;
  options.port = settings.api.port;
  options.tls_cert = settings.staff.tls_cert;
  options.tls_key = settings.staff.tls_key;
  MAITRED_ASSIGN(api_, WebServer::open(io_, *http_api_, std::move(options)));
  journal().info("HTTP API for other systems on {}:{}", settings.api.address, api_->port());
  return {};
}

int Daemon::run() {
  const DecisionPolicy& policy = recognition_->policy();
  journal().info(
      "engine {}, {} customers to recognise, threshold {:.3f}: {:.2f} false alerts in 1000 "
      "visitors and {:.1f} % of visits missed are expected",
      recognition_->engine(), recognition_->customers(), policy.threshold().value,
      policy.expected_false_alerts_per_1000(), policy.expected_miss_rate() * 100.0);
  const auto enrolled = shop_->store().customers().count();
  if (enrolled && *enrolled > 0 && recognition_->customers() == 0) {
    journal().warn(
        "none of {} customers can be recognised: their consent has ended, or their templates are "
        "of another engine than {} (see maitredctl models use)",
        *enrolled, recognition_->engine());
  }
  if (recognition_->engine() == "demo") {
    journal().warn("the demo engine knows drawn people only: it cannot recognise real customers");
  }
  if (board_) {
    journal().info("staff web page at {}:{}", shop_->settings().board.listen.address,
                   board_->port());
  }
  journal().info("staff may connect to {}:{}{}", shop_->settings().staff.listen.address,
                 staff_->port(), shop_->settings().staff.tls_cert.empty() ? "" : " with TLS 1.3");
  await_signals();
  schedule_deadline();
  schedule_upkeep();
  if (options_.spawn_eyes) {
    supervisor_ = std::make_unique<EyeSupervisor>(
        io_, EyeSupervisorOptions{options_.eye_program, shop_->settings().file,
                                  camera_names(shop_->settings())});
    supervisor_->start();
  }
  watch_cameras();
  telemetry_->ready();
  resume_rotation();
  daily_retention();
  io_.run();
  journal().info("stopped");
  return exit_status_;
}

void Daemon::await_signals() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      if (!stopping_) reload();
      return await_signals();
    }
    if (stopping_) {  // a second signal: stop at once
      journal().warn("stopping without waiting for staff connections");
      board_.reset();
      api_.reset();
      staff_.reset();
      return;
    }
    begin_shutdown(fmt::format("signal {}", signal));
    await_signals();
  });
}

void Daemon::schedule_deadline() {
  if (stopping_) return;
  const auto deadline = shop_->desk().next_deadline();
  if (!deadline) {
    deadline_timer_.cancel();
    return;
  }
  // At most a minute: the wall clock may be set meanwhile.
  const Milliseconds wait =
      std::clamp(*deadline - wall_now(), Milliseconds{0}, Milliseconds{kUpkeepEvery});
  deadline_timer_.expires_after(wait);
  deadline_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    stop_if_store_failed(shop_->desk().tick(wall_now()));
    schedule_deadline();
  });
}

void Daemon::schedule_upkeep() {
  upkeep_timer_.expires_after(kUpkeepEvery);
  upkeep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    stop_if_store_failed(shop_->store().check_in_place());
    stop_if_store_failed(recognition_->drop_expired(wall_now()));
    stop_if_store_failed(shop_->vigilance().save());
    daily_retention();
    settle_gallery();
    schedule_upkeep();
  });
}

void Daemon::stop_if_store_failed(const Status& status) {
  if (status) return;
  journal().error("{}", status.error().message);
  const std::string& code = status.error().code;
  if (code != "store_failed" && code != "store_corrupt") return;
  exit_status_ = static_cast<int>(Fault::kEnvironment);
  begin_shutdown("the store cannot be used");
}

// Stops in the order of the data: the eyes, then what they have sent, then the staff connections.
void Daemon::begin_shutdown(const std::string& why) {
  if (stopping_) return;
  stopping_ = true;
  journal().info("stopping: {}", why);
  telemetry_->stop();
  camera_timer_.cancel();
  deadline_timer_.cancel();
  upkeep_timer_.cancel();
  integrations_.reset();
  eyes_->stop_accepting();
  if (supervisor_) {
    supervisor_->stop([this] { eyes_stopped(); });
  } else {
    eyes_stopped();
  }
}

void Daemon::eyes_stopped() {
  // The sockets of ended processes close once they are read empty. Eyes that are services of their
  // own notice that their sockets close.
  drain_timer_.expires_after(eyes_->eyes() == 0 ? Milliseconds{0} : kEyeDrain);
  drain_timer_.async_wait([this](const boost::system::error_code&) {
    eyes_.reset();
    stop_if_store_failed(shop_->vigilance().save());
    control_->drain(kDrain, [this] { control_.reset(); });
    if (board_) board_->drain(kDrain, [this] { board_.reset(); });
    if (api_) api_->drain(kDrain, [this] { api_.reset(); });
    if (!staff_) {
      signals_.cancel();
      return;
    }
    staff_->drain(kDrain, [this] {
      staff_.reset();
      signals_.cancel();
    });
  });
}

}  // namespace maitred
