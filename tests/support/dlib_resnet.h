// dlib's face recognition ResNet as dlib itself runs it, for comparison: the architecture is that
// of the published file, the weights are made up where no file is given. dlib's templates are slow
// to compile and stay in the .cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace maitred::test {

// Bound to one thread. Throws what dlib throws.
class DlibResNet {
 public:
  static constexpr int kSide = 150;

  // Weights, batch norms and all, as `seed` draws them.
  explicit DlibResNet(std::uint32_t seed);
  explicit DlibResNet(const std::filesystem::path& file);
  ~DlibResNet();

  // 128 numbers for 150 rows of 150 pixels, each red, green, blue.
  std::vector<float> run(const std::uint8_t* pixels);
  void write(const std::filesystem::path& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same network as training leaves it, with batch norms that have seen a few pictures.
void write_dlib_resnet_in_training(const std::filesystem::path& file, std::uint32_t seed);

}  // namespace maitred::test
