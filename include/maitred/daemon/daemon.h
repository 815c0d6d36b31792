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
#include <set>
#include <string>
#include <vector>

#include "maitred/admin/status.h"
#include "maitred/admin/task.h"
#include "maitred/admin/verb.h"
#include "maitred/base/result.h"
#include "maitred/base/service.h"
#include "maitred/doors/api/http_api.h"
#include "maitred/doors/board/board_service.h"
#include "maitred/doors/control/server.h"
#include "maitred/doors/eyes/camera_states.h"
#include "maitred/doors/eyes/eye_bounds.h"
#include "maitred/doors/eyes/eye_listener.h"
#include "maitred/doors/eyes/eye_supervisor.h"
#include "maitred/doors/metrics/telemetry.h"
#include "maitred/doors/outbound/integrations.h"
#include "maitred/doors/staff/staff_server.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {

struct DaemonOptions {
  std::filesystem::path runtime_folder;  // holds eye.sock and control.sock
  bool spawn_eyes = false;
  std::filesystem::path eye_program;
  bool exit_when_done = false;
  std::vector<uid_t> eye_users;        // who may run an eye, besides our own user and root
  ServiceNotifier notifier;            // for readiness and the watchdog
  std::vector<PassedListener> passed;  // sockets that maitred.socket has opened for us
};

// Checks what can be checked before the start: cameras that are files exist, the demo engine does
// not watch real people, listeners that other machines can reach are protected. Errors:
// camera_absent, no_camera, demo_engine (kEnvironment), staff_unprotected (kInput).
Status check_settings(const Settings& settings, const DaemonOptions& options);

// Requires a staff token if staff connect from other machines. Error: staff_unprotected
// (kEnvironment).
Status check_staff_tokens(const Settings& settings, const Store& store);

// Takes sightings from the eyes and turns them into matches, visits and alerts. Bound to the thread
// that calls run.
class Daemon {
 public:
  // Opens every listener. Errors: port_in_use, socket_in_use, those of Recognition::load, ...
  static Result<std::unique_ptr<Daemon>> open(std::unique_ptr<Shop> shop, DaemonOptions options);
  ~Daemon();

  // Runs until SIGTERM, SIGINT or, with exit_when_done, the end of all files. Returns the exit
  // status: 0, or 3 if the store failed.
  int run();

 private:
  Daemon(std::unique_ptr<Shop> shop, DaemonOptions options);
  Status open_listeners();
  // Returns the passed socket of this section; none if no socket was passed at all. Error:
  // listener_not_passed (kInput) if maitred.socket and the configuration differ.
  Result<UniqueFd> passed_listener(const char* section, const ListenSettings& listen);
  Status open_telemetry();
  ShopFacts facts();
  std::string late_duty() const;
  void watch_cameras();  // logs changes of their states
  Status open_api();
  Status open_staff();

  void eye_message(EyeSession session, EyeMessage message);
  void handle(EyeSession session, const EyeHello& hello);
  // Refuses a process that speaks for another camera than the one it was started for.
  Status check_claim(const EyeHello& hello, pid_t pid);
  // Logs what the core does not take from an eye once a connection, and counts it.
  void refuse(EyeSession session, const Status& refused);
  void end_overdue_tracks();
  void handle(EyeSession session, Sighting& sighting);
  void handle(EyeSession session, const TrackEnded& ended);
  void handle(EyeSession session, const EyeHealth& health);
  void eye_closed(EyeSession session);
  void arrivals(EyeSession session, const std::vector<Match>& matches);

  // The verbs that need the running daemon (daemon_verbs.cpp).
  struct PauseArgs;
  struct PauseAnswer;
  struct EngineArgs;
  struct EngineAnswer;
  void register_verbs();
  Result<PauseAnswer> pause_camera(const PauseArgs& args);
  Result<EngineAnswer> use_engine(const EngineArgs& args);
  verbs::LiveStatus live_status();
  std::vector<verbs::CameraStatus> camera_status();

  void control(const nlohmann::json& request, const PeerCredentials& peer,
               const ControlReply& reply);
  // Brings the daemon in line with what a verb may have changed, then hands its answer on.
  Result<nlohmann::json> after_verb(Result<nlohmann::json> answer);
  // Runs one long task at a time. Its steps are posted, so that other work goes on between them.
  using TaskEnd = std::function<void(const Status&)>;
  void run_task(std::shared_ptr<Task> task, std::optional<ControlReply> reply, TaskEnd end);
  void step_task(std::shared_ptr<Task> task, std::optional<ControlReply> reply, TaskEnd end);
  void daily_retention();
  bool clock_jumped() const;
  void resume_rotation();
  // Computes in steps what changes of the gallery have left to compute.
  void settle_gallery();

  void await_signals();
  void reload();                 // on SIGHUP; logs the outcome
  Status apply_settings_file();  // changes nothing if it fails
  // Closes eyes whose camera the settings no longer have.
  void drop_removed_cameras(const Settings& fresh);
  void drop_eye(EyeSession session);
  // Reads the certificates again. The returned function puts them to use.
  Result<std::function<void()>> renewed_certificates(const Settings& fresh);
  void schedule_deadline();
  void schedule_upkeep();
  // Logs an error. One of the store ends the program: without a store there is no going on.
  void stop_if_store_failed(const Status& status);
  void begin_shutdown(const std::string& why);
  void eyes_stopped();

  std::unique_ptr<Shop> shop_;
  std::vector<PassedListener> passed_;
  const bool all_passed_;  // every TCP listener comes from maitred.socket
  const DaemonOptions options_;
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_timer_;
  boost::asio::steady_timer upkeep_timer_;
  boost::asio::steady_timer drain_timer_;
  boost::asio::steady_timer camera_timer_;
  Verbs verbs_;
  Recognition* recognition_ = nullptr;
  CameraStates cameras_;
  std::map<std::string, std::pair<EyeState, Timestamp>> camera_was_;
  std::unique_ptr<Telemetry> telemetry_;
  std::map<EyeSession, std::string> camera_of_;
  std::map<EyeSession, EyeBounds> bounds_of_;
  std::map<EyeSession, pid_t> process_of_;
  std::set<EyeSession> refused_logged_;
  std::map<pid_t, std::string> camera_of_process_;  // of processes that still run
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
  bool busy_ = false;  // a task is running
  bool settling_ = false;
  std::optional<Timestamp> retention_tried_;
  int exit_status_ = 0;
};

}  // namespace maitred
