// The files of src/doors/board/page, compiled in. The build generates the definition.
#pragma once

#include <span>
#include <string_view>

namespace maitred::board {

struct Asset {
  std::string_view path;  // "/board.js"
  std::string_view type;
  std::string_view text;
};

extern const std::span<const Asset> kAssets;

}  // namespace maitred::board
