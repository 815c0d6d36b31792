#include "maitred/eye/watch/confine_eye.h"

#include <spdlog/spdlog.h>

#include <system_error>

#include "maitred/base/log.h"
#include "maitred/eye/capture/frame_source.h"
#include "maitred/models/verify.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

void add(std::vector<fs::path>& to, const std::vector<fs::path>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

FileAccess models_and_libraries(const Settings& settings) {
  FileAccess access{system_files(), {"/dev/null"}};
  access.readable.push_back(settings.models_dir);
  add(access.readable, shipped_model_folders());
  return access;
}

// A device that is plugged in again is another node in the same folder. Without a device none may
// be written to.
void add_source(FileAccess& access, const std::string& source) {
  switch (source_kind(source)) {
    case SourceKind::kDevice:
      access.readable.emplace_back("/run/udev");
      access.devices.emplace_back("/dev");
      break;
    case SourceKind::kStream:
      add(access.readable,
          {"/etc/resolv.conf", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
           "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
           "/etc/ssl", "/etc/ca-certificates", "/etc/gnutls"});
      break;
    case SourceKind::kPipeline:  // anything may be in it
      access.readable.emplace_back("/");
      access.devices.emplace_back("/dev");
      break;
    case SourceKind::kFile:
    case SourceKind::kFolder: {
      std::error_code missing;
      const fs::path film = fs::absolute(source, missing);
      access.readable.push_back(fs::exists(film, missing) ? film : film.parent_path());
      break;
    }
  }
}

}  // namespace

Status EyeConfinement::settle(const Status& confined) {
  if (confined || required_) return confined;
  if (!std::exchange(logged_, true)) {
    journal().error(
        "{}; going on without, so pictures from outside are decoded with the rights of "
        "this user",
        confined.error().message);
  }
  return {};
}

Status EyeConfinement::files_for_photos(const Settings& settings) {
  return settle(confine_files(models_and_libraries(settings)));
}

Status EyeConfinement::files_for_source(const Settings& settings, std::string_view source) {
  FileAccess access = models_and_libraries(settings);
  access.readable.push_back(settings.file);
  add_source(access, std::string(source));
  return settle(confine_files(access));
}

Status EyeConfinement::calls_for_photos() {
  MAITRED_TRY(leave_root());
  return settle(confine_calls(Calls::kComputeOnly));
}

Status EyeConfinement::calls_for_source(std::string_view source) {
  const SourceKind kind = source_kind(source);
  const bool network = kind == SourceKind::kStream || kind == SourceKind::kPipeline;
  return settle(confine_calls(network ? Calls::kNetworkCamera : Calls::kCamera));
}

}  // namespace maitred
