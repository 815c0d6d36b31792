// Digests of files, other than base's SHA-256.
#pragma once

#include <filesystem>
#include <string>

#include "maitred/base/result.h"

namespace maitred {

// Returns git's id of the content: SHA-1 of "blob SIZE\0" and the bytes, lower-case hex. Errors:
// those of sha256_of_file.
Result<std::string> git_blob_of_file(const std::filesystem::path& path);

// Returns the first digits of a digest, enough for a person to compare.
std::string digest_start(const std::string& digest);

}  // namespace maitred
