#include "maitred/settings/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "maitred/base/file.h"

namespace maitred {

const CameraSettings* Settings::camera(std::string_view name) const {
  const auto found = std::find_if(cameras.begin(), cameras.end(),
                                  [name](const CameraSettings& c) { return c.name == name; });
  return found == cameras.end() ? nullptr : &*found;
}

Result<const CameraSettings*> Settings::named_camera(std::string_view name) const {
  if (const CameraSettings* found = camera(name)) return found;
  return input_error("camera_unknown",
                     fmt::format("{} has no [[camera]] with the name \"{}\"", file.string(), name));
}

Result<Settings> read_settings(const std::filesystem::path& file) {
  auto bytes = read_file(file, std::size_t{1} << 20);
  if (!bytes) {
    return environment_error("config_missing",
                             bytes.error().message + "; name a configuration file with -c FILE");
  }
  return parse_settings({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, file);
}

bool is_live_source(std::string_view source) {
  static constexpr std::array<std::string_view, 6> kPrefixes = {"/dev/",   "rtsp://",  "rtsps://",
                                                                "http://", "https://", "gst:"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [source](std::string_view prefix) { return source.starts_with(prefix); });
}

std::filesystem::path runtime_folder(const Settings& settings, const char* runtime_directory) {
  if (runtime_directory != nullptr && *runtime_directory != '\0') return runtime_directory;
  if (settings.store_path.string().starts_with("/var/lib/maitred/")) return "/run/maitred";
  const auto folder = settings.store_path.parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

std::filesystem::path choose_settings_file(std::string_view option, const char* environment) {
  if (!option.empty()) return option;
  if (environment != nullptr && *environment != '\0') return environment;
  return "/etc/maitred/maitred.toml";
}

}  // namespace maitred
