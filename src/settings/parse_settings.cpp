#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <set>

#include "integration_settings.h"
#include "maitred/settings/settings.h"
#include "rule_settings.h"
#include "table_reader.h"

namespace maitred {
namespace {

constexpr std::size_t kMostCameras = 16;

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    const auto end = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> unused{};
  return inet_pton(AF_INET, text.c_str(), unused.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), unused.data()) == 1;
}

// Reads "127.0.0.1:7433" or "[::1]:7433"; "" means off if `may_be_off`.
void read_listen(TableReader& reader, ListenSettings& listen, bool may_be_off) {
  std::string text = listen.off() ? "" : fmt::format("{}:{}", listen.address, listen.port);
  reader.read("listen", text);
  if (text.empty() && may_be_off) {
    listen = {};
    return;
  }
  const auto colon = text.rfind(':');
  std::string address = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  const std::string_view digits = std::string_view(text).substr(std::min(text.size(), colon + 1));
  const double port = colon == std::string::npos ? -1.0 : parse_number(digits).value_or(-1.0);
  if (!is_address(address) || port < 0 || port > 65535 || port != std::floor(port)) {
    return reader.complain("listen", "must be an address and a port, like \"127.0.0.1:7433\"");
  }
  listen = {address, static_cast<std::uint16_t>(port)};
}

bool good_camera_name(const std::string& name) {
  return !name.empty() && name.size() <= 32 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-_") == std::string::npos;
}

void read_mode(TableReader& reader, CameraSettings& camera) {
  std::string mode = "check-in";
  reader.read("mode", mode);
  reader.read("acknowledge_open_floor", camera.acknowledge_open_floor);
  if (mode == "open") {
    camera.mode = CameraMode::kOpen;
    if (camera.acknowledge_open_floor.empty()) {
      reader.complain("mode",
                      "\"open\" analyses everyone everywhere in the picture; if the law and your "
                      "assessment allow it, give the reason in acknowledge_open_floor = \"TEXT\"");
    }
  } else if (mode != "check-in") {
    reader.complain("mode", "must be \"check-in\" or \"open\"");
  }
}

void read_zone(TableReader& reader, CameraSettings& camera) {
  if (!reader.has("zone")) return;
  std::vector<double> zone;
  reader.read("zone", zone, 4);
  if (zone.size() != 4) return;
  std::copy(zone.begin(), zone.end(), camera.zone.begin());
  const auto& [x0, y0, x1, y1] = camera.zone;
  if (!(x0 >= 0 && y0 >= 0 && x1 <= 1 && y1 <= 1 && x0 < x1 && y0 < y1)) {
    reader.complain("zone",
                    "must be [x0, y0, x1, y1] with 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1");
  }
}

// Makes a file source absolute; it is relative to the configuration file.
std::string absolute_source(const std::string& source, const std::filesystem::path& folder) {
  if (is_live_source(source) || source.empty()) return source;
  return (folder / source).lexically_normal().string();
}

Result<CameraSettings> read_camera(const std::filesystem::path& file, const toml::table& table,
                                   std::size_t number) {
  TableReader reader(file, &table, fmt::format("camera[{}]", number));
  CameraSettings camera;
  reader.read("name", camera.name);
  if (!good_camera_name(camera.name)) {
    reader.complain("name", "is required: 1 to 32 letters, digits, '-' or '_'");
  }
  reader.read("source", camera.source);
  if (camera.source.empty()) {
    reader.complain("source",
                    "is required: a device, rtsp:// or http:// URL, \"gst:PIPELINE\", a video file "
                    "or a folder of images");
  }
  camera.source = absolute_source(camera.source, file.parent_path());
  read_mode(reader, camera);
  read_zone(reader, camera);
  reader.read("dwell", camera.dwell);
  reader.read("fps", camera.fps, 0.1, 120.0);
  reader.read("realtime", camera.realtime);
  reader.read("loop", camera.loop);
  reader.read("min_face", camera.min_face_px, 16, 2000);
  if (is_live_source(camera.source)) {
    if (reader.has("realtime")) reader.complain("realtime", "is for files only");
    if (reader.has("loop")) reader.complain("loop", "is for files only");
  }
  MAITRED_TRY(reader.finish());
  return camera;
}

Status read_cameras(const toml::table& root, Settings& settings) {
  const toml::node* node = root.get("camera");
  if (node == nullptr) return {};
  const toml::array* list = node->as_array();
  const bool sections = list != nullptr && list->is_array_of_tables();
  if (!sections || list->size() > kMostCameras) {
    return tl::unexpected(config_error(
        settings.file, node->source(),
        fmt::format("camera: each camera is its own section, headed [[camera]]; at most {}",
                    kMostCameras)));
  }
  std::set<std::string> names;
  for (std::size_t index = 0; index < list->size(); ++index) {
    const toml::table& table = *list->get(index)->as_table();
    MAITRED_ASSIGN(CameraSettings camera, read_camera(settings.file, table, index + 1));
    if (!names.insert(camera.name).second) {
      TableReader here(settings.file, &table, fmt::format("camera[{}]", index + 1));
      here.complain("name", fmt::format("'{}' is also the name of another camera", camera.name));
      return tl::unexpected(here.finish().error());
    }
    settings.cameras.push_back(std::move(camera));
  }
  return {};
}

