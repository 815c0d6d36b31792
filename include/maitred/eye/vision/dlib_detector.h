// The detector of the `demo` engine, which needs no model file of this project: dlib's frontal face
// detector with the 68-point landmark model of Debian's libdlib-data.
#pragma once

#include <filesystem>
#include <memory>

#include "maitred/base/result.h"
#include "maitred/eye/vision/engine.h"

namespace maitred {

// `landmarks_model` is shape_predictor_68_face_landmarks.dat. The eye points are the centres of the
// eyes' outlines. Faces narrower than about 80 px are found in an enlarged image, which takes up to
// four times as long. Errors: model_missing, model_invalid.
Result<std::unique_ptr<FaceDetector>> make_dlib_detector(
    const std::filesystem::path& landmarks_model);

}  // namespace maitred
