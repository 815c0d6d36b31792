// The `demo` engine, for a machine without model files: dlib's frontal face detector with the
// 68-point landmark model of Debian's libdlib-data, and a small network trained on drawn people.
// It knows drawn people, not real ones.
#pragma once

#include <filesystem>
#include <memory>

#include "maitred/base/result.h"
#include "maitred/eye/vision/engine.h"

namespace maitred {

inline constexpr int kDemoTemplateLength = 64;

// A detector with landmarks; `landmarks_model` is shape_predictor_68_face_landmarks.dat. The eye
// points are the centres of the eyes' outlines. Faces narrower than about 80 px cost an enlarged
// image, so their search takes up to four times as long.
// Errors: model_missing, model_invalid.
Result<std::unique_ptr<FaceDetector>> make_dlib_detector(
    const std::filesystem::path& landmarks_model);

// The embedder named "demo": float[kDemoTemplateLength], L2-normalised. `weights` is the file that
// models/demo/train_demo.cpp writes. Errors: model_missing, model_invalid.
Result<std::unique_ptr<FaceEmbedder>> make_demo_embedder(const std::filesystem::path& weights);

}  // namespace maitred
