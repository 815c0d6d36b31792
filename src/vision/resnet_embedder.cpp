#include "maitred/vision/resnet_embedder.h"
namespace maitred {
Result<std::unique_ptr<FaceEmbedder>> make_resnet_embedder(const std::filesystem::path& file) {
  return environment_error("model_unsupported", "no " + file.string());
}
}  // namespace maitred
