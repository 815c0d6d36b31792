// A large batch, some images at a time. Private to this module.
#pragma once

#include <cstddef>
#include <memory>

#include "maitred/eye/inference/network.h"

namespace maitred::inference {

// With more images together the values between layers no longer stay in the cache. Measured:
// tests/bench/README.md.
inline constexpr int kImagesTogether = 4;

// Runs `part` as often as it takes for `images` of them, a multiple of its own number. Nothing
// where its outputs are not one for each image.
std::unique_ptr<Network> batch_in_parts(std::unique_ptr<Network> part, int images);

}  // namespace maitred::inference
