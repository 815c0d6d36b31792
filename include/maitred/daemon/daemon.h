// The running core: one thread, one io_context.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/admin.h"
#include "maitred/base/result.h"
#include "maitred/base/service.h"
#include "maitred/doors/api/http_api.h"
#include "maitred/doors/board/board_service.h"
#include "maitred/doors/control/server.h"
#include "maitred/doors/eyes/camera_states.h"
#include "maitred/doors/eyes/eye_listener.h"
#include "maitred/doors/eyes/eye_supervisor.h"
#include "maitred/doors/metrics/telemetry.h"
#include "maitred/doors/outbound/integrations.h"
#include "maitred/doors/staff/staff_server.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {

struct DaemonOptions {
  std::filesystem::path runtime_folder;  // of eye.sock and control.sock
  bool spawn_eyes = false;
  std::filesystem::path eye_program;
  bool exit_when_done = false;
  std::vector<uid_t> eye_users;        // who may run an eye, besides our own user and root
  ServiceNotifier notifier;            // told of readiness, its watchdog fed
  std::vector<PassedListener> passed;  // by maitred.socket, in place of opening them
};

// What `maitred` can check of its surroundings before it starts: cameras that are files exist, the
// demo engine is not set to watch real people, the staff port stays on this machine. Errors:
// camera_absent, no_camera, demo_engine (kEnvironment), staff_unprotected (kInput).
Status check_settings(const Settings& settings, const DaemonOptions& options);

// Where staff connect from other machines, there are tokens. Error: staff_unprotected
// (kEnvironment).
Status check_staff_tokens(const Settings& settings, const Store& store);

// Sightings in, matches, visits, alerts out. Bound to the thread that calls run.
class Daemon {
 public:
  // Opens every listener. Errors: port_in_use, socket_in_use, those of Recognition::load, ...
  static Result<std::unique_ptr<Daemon>> open(std::unique_ptr<Shop> shop, DaemonOptions options);
  ~Daemon();

  // Until SIGTERM, SIGINT or, with exit_when_done, the end of all files. Returns the exit status:
  // 0, or 3 when the store can no longer be written.
  int run();

 private:
  Daemon(std::unique_ptr<Shop> shop, DaemonOptions options);
  Status open_listeners();
  // The passed socket of this section, or none where nothing was passed at all. Error:
  // listener_not_passed (kInput) when maitred.socket and the configuration differ.
  Result<UniqueFd> passed_listener(const char* section, const ListenSettings& listen);
  Status open_telemetry();
  ShopFacts facts();
  std::string late_duty() const;
  void watch_cameras();  // logs what their states become
  Status open_api();
  Status open_staff();

  void eye_message(EyeSession session, EyeMessage message);
  void handle(EyeSession session, const EyeHello& hello);
  void handle(EyeSession session, const Sighting& sighting);
  void handle(EyeSession session, const TrackEnded& ended);
  void handle(EyeSession session, const EyeHealth& health);
  void eye_closed(EyeSession session);
  void arrivals(const std::vector<Match>& matches);

  void control(const nlohmann::json& request, const PeerCredentials& peer,
               const ControlReply& reply);
  Result<nlohmann::json> answered(Result<nlohmann::json> answer);
  // One long task at a time; its steps are posted, so that everything else goes on between them.
  using TaskEnd = std::function<void(Result<nlohmann::json>)>;
  void run_task(std::unique_ptr<AdminTask> task, std::optional<ControlReply> reply, TaskEnd end);
  void step_task(std::shared_ptr<AdminTask> task, std::optional<ControlReply> reply, TaskEnd end);
  void daily_retention();
  bool clock_jumped() const;
  void resume_rotation();
  void settle_gallery();  // what is left of it to be worked out, in steps
  Result<nlohmann::json> pause_camera(const nlohmann::json& args);
  Result<nlohmann::json> use_engine(const std::string& engine);
  nlohmann::json live_status();

  void await_signals();
  void reload();       // SIGHUP; says in the log what came of it
  Status take_over();  // nothing is changed when it fails
  // Certificates read again; what is returned takes them over.
  Result<std::function<void()>> renewed_certificates(const Settings& fresh);
  void schedule_deadline();
  void schedule_upkeep();
  void heed(const Status& status);  // a store that fails ends the program
  void begin_shutdown(const std::string& why);
  void eyes_stopped();

  std::unique_ptr<Shop> shop_;
  std::vector<PassedListener> passed_;
  const bool all_passed_;  // this program opens no TCP listener itself
  const DaemonOptions options_;
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_timer_;
  boost::asio::steady_timer upkeep_timer_;
  boost::asio::steady_timer drain_timer_;
  boost::asio::steady_timer camera_timer_;
  Admin admin_;
  Recognition* recognition_ = nullptr;
  CameraStates cameras_;
  std::map<std::string, std::pair<EyeState, Timestamp>> camera_was_;
  std::unique_ptr<Telemetry> telemetry_;
  std::map<EyeSession, std::string> camera_of_;
  std::map<std::string, EyeSession, std::less<>> session_of_;
  std::unique_ptr<StaffServer> staff_;
  std::unique_ptr<BoardService> board_;
  std::unique_ptr<HttpApi> http_api_;
  std::unique_ptr<WebServer> api_;              // null when off
  std::unique_ptr<Integrations> integrations_;  // null while stopping
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<EyeListener> eyes_;
  std::unique_ptr<EyeSupervisor> supervisor_;
  bool stopping_ = false;
  bool busy_ = false;  // with a task
  bool settling_ = false;
  std::optional<Timestamp> retention_tried_;
  int exit_status_ = 0;
};

}  // namespace maitred
