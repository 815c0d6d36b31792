// Any bytes as an ONNX file: read, imported, simplified, fused; never a crash, never much memory.
#include <cstddef>
#include <cstdint>

#include "src/eye/inference/graph/passes.h"
#include "src/eye/inference/readers/importer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maitred::inference;
  auto model = read_onnx({data, size});
  if (!model) return 0;
  const auto graph = import_model(*std::move(model), {});
  if (!graph) return 0;
  const auto simple = simplify(*graph);
  if (simple) (void)fuse(*simple);
  return 0;
}
