// The drawn faces whose templates, as dlib computes them, lie in tests/golden/demo_templates.txt.
#pragma once

#include <cstdint>

#include "maitred/eye/vision/align.h"
#include "tests/support/drawn_face.h"

namespace maitred::demo {

struct GoldenFace {
  cv::Mat picture;
  Landmarks landmarks{};
};

inline GoldenFace golden_face(std::uint64_t seed) {
  GoldenFace face{drawn::draw_face(drawn::make_person(seed), drawn::everyday_look(seed)), {}};
  // About where the face lies. The detector is not asked: the network is compared, nothing else.
  const float side = static_cast<float>(face.picture.cols);
  face.landmarks = demo_target().points;
  for (Point& point : face.landmarks) {
    point = {side * (0.5F + (point.x_px - 32.0F) / 100.0F),
             side * (0.5F + (point.y_px - 32.0F) / 100.0F)};
  }
  return face;
}

}  // namespace maitred::demo
