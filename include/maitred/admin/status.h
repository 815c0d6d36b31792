// Verb: what runs, and how well.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct CameraStatus {
  std::string name;
  std::string state;  // connecting, running, stalled or ended
  double fps = 0;
  std::uint64_t frames = 0, dropped = 0, faces = 0, tracks = 0, embeddings = 0, not_live = 0;
  std::string backend, note;

  static void describe(auto& fields, auto& it) {
    fields.needed("name", it.name);
    fields.needed("state", it.state);
    fields.needed("fps", it.fps);
    fields.needed("frames", it.frames);
    fields.needed("dropped", it.dropped);
    fields.needed("faces", it.faces);
    fields.needed("tracks", it.tracks);
    fields.needed("embeddings", it.embeddings);
    fields.needed("not_live", it.not_live);
    fields.needed("backend", it.backend);
    fields.needed("note", it.note);
  }
};

struct IntegrationStatus {
  std::string name;
  std::string state;  // delivering or retrying
  std::uint64_t waiting = 0, delivered = 0;
  std::string trouble;

  static void describe(auto& fields, auto& it) {
    fields.needed("name", it.name);
    fields.needed("state", it.state);
    fields.needed("waiting", it.waiting);
    fields.needed("delivered", it.delivered);
    fields.needed("trouble", it.trouble);
  }
};

// What only a running daemon knows.
struct LiveStatus {
  std::vector<IntegrationStatus> integrations;
  std::string staff_listen, board_listen, metrics_listen;  // ADDRESS:PORT; "" for off
  std::vector<std::string> ports_taken;  // "board ADDRESS:PORT": another program listens there
  std::uint64_t eye_restarts = 0;

  static void describe(auto& fields, auto& it) {
    fields.needed("integrations", it.integrations);
    fields.needed("staff_listen", it.staff_listen);
    fields.needed("board_listen", it.board_listen);
    fields.needed("metrics_listen", it.metrics_listen);
    fields.needed("ports_taken", it.ports_taken);
    fields.needed("eye_restarts", it.eye_restarts);
  }
};

struct RetentionStatus {
  std::string after;  // a duration
  std::optional<WallTime> last_run;

  static void describe(auto& fields, auto& it) {
    fields.needed("after", it.after);
    fields.needed("last_run", it.last_run);
  }
};

struct StatusAnswer {
  std::string engine;
  std::uint64_t customers = 0;
  std::size_t matchable = 0;
  double threshold = 0;
  double expected_false_alerts_per_1000 = 0, expected_miss_rate = 0;
  std::vector<CameraStatus> cameras;  // empty without a daemon
  std::size_t staff_connected = 0;
  RetentionStatus retention;
  std::optional<WallTime> last_backup;
  std::string key_rotation;  // "under way" or "none"
  nlohmann::json vigilance;  // Vigilance::report
  std::optional<LiveStatus> live;

  static void describe(auto& fields, auto& it) {
    fields.needed("running", it.live.has_value());
    fields.needed("engine", it.engine);
    fields.needed("customers", it.customers);
    fields.needed("matchable", it.matchable);
    fields.needed("threshold", it.threshold);
    fields.needed("expected_false_alerts_per_1000", it.expected_false_alerts_per_1000);
    fields.needed("expected_miss_rate", it.expected_miss_rate);
    fields.needed("cameras", it.cameras);
    fields.needed("staff_connected", it.staff_connected);
    fields.needed("retention", it.retention);
    fields.needed("last_backup", it.last_backup);
    fields.needed("key_rotation", it.key_rotation);
    fields.all_of(it.vigilance);
    if (it.live) it.live->describe(fields, *it.live);
  }
};

// Without the part of the daemon, which registers a verb of its own.
Result<StatusAnswer> status(Shop& shop, const NoArgs& args, const Actor& actor);

std::vector<Verb> status_verbs();

}  // namespace maitred::verbs
