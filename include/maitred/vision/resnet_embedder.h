// dlib's face recognition ResNet (dlib_face_recognition_resnet_model_v1.dat): 150x150 RGB face
// chip, 128 floats.
#pragma once

#include <filesystem>
#include <memory>

#include "maitred/vision/engine.h"

namespace maitred {

// Errors: file_missing, model_invalid.
Result<std::unique_ptr<FaceEmbedder>> make_resnet_embedder(const std::filesystem::path& file);

}  // namespace maitred
