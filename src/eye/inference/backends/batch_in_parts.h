// Runs a large batch a few images at a time. Private to this module.
#pragma once

#include <cstddef>
#include <memory>

#include "maitred/eye/inference/network.h"

namespace maitred::inference {

// With more images the intermediate values no longer fit the cache. Measured:
// tests/bench/README.md.
inline constexpr int kImagesTogether = 4;

// Runs `part` repeatedly on `images` images, a multiple of its own number. Null if an output of
// `part` does not have one row for each image.
std::unique_ptr<Network> batch_in_parts(std::unique_ptr<Network> part, int images);

}  // namespace maitred::inference
