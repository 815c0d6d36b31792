// Unpacking what upstream publishes packed.
#pragma once

#include <cstdint>
#include <filesystem>

#include "maitred/base/result.h"

namespace maitred {

// Writes the content of the bzip2 file `packed` to `target`, at most `limit_bytes` of it. Errors:
// archive_broken (kEnvironment), also when it holds more; file_unwritable (kEnvironment).
Status unpack_bzip2(const std::filesystem::path& packed, const std::filesystem::path& target,
                    std::uint64_t limit_bytes);

}  // namespace maitred
