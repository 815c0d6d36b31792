// Faces as a detector finds them. Pixels; the origin is the top left of the frame, x to the right,
// y down.
#pragma once

#include <array>

namespace maitred {

struct Point {
  float x_px = 0.0F;
  float y_px = 0.0F;
};

struct Box {
  float x_px = 0.0F;  // left
  float y_px = 0.0F;  // top
  float width_px = 0.0F;
  float height_px = 0.0F;

  float area_px2() const { return width_px * height_px; }
  Point centre() const { return {x_px + width_px / 2.0F, y_px + height_px / 2.0F}; }
};

// Intersection over union, 0 to 1. Pure.
float overlap(const Box& a, const Box& b);

// In image order from the left: eye, eye, nose tip, mouth corner, mouth corner.
using Landmarks = std::array<Point, 5>;

struct Face {
  Box box;
  Landmarks landmarks{};
  float score = 0.0F;  // the detector's own confidence, 0 to 1
};

// How well a face is suited for recognition; each part is 0 (useless) to 1 (good). Pure data.
struct FaceQuality {
  float size = 0.0F;       // of the face, relative to the engine's input
  float sharpness = 0.0F;  // of the aligned face
  float light = 0.0F;      // neither dark nor burnt out
  float pose = 0.0F;       // frontal, from the landmarks
  float overall = 0.0F;    // the weight in fusion
};

}  // namespace maitred
