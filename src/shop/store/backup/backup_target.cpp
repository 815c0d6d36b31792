#include "backup_target.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "src/shop/store/database/store_file.h"

namespace maitred {

Status check_target(const std::filesystem::path& target, const std::filesystem::path& store) {
  const auto refused = [&](const char* why) {
    return input_error("backup_target",
                       fmt::format("a backup cannot be written to {}: {}", target.string(), why));
  };
  std::error_code ignored;
  if (target.empty() || !target.has_filename()) return refused("give the name of a file");
  const auto status = std::filesystem::status(target, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return refused("it is not a file");
  }
  const auto folder = target.has_parent_path() ? target.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, ignored)) return refused("there is no such folder");
  const bool beside = std::filesystem::equivalent(
      folder, store.has_parent_path() ? store.parent_path() : ".", ignored);
  const std::string name = target.filename().string();
  const std::string own = store.filename().string();
  const bool reserved = std::any_of(kStoreTails.begin(), kStoreTails.end(),
                                    [&](const char* tail) { return name == own + tail; });
  if (beside && reserved) return refused("that is the store itself");
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return environment_error(
      "backup_failed", fmt::format("cannot write the backup {}: {}; give a place that the program "
                                   "which has the store may write to",
                                   target.string(), std::strerror(errno)));
}

std::filesystem::path part_of(const std::filesystem::path& target) {
  return std::filesystem::absolute(target).lexically_normal().string() + ".part";
}

}  // namespace maitred
