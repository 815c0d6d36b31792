// YuNet, a small face detector with five landmarks. Source: W. Wu, H. Peng, S. Yu, "YuNet: A tiny
// millisecond-level face detector", Machine Intelligence Research 20, 2023; the files of
// libfacedetection.train (outputs cls, obj, bbox, kps at strides 8, 16, 32, decoded here).
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "maitred/eye/inference/network.h"
#include "maitred/eye/vision/engine.h"

namespace maitred {

struct YunetOptions {
  float score_threshold = 0.65F;
  float nms_overlap = 0.3F;
  Backend backend = Backend::kAuto;
  Precision precision = Precision::kFloat;
};

struct InputSize {
  int width_px = 0;
  int height_px = 0;
  bool operator==(const InputSize&) const = default;
};

// Returns the smallest input (sides multiples of 32) in which a face of `min_face_px` is still
// found, and the factor by which the image is reduced for it. Images are never enlarged; a black
// border fills them up to a multiple of 32. Pure.
struct DetectionScale {
  InputSize input;
  float factor = 1.0F;  // input pixels per image pixel, 0 to 1
};
DetectionScale choose_detection_scale(InputSize image, int min_face_px);

// Raw outputs of one stride: row-major cells of rows x columns.
struct YunetStride {
  int stride_px = 0;
  int columns = 0;
  int rows = 0;
  std::span<const float> cls;   // 1 a cell
  std::span<const float> obj;   // 1 a cell
  std::span<const float> bbox;  // 4 a cell
  std::span<const float> kps;   // 10 a cell
};
// Returns the faces above the score threshold in input pixels, with overlaps. Pure.
std::vector<Face> decode_yunet(std::span<const YunetStride> strides, float score_threshold);

// Greedy non-maximum suppression, best score first. Pure.
std::vector<Face> suppress_overlaps(std::vector<Face> faces, float max_overlap);

// Reads either YuNet file. Errors: those of load_network; model_invalid for other outputs.
Result<std::unique_ptr<FaceDetector>> make_yunet_detector(const std::filesystem::path& file,
                                                          const YunetOptions& options = {});

}  // namespace maitred
