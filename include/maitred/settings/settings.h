// The configuration file: reads and checks it, and gives its values with types and units.
//
// Unknown keys, wrong types and impossible values are errors that name the file, the line and the
// key. Thread-compatible.
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
  double fps = 10.0;     // maximum frames analysed per second
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

// A literal address and a port. An empty address means off.
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
  bool chosen = false;   // true if the file sets `listen`
  std::string tls_cert;  // for other machines; if empty, that of [staff] is used
  std::string tls_key;

  bool off() const { return listen.off(); }
};

struct PrivacySettings {
  std::string profile = "gdpr";                                 // gdpr, bipa or custom
  std::string controller;                                       // name and address, for papers
  std::string contact;                                          // for questions and rights
  Milliseconds after_withdrawal = std::chrono::hours{24 * 30};  // then everything is erased
};

// A system that receives events by HTTP POST.
struct WebhookSettings {
  std::string url;
  std::string secret_file;  // first line: key of signatures; may be empty
  std::string ca_file;      // trusted besides the system's authorities
  Milliseconds retry_at_most = std::chrono::minutes{1};  // longest wait between two attempts
};

// A broker that receives the same events by MQTT.
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
  bool liveness_at_desk = true;      // for verify and identify, if the models are there
  bool liveness_at_cameras = false;  // for people before a camera
  std::vector<CameraSettings> cameras;
  VisitSettings visits;
  PrivacySettings privacy;
  std::vector<AlertRule> rules;  // in the order of the file; the first that applies counts
  StaffSettings staff;
  ListenSettings api;  // for other systems; off
  BoardSettings board;
  std::vector<WebhookSettings> webhooks;
  MqttSettings mqtt;
  ListenSettings metrics{"127.0.0.1", 7490};
  std::string log_level = "info";
  std::map<std::string, std::string> log_modules;  // levels of single modules

  const CameraSettings* camera(std::string_view name) const;
  // The same for a name that a user gave. Error: camera_unknown (kInput).
  Result<const CameraSettings*> named_camera(std::string_view name) const;
};

// Reads at most 1 MiB. Relative paths inside are relative to the folder of the file. Errors:
// config_missing (kEnvironment); config_invalid (kInput): "FILE:LINE: KEY: what is wrong".
Result<Settings> read_settings(const std::filesystem::path& file);

// Reads the configuration from a text; `file` is only named in errors.
Result<Settings> parse_settings(std::string_view text, const std::filesystem::path& file);

// Reads "1 per 1000 visitors", "0.1 %" or "0.001" as a fraction in (0, 0.5]. Error: bad_rate.
Result<double> parse_rate(std::string_view text);

// True for a device, a URL or a GStreamer pipeline; false for a video file or a folder of images.
bool is_live_source(std::string_view source);

// The folder of eye.sock and control.sock: $RUNTIME_DIRECTORY (systemd) if it is set, /run/maitred
// for a store below /var/lib/maitred, else the folder of the store. So instances with different
// stores do not meet.
std::filesystem::path runtime_folder(const Settings& settings, const char* runtime_directory);

// The configuration file of the command line, in the order -c, $MAITRED_CONFIG, the default.
std::filesystem::path choose_settings_file(std::string_view option, const char* environment);

}  // namespace maitred
