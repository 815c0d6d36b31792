// Unpacks files that upstream publishes packed.
#pragma once

#include <cstdint>
#include <filesystem>

#include "maitred/base/result.h"

namespace maitred {

// Writes the content of the bzip2 file `packed` to `target`. Errors: archive_broken (kEnvironment),
// also if it is larger than `limit_bytes`; file_unwritable (kEnvironment).
Status unpack_bzip2(const std::filesystem::path& packed, const std::filesystem::path& target,
                    std::uint64_t limit_bytes);

}  // namespace maitred
