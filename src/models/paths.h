// A question that is asked often.
#pragma once

#include <filesystem>

namespace maitred {

// False also where it cannot be told.
inline bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace maitred
