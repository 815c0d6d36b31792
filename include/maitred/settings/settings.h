// The configuration file: read, checked, in units and types the rest can use.
//
// Unknown keys, wrong types and impossible values are errors that name the file, the line and the
// key. Values only; no behaviour. Thread-compatible.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/types/alert_rule.h"

namespace maitred {

enum class CameraMode { kCheckIn, kOpen };

struct CameraSettings {
  std::string name;
  std::string source;  // see is_live_source
  CameraMode mode = CameraMode::kCheckIn;
  std::string acknowledge_open_floor;                 // required text for mode open
  std::array<double, 4> zone = {0.0, 0.0, 1.0, 1.0};  // x0, y0, x1, y1 as fractions
  Milliseconds dwell{700};
  double fps = 10.0;     // frames analysed a second, at most
  bool realtime = true;  // files only
  bool loop = false;     // files only
  int min_face_px = 60;
};

struct VisitSettings {
  Milliseconds cooldown = std::chrono::hours{4};
  Milliseconds alert_ttl = std::chrono::minutes{10};
  std::vector<Milliseconds> escalate = {std::chrono::seconds{20}, std::chrono::seconds{60}};
  Milliseconds retention = std::chrono::hours{24 * 365 * 3};
  double holdout = 0.0;
};

// A literal address and port; empty address: off.
struct ListenSettings {
  std::string address;
  std::uint16_t port = 0;

  bool off() const { return address.empty(); }
};

struct StaffSettings {
  ListenSettings listen{"127.0.0.1", 7433};
  std::string tls_cert;
  std::string tls_key;
};

struct BoardSettings {
  ListenSettings listen{"127.0.0.1", 7480};
  bool chosen = false;   // `listen` is in the file
  std::string tls_cert;  // beyond this machine: else of [staff]
  std::string tls_key;

  bool off() const { return listen.off(); }
};

struct PrivacySettings {
  std::string profile = "gdpr";                                 // gdpr, bipa or custom
  std::string controller;                                       // name and address, for papers
  std::string contact;                                          // for questions and rights
  Milliseconds after_withdrawal = std::chrono::hours{24 * 30};  // then the rest goes as well
};

// A system that is told by HTTP POST what happens.
struct WebhookSettings {
  std::string url;
  std::string secret_file;                               // its first line signs; empty: unsigned
  std::string ca_file;                                   // trusted besides the system's authorities
  Milliseconds retry_at_most = std::chrono::minutes{1};  // between two tries
};

// A broker that is told the same.
struct MqttSettings {
  std::string broker;  // "mqtt://HOST:PORT", "mqtts://HOST:PORT"; empty: off
  std::string user;
  std::string password_file;
  std::string ca_file;
  std::string prefix = "maitred";  // of the topics
  std::string discovery;           // "homeassistant"; empty: none
  Milliseconds retry_at_most = std::chrono::minutes{1};

  bool off() const { return broker.empty(); }
};

struct Settings {
  std::filesystem::path file;  // where this was read from
  std::filesystem::path store_path = "/var/lib/maitred/store.db";
  std::string store_key = "file:/etc/maitred/store.key";  // file:PATH, credential:NAME, passphrase
  std::filesystem::path models_dir = "/var/lib/maitred/models";
  std::string engine = "retail";
  double false_alert_rate = 0.001;  // FPIR target, a fraction
  bool allow_demo_engine = false;
  bool liveness_at_desk = true;      // of verify and identify, where the models are there
  bool liveness_at_cameras = false;  // the same of whoever stands before a camera
  std::vector<CameraSettings> cameras;
  VisitSettings visits;
  PrivacySettings privacy;
  std::vector<AlertRule> rules;  // in their order; the first that applies counts
  StaffSettings staff;
  ListenSettings api;  // for other systems; off
  BoardSettings board;
  std::vector<WebhookSettings> webhooks;
  MqttSettings mqtt;
  ListenSettings metrics{"127.0.0.1", 7490};
  std::string log_level = "info";
  std::map<std::string, std::string> log_modules;  // levels of single modules

  const CameraSettings* camera(std::string_view name) const;
  // The same for a name that somebody gave. Error: camera_unknown (kInput).
  Result<const CameraSettings*> named_camera(std::string_view name) const;
};

// Reads at most 1 MiB. Relative paths inside are relative to the folder of the file. Errors:
// config_missing (kEnvironment); config_invalid (kInput): "FILE:LINE: KEY: what is wrong".
Result<Settings> read_settings(const std::filesystem::path& file);

// The same from a text; `file` is only named in errors.
Result<Settings> parse_settings(std::string_view text, const std::filesystem::path& file);

// "1 per 1000 visitors", "0.1 %", "0.001": a fraction in (0, 0.5]. Error: bad_rate.
Result<double> parse_rate(std::string_view text);

// True for a device, a URL or a GStreamer pipeline; false for a video file or a folder of images.
bool is_live_source(std::string_view source);

// The folder of eye.sock and control.sock: $RUNTIME_DIRECTORY (systemd) when it is given,
// /run/maitred for a store below /var/lib/maitred, else the folder of the store, so that
// instances with different stores do not meet.
std::filesystem::path runtime_folder(const Settings& settings, const char* runtime_directory);

// The configuration file of the command line, in the order -c, $MAITRED_CONFIG, the default.
std::filesystem::path choose_settings_file(std::string_view option, const char* environment);

}  // namespace maitred