Status read_store(TableReader reader, Settings& settings) {
  std::string path = settings.store_path.string();
  reader.read("path", path);
  if (path.empty()) reader.complain("path", "must name a file");
  settings.store_path = (settings.file.parent_path() / path).lexically_normal();
  reader.read("key", settings.store_key);
  const std::string& key = settings.store_key;
  const bool known = (key.starts_with("file:") && key.size() > 5) ||
                     (key.starts_with("credential:") && key.size() > 11) || key == "passphrase";
  if (!known) {
    reader.complain("key", "must be \"file:PATH\", \"credential:NAME\" or \"passphrase\"");
  } else if (key.starts_with("file:")) {
    settings.store_key =
        "file:" + (settings.file.parent_path() / key.substr(5)).lexically_normal().string();
  }
  return reader.finish();
}

Status read_models(TableReader reader, Settings& settings) {
  std::string folder = settings.models_dir.string();
  reader.read("dir", folder);
  settings.models_dir = (settings.file.parent_path() / folder).lexically_normal();
  reader.read("engine", settings.engine);
  static const std::set<std::string> kEngines = {"retail", "dlib", "sface", "demo"};
  if (!kEngines.contains(settings.engine)) {
    reader.complain("engine", "must be retail, dlib, sface or demo");
  }
  return reader.finish();
}

Status read_recognition(TableReader reader, Settings& settings) {
  std::string rate = "1 per 1000 visitors";
  reader.read("false_alerts", rate);
  if (const auto parsed = parse_rate(rate)) {
    settings.false_alert_rate = *parsed;
  } else {
    reader.complain("false_alerts", parsed.error().message);
  }
  reader.read("allow_demo_engine", settings.allow_demo_engine);
  std::string liveness = "desk";
  reader.read("liveness", liveness);
  if (liveness != "off" && liveness != "desk" && liveness != "always") {
    reader.complain("liveness", "must be off, desk or always");
  }
  settings.liveness_at_desk = liveness != "off";
  settings.liveness_at_cameras = liveness == "always";
  return reader.finish();
}

Status read_visits(TableReader reader, VisitSettings& visits) {
  reader.read("cooldown", visits.cooldown);
  reader.read("alert_ttl", visits.alert_ttl);
  if (visits.alert_ttl.count() == 0) reader.complain("alert_ttl", "must be longer than nothing");
  reader.read("escalate", visits.escalate, 2);
  if (!std::is_sorted(visits.escalate.begin(), visits.escalate.end())) {
    reader.complain("escalate", "each time must be later than the one before");
  }
  reader.read("retention", visits.retention);
  if (visits.retention < std::chrono::hours{24}) {
    reader.complain("retention", "must be at least a day");
  }
  reader.read("holdout", visits.holdout, 0.0, 1.0);
  return reader.finish();
}

// The law behind a profile limits the retention.
constexpr std::chrono::hours kLongestRetention{24 * 365 * 3};

Status read_privacy(TableReader reader, const VisitSettings& visits, PrivacySettings& privacy) {
  reader.read("profile", privacy.profile);
  if (privacy.profile != "gdpr" && privacy.profile != "bipa" && privacy.profile != "custom") {
    reader.complain("profile", "must be \"gdpr\", \"bipa\" or \"custom\"");
  }
  reader.read("controller", privacy.controller);
  reader.read("contact", privacy.contact);
  reader.read("after_withdrawal", privacy.after_withdrawal);
  if (privacy.profile != "custom" && visits.retention > kLongestRetention) {
    reader.complain("profile",
                    fmt::format("\"{}\" allows visits.retention of at most 3y; keep less, "
                                "or set profile = \"custom\" if the law is on your side",
                                privacy.profile));
  }
  return reader.finish();
}

// Makes a path absolute; it is relative to the configuration file.
std::string absolute_path(const std::string& path, const std::filesystem::path& folder) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

Status read_staff(TableReader reader, StaffSettings& staff, const std::filesystem::path& folder) {
  read_listen(reader, staff.listen, false);
  reader.read("tls_cert", staff.tls_cert);
  reader.read("tls_key", staff.tls_key);
  if (staff.tls_cert.empty() != staff.tls_key.empty()) {
    reader.complain(staff.tls_cert.empty() ? "tls_key" : "tls_cert",
                    "tls_cert and tls_key go together");
  }
  staff.tls_cert = absolute_path(staff.tls_cert, folder);
  staff.tls_key = absolute_path(staff.tls_key, folder);
  return reader.finish();
}

