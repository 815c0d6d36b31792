// The engines that look at the drawn people, and where their files lie.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <string>

#include "maitred/eye/vision/demo_embedder.h"
#include "maitred/eye/vision/dlib_detector.h"
#include "maitred/eye/vision/load_engine.h"

namespace maitred::drawn {

inline const char* kLandmarksModel = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";

inline std::filesystem::path source_file(const std::string& name) {
  return std::filesystem::path(MAITRED_SOURCE_DIR) / name;
}

inline std::filesystem::path shared_models() {
  const char* shared = std::getenv("MAITRED_SHARED");
  return (shared != nullptr ? std::filesystem::path(shared) : source_file("../shared")) / "models";
}

// Loaded once: reading the landmark model takes seconds.
inline Result<Engine>& demo_engine() {
  static Result<Engine> engine = [] {
    EngineSources sources;
    sources.engine = "demo";
    sources.files = {{"landmarks", kLandmarksModel},
                     {"embedder", source_file("models/demo/demo.onnx")}};
    return load_engine(sources);
  }();
  return engine;
}

inline Result<Engine> load_retail_engine() {
  EngineSources sources;
  sources.engine = "retail";
  sources.files = {{"detector", shared_models() / "face_detection_yunet_2023mar.onnx"},
                   {"embedder", shared_models() / "face-reidentification-retail-0095.xml"}};
  return load_engine(sources);
}

inline ImageView view_of(const cv::Mat& picture) {
  return {picture.data, picture.cols, picture.rows, picture.step[0]};
}

// The best face of a portrait; an empty template where there is none.
inline Template template_of(Engine& engine, const cv::Mat& picture) {
  const auto faces = engine.detector->detect(view_of(picture), 60);
  if (!faces || faces->empty()) return {};
  auto made = engine.embedder->embed(view_of(picture), faces->front().landmarks);
  return made ? std::move(*made) : Template();
}

}  // namespace maitred::drawn
