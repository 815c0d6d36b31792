// Any bytes as dlib's ResNet, plain or packed: never a crash, never much memory.
#include <cstddef>
#include <cstdint>

#include "src/eye/inference/readers/dlib_resnet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maitred::inference;
  const auto weights = read_dlib_resnet({data, size});
  if (weights) (void)build_dlib_resnet(*weights, 1);
  return 0;
}
