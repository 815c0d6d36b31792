// The file of a store: its lock, its header and its creation.
#pragma once

#include <array>
#include <filesystem>
#include <functional>

#include "maitred/base/file.h"
#include "maitred/base/result.h"

namespace maitred {

// Takes the lock PATH.lock, which is held until the descriptor is closed. Errors: store_locked,
// naming the process that has it; store_failed.
Result<UniqueFd> lock_store(const std::filesystem::path& path);

// Checks that PATH is a regular file with the header of a store. Changes nothing. Errors:
// store_missing, store_corrupt, store_failed.
Status check_header(const std::filesystem::path& path);

// What follows the name of a store in the names of its files.
inline constexpr std::array<const char*, 6> kStoreTails = {
    "", "-wal", ".lock", ".generation", ".erasures", ".unfinished"};

// Checks that nobody but the owner may write the store or a file beside it. Error: store_exposed.
Status check_modes(const std::filesystem::path& path);

// Creates the folder of PATH, accessible to its owner only, if it is missing. Error: store_failed.
Status make_folder(const std::filesystem::path& path);

// Deletes a closed database and what SQLite keeps beside it; overwrites all first.
void erase_database(const std::filesystem::path& path);

// Creates an empty file of mode 0600 beside PATH, in which to build a store. Deletes what a crash
// left there. Error: store_failed.
Result<std::filesystem::path> begin_file(const std::filesystem::path& path);

// Moves the built file to PATH, durably. Error: store_failed.
Status finish_file(const std::filesystem::path& built, const std::filesystem::path& path);

// The same for a built store that takes the place of another one, which is overwritten afterwards.
Status replace_file(const std::filesystem::path& built, const std::filesystem::path& path);

// Deletes what a crash left of a backup, a restore or a replaced store.
void remove_leftovers(const std::filesystem::path& path);

}  // namespace maitred
