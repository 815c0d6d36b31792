// JSON from outside under the control socket's limits: built or refused, never deeper than allowed.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "maitred/base/json.h"
#include "maitred/doors/control/server.h"

namespace {

int depth_of(const nlohmann::json& value) {
  if (!value.is_structured()) return 0;
  int deepest = 0;
  for (const auto& element : value) deepest = std::max(deepest, depth_of(element));
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const maitred::JsonLimits limits{maitred::kControlLineLimitBytes, maitred::kControlDepthLimit};
  const auto value = maitred::parse_json(line, limits);
  if (!value) return 0;
  if (depth_of(*value) > limits.depth || !maitred::is_utf8(line)) std::abort();
  if (!maitred::parse_json(maitred::json_text(*value), limits)) std::abort();
  return 0;
}
