// The embedder of the `demo` engine: a small network trained on drawn people. It knows drawn
// people, not real ones.
#pragma once

#include <filesystem>
#include <memory>

#include "maitred/base/result.h"
#include "maitred/eye/inference/network.h"
#include "maitred/eye/vision/engine.h"

namespace maitred {

inline constexpr int kDemoTemplateLength = 64;

// The embedder named "demo": float[kDemoTemplateLength], L2-normalised. `file` is demo.onnx, which
// models/demo/export_demo.cpp writes. Errors: model_missing, model_invalid, model_unsupported.
Result<std::unique_ptr<FaceEmbedder>> make_demo_embedder(const std::filesystem::path& file,
                                                         Backend backend = Backend::kAuto);

}  // namespace maitred
