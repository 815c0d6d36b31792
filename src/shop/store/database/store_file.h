// The file of a store: its lock, its header, and how it comes into being.
#pragma once

#include <filesystem>
#include <functional>

#include "maitred/base/file.h"
#include "maitred/base/result.h"

namespace maitred {

// Holds PATH.lock until the descriptor is closed. Errors: store_locked, naming the process that
// has it; store_failed.
Result<UniqueFd> lock_store(const std::filesystem::path& path);

// That PATH is a regular file that begins as a store does; it is not changed. Errors:
// store_missing, store_corrupt, store_failed.
Status check_header(const std::filesystem::path& path);

// Makes the folder of PATH, for the owner alone, if it is missing. Error: store_failed.
Status make_folder(const std::filesystem::path& path);

// An empty file of mode 0600 beside PATH to build a store in, instead of what a crash left there.
// Error: store_failed.
Result<std::filesystem::path> begin_file(const std::filesystem::path& path);

// Moves the built file to PATH, durably. Error: store_failed.
Status finish_file(const std::filesystem::path& built, const std::filesystem::path& path);

}  // namespace maitred