Status read_board(TableReader reader, BoardSettings& board, const std::filesystem::path& folder) {
  board.chosen = reader.has("listen");
  read_listen(reader, board.listen, true);
  reader.read("tls_cert", board.tls_cert);
  reader.read("tls_key", board.tls_key);
  if (board.tls_cert.empty() != board.tls_key.empty()) {
    reader.complain(board.tls_cert.empty() ? "tls_key" : "tls_cert",
                    "tls_cert and tls_key go together");
  }
  for (std::string* file : {&board.tls_cert, &board.tls_key}) {
    if (!file->empty()) *file = (folder / *file).lexically_normal().string();
  }
  return reader.finish();
}

Status read_listen_section(TableReader reader, ListenSettings& listen) {
  read_listen(reader, listen, true);
  return reader.finish();
}

Status read_log(TableReader reader, Settings& settings) {
  static const std::set<std::string> kLevels = {"trace", "debug", "info", "warn", "error", "off"};
  const auto level = [&reader](const char* key, std::string& value) {
    reader.read(key, value);
    if (!kLevels.contains(value)) {
      reader.complain(key, "must be trace, debug, info, warn, error or off");
    }
  };
  level("level", settings.log_level);
  // The modules that log.
  for (const char* module :
       {"board", "capture", "control", "core", "eye", "inference", "web", "wire"}) {
    std::string own = settings.log_level;
    level(module, own);
    if (own != settings.log_level) settings.log_modules[module] = own;
  }
  return reader.finish();
}

// Checks that the sections are tables and that there are no others.
Status check_sections(const toml::table& root, const std::filesystem::path& file) {
  static const std::set<std::string_view> kSections = {
      "store", "models", "recognition", "camera",  "visits", "rule",    "privacy",
      "staff", "board",  "api",         "webhook", "mqtt",   "metrics", "log"};
  for (const auto& [key, node] : root) {
    const bool list = key.str() == "camera" || key.str() == "rule" || key.str() == "webhook";
    if (kSections.contains(key.str()) && (list || node.is_table())) continue;
    const auto* what = kSections.contains(key.str())
                           ? "must be a section in brackets"
                           : "unknown; known sections: [store] [models] [recognition] [[camera]] "
                             "[visits] [[rule]] [privacy] [staff] [board] [api] [[webhook]] [mqtt] "
                             "[metrics] [log]";
    return tl::unexpected(config_error(file, key.source(), fmt::format("{}: {}", key.str(), what)));
  }
  return {};
}

}  // namespace

Result<double> parse_rate(std::string_view text) {
  const auto words = words_of(text);
  std::optional<double> rate;
  if (words.size() == 1 && !words[0].ends_with('%')) {
    rate = parse_number(words[0]);
  } else if (words.size() == 1 || (words.size() == 2 && words[1] == "%")) {
    std::string_view number = words[0];
    if (words.size() == 1) number.remove_suffix(1);
    rate = parse_number(number);
    if (rate) *rate /= 100.0;
  } else if ((words.size() == 3 || (words.size() == 4 && words[3] == "visitors")) &&
             words[1] == "per") {
    const auto count = parse_number(words[0]);
    const auto of = parse_number(words[2]);
    if (count && of && *of > 0) rate = *count / *of;
  }
  if (!rate || !(*rate > 0.0 && *rate <= 0.5)) {
    return input_error("bad_rate",
                       fmt::format("'{}' is not a rate; write it like \"1 per 1000 visitors\" or "
                                   "\"0.1 %\", above 0 and at most one in two",
                                   text.substr(0, 60)));
  }
  return *rate;
}

Result<Settings> parse_settings(std::string_view text, const std::filesystem::path& file) {
  Settings settings;
  std::error_code ignored;
  settings.file = std::filesystem::absolute(file, ignored);
  try {
    const toml::table root = toml::parse(text, settings.file.string());
    MAITRED_TRY(check_sections(root, settings.file));
    const auto section = [&](const char* name) {
      return TableReader(settings.file, root[name].as_table(), name);
    };
    MAITRED_TRY(read_store(section("store"), settings));
    MAITRED_TRY(read_models(section("models"), settings));
    MAITRED_TRY(read_recognition(section("recognition"), settings));
    MAITRED_TRY(read_cameras(root, settings));
    MAITRED_TRY(read_visits(section("visits"), settings.visits));
    MAITRED_TRY(read_privacy(section("privacy"), settings.visits, settings.privacy));
    MAITRED_TRY(read_staff(section("staff"), settings.staff, settings.file.parent_path()));
    MAITRED_ASSIGN(settings.rules, read_rules(root, settings.file));
    MAITRED_TRY(read_board(section("board"), settings.board, settings.file.parent_path()));
    MAITRED_TRY(read_listen_section(section("api"), settings.api));
    MAITRED_TRY(read_webhooks(root, settings));
    MAITRED_TRY(read_mqtt(section("mqtt"), settings.mqtt, settings.file.parent_path()));
    MAITRED_TRY(read_listen_section(section("metrics"), settings.metrics));
    MAITRED_TRY(read_log(section("log"), settings));
  } catch (const toml::parse_error& error) {
    return tl::unexpected(config_error(settings.file, error.source(), error.description()));
  }
  return settings;
}

}  // namespace maitred
