// The place where a backup is written.
#pragma once

#include <filesystem>

#include "maitred/base/result.h"

namespace maitred {

// Errors: backup_target (kInput), backup_failed (kEnvironment); both say why.
Status check_target(const std::filesystem::path& target, const std::filesystem::path& store);

// The file that a backup is built in.
std::filesystem::path part_of(const std::filesystem::path& target);

}  // namespace maitred
