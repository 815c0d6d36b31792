// Embedders that consist of an alignment and one network.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "maitred/eye/inference/network.h"
#include "maitred/eye/vision/align.h"
#include "maitred/eye/vision/engine.h"

namespace maitred {

// The input of one network: value = (channel - mean) * scale, planes in the given order.
struct EmbedderSpec {
  std::string engine;
  AlignTarget target;
  bool rgb = false;  // else BGR
  float mean = 0.0F;
  float scale = 1.0F;
  int template_length = 0;
};

// face-reidentification-retail-0095: 128x128 BGR, raw; 256 floats.
EmbedderSpec retail_spec();
// SFace (OpenCV Zoo): 112x112 RGB, raw, as cv::FaceRecognizerSF feeds it; 128 floats.
EmbedderSpec sface_spec();
// dlib's face recognition ResNet: 150x150 RGB, raw; 128 floats.
EmbedderSpec dlib_spec();

// Errors: those of load_network; model_invalid if the input or output does not fit the spec.
Result<std::unique_ptr<FaceEmbedder>> make_network_embedder(
    const std::filesystem::path& file, EmbedderSpec spec, Backend backend = Backend::kAuto,
    Precision precision = Precision::kFloat);

}  // namespace maitred
