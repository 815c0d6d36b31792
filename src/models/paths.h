// Tests of paths.
#pragma once

#include <filesystem>

namespace maitred {

// False also if the path cannot be examined.
inline bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace maitred
