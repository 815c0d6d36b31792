// Files of dlib's face recognition ResNet with made-up weights, as dlib 19.24 writes them, and
// pictures to run it on. The numbers that dlib computes with these files are recorded in
// tests/golden/dlib_resnet.txt by tests/bench/record_resnet_main.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maitred::test {

inline constexpr int kChipSide = 150;
inline constexpr std::size_t kChipPixels = std::size_t{kChipSide} * kChipSide;

enum class BatchNorms {
  kFixed,      // as in the published file
  kInTraining  // with running means and variances, as training leaves them
};

// Writes a file with the weights that `seed` draws. Throws std::runtime_error.
void write_resnet_file(const std::filesystem::path& file, std::uint32_t seed, BatchNorms norms);

// Smooth blobs of colour: kChipSide rows of kChipSide pixels, each red, green, blue.
std::vector<std::uint8_t> resnet_picture(unsigned seed);

// The files and pictures of the golden numbers. `name` stands in the file of numbers.
struct GoldenResNet {
  std::string_view name;
  std::uint32_t seed;
  BatchNorms norms;
};
std::span<const GoldenResNet> golden_resnets();
inline constexpr unsigned kGoldenPictures[] = {1, 2};

}  // namespace maitred::test
