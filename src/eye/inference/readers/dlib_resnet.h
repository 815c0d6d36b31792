// dlib's face recognition ResNet (dlib_face_recognition_resnet_model_v1.dat; He et al. with half
// the filters): 29 convolutions, each with a fixed batch norm. Private to this module. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

struct ResNetLayer {
  std::int64_t filters = 0;
  std::int64_t side = 0;  // of the kernel
  std::int64_t stride = 1;
  std::vector<float> weights;  // [filters][inputs][side][side]
  std::vector<float> bias;     // [filters]
  std::vector<float> scale;    // of the fixed batch norm after it: y = x * scale + shift
  std::vector<float> shift;
};

struct ResNetWeights {
  std::array<float, 3> means{};     // of red, green and blue, 0 to 255
  std::vector<ResNetLayer> layers;  // from the input
  std::vector<float> end;           // [256][128]
};

inline constexpr std::int64_t kResNetSide = 150;
inline constexpr std::int64_t kResNetLength = 128;

// Reads untrusted bytes, plain or packed by bzip2. Error: model_invalid, also for other networks.
Result<ResNetWeights> read_dlib_resnet(std::span<const std::uint8_t> bytes);

// Input [batch, 3, 150, 150], planes red, green, blue, 0 to 255; output [batch, 128], not
// normalised. Error: model_invalid if the layers are not those of this network.
Result<Graph> build_dlib_resnet(const ResNetWeights& weights, std::int64_t batch);

}  // namespace maitred::inference
