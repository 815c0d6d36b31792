// Any bytes as an OpenVINO IR: two bytes of length, so much of .xml, the rest is the .bin.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "src/eye/inference/graph/passes.h"
#include "src/eye/inference/readers/importer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maitred::inference;
  if (size < 2) return 0;
  const std::size_t wanted = data[0] | static_cast<std::size_t>(data[1]) << 8;
  const std::size_t xml = std::min(wanted, size - 2);
  auto model = read_ir({data + 2, xml}, {data + 2 + xml, size - 2 - xml});
  if (!model) return 0;
  const auto graph = import_model(*std::move(model), {});
  if (!graph) return 0;
  const auto simple = simplify(*graph);
  if (simple) (void)fuse(*simple);
  return 0;
}
