// dlib's face recognition ResNet as dlib itself runs it, to compare with and to measure. dlib's
// templates are slow to compile and stay in the .cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace maitred::bench {

// Bound to one thread. Throws what dlib throws.
class DlibResNet {
 public:
  static constexpr int kSide = 150;

  explicit DlibResNet(const std::filesystem::path& file);
  ~DlibResNet();

  // 128 numbers for kSide rows of kSide pixels, each red, green, blue.
  std::vector<float> run(const std::uint8_t* pixels);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maitred::bench
