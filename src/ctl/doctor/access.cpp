#include "maitred/ctl/doctor/access.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "maitred/base/text.h"

namespace maitred {
namespace {

std::optional<struct stat> about(const std::filesystem::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return facts;
}

std::string user_name(uid_t uid) {
  const passwd* user = ::getpwuid(uid);
  return user != nullptr ? user->pw_name : std::to_string(uid);
}

std::string group_name(gid_t gid) {
  const group* found = ::getgrgid(gid);
  return found != nullptr ? found->gr_name : std::to_string(gid);
}

bool names_password(const CameraSettings& camera) {
  return without_secrets(camera.source) != camera.source;
}

Finding judge_configuration(const Settings& settings, const Account& core) {
  const std::string file = settings.file.string();
  const auto facts = about(settings.file);
  if (!facts) return fault("configuration", file + " no longer exists", "maitredctl setup");
  if (!may_access(core, settings.file, R_OK)) {
    return fault("configuration", fmt::format("user {} cannot read {}", core.name, file),
                 fmt::format("chown root:maitred {0} && chmod 640 {0}", file));
  }
  const bool secret = std::any_of(settings.cameras.begin(), settings.cameras.end(), names_password);
  if (secret && (facts->st_mode & S_IROTH) != 0) {
    return fault("configuration",
                 fmt::format("{} contains a camera password and is readable by every user", file),
                 fmt::format("chmod o-rwx {}", file));
  }
  return good("configuration", file);
}

// The store refuses a key file with wrong permissions; this finding says how to correct them.
Findings judge_key(const Settings& settings, const Account& core) {
  constexpr std::string_view kFile = "file:";
  if (!settings.store_key.starts_with(kFile)) {
    return {good("key", settings.store_key)};
  }
  const std::string path = settings.store_key.substr(kFile.size());
  const auto facts = about(path);
  if (!facts) return {};
  if ((facts->st_mode & 077) != 0) {
    return {fault("key", fmt::format("{} is readable by users other than its owner", path),
                  fmt::format("chmod 600 {}", path))};
  }
  if (facts->st_uid != core.uid && facts->st_uid != 0) {
    return {fault("key", fmt::format("{} is owned by {}", path, user_name(facts->st_uid)),
                  fmt::format("chown {} {}", core.name, path))};
  }
  if (!may_access(core, path, R_OK)) {
    return {fault("key", fmt::format("user {} cannot read {}", core.name, path),
                  fmt::format("chown {} {}", core.name, path))};
  }
  return {good("key", fmt::format("{}, readable only by {}", path, user_name(facts->st_uid)))};
}

Findings judge_folder(const char* check, const std::filesystem::path& folder, const Account& core) {
  const auto facts = about(folder);
  if (!facts) {
    return {fault(check, fmt::format("folder {} does not exist", folder.string()),
                  fmt::format("install -d -o {} -m 750 {}", core.name, folder.string()))};
  }
  if (!may_access(core, folder, R_OK | W_OK | X_OK)) {
    return {fault(check,
                  fmt::format("user {} cannot write to {}, which is owned by {}", core.name,
                              folder.string(), user_name(facts->st_uid)),
                  fmt::format("chown {} {}", core.name, folder.string()))};
  }
  if ((facts->st_mode & S_IWOTH) != 0 && (facts->st_mode & S_ISVTX) == 0) {
    return {fault(check, fmt::format("{} is writable by every user", folder.string()),
                  fmt::format("chmod o-w {}", folder.string()))};
  }
  return {good(check, fmt::format("{} is writable by {}", folder.string(), core.name))};
}

Findings judge_store_file(const Settings& settings, const Account& core) {
  const auto facts = about(settings.store_path);
  if (!facts) return {};
  const std::string path = settings.store_path.string();
  if (facts->st_uid != core.uid && core.uid != 0) {
    return {fault(
        "permissions",
        fmt::format("{} is owned by {}, not by {}", path, user_name(facts->st_uid), core.name),
        fmt::format("chown {} {}*", core.name, path))};
  }
  if ((facts->st_mode & 077) != 0) {
    return {advice("permissions", fmt::format("{} is readable by users other than its owner", path),
                   fmt::format("chmod 600 {}", path))};
  }
  return {};
}

}  // namespace

Account account(const char* name) {
  const passwd* user = ::getpwnam(name);
  if (user == nullptr) user = ::getpwuid(::geteuid());
  Account found;
  found.uid = user != nullptr ? user->pw_uid : ::geteuid();
  found.name = user != nullptr ? user->pw_name : std::to_string(found.uid);
  const gid_t main_group = user != nullptr ? user->pw_gid : ::getegid();
  found.groups.resize(64);
  int count = static_cast<int>(found.groups.size());
  if (::getgrouplist(found.name.c_str(), main_group, found.groups.data(), &count) < 0) {
    found.groups = {main_group};
  } else {
    found.groups.resize(static_cast<std::size_t>(count));
  }
  // A container or a service may give this process groups that /etc/group does not list.
  if (found.uid == ::geteuid()) {
    std::vector<gid_t> own(64);
    const int held = ::getgroups(static_cast<int>(own.size()), own.data());
    if (held > 0) found.groups.insert(found.groups.end(), own.begin(), own.begin() + held);
  }
  return found;
}

bool may_access(const Account& who, const std::filesystem::path& path, int wanted) {
  const auto facts = about(path);
  if (!facts) return false;
  if (who.uid == 0) return true;
  unsigned shift = 0;
  if (facts->st_uid == who.uid) {
    shift = 6;
  } else if (std::find(who.groups.begin(), who.groups.end(), facts->st_gid) != who.groups.end()) {
    shift = 3;
  }
  const unsigned granted = (facts->st_mode >> shift) & 7U;
  return (granted & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
}

Findings look_at_permissions(const Settings& settings, const std::filesystem::path& runtime,
                             const Account& core) {
  Findings findings;
  findings.push_back(judge_configuration(settings, core));
  add(findings, judge_key(settings, core));
  add(findings, judge_folder("permissions", settings.store_path.parent_path(), core));
  add(findings, judge_store_file(settings, core));
  // systemd creates /run/maitred when the service starts, so a missing folder is no fault.
  if (about(runtime) && runtime != settings.store_path.parent_path()) {
    add(findings, judge_folder("permissions", runtime, core));
  }
  return findings;
}

Findings look_at_device(const std::string& source, const Account& eye) {
  std::error_code failed;
  const auto device = std::filesystem::canonical(source, failed);
  const auto facts = failed ? std::nullopt : about(device);
  if (!facts) {
    return {fault("camera", fmt::format("{} does not exist", source),
                  "connect the camera, or correct source; to list cameras: ls /dev/v4l/by-id")};
  }
  if (!S_ISCHR(facts->st_mode)) {
    return {fault("camera", fmt::format("{} is not a device", source), "correct source")};
  }
  if (!may_access(eye, device, R_OK | W_OK)) {
    const std::string group = group_name(facts->st_gid);
    return {
        fault("permissions",
              fmt::format("user {} cannot open {}, which belongs to group {}", eye.name,
                          device.string(), group),
              fmt::format("usermod -aG {} {}, then restart maitred-eye@NAME", group, eye.name))};
  }
  return {};
}

}  // namespace maitred
