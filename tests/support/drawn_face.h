// Draws a made-up person as seen once: pose, light, expression, camera.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "tests/support/drawn_canvas.h"
#include "tests/support/drawn_person.h"

namespace maitred::drawn {

// How a person is seen in one picture. Angles in degrees.
struct Look {
  double face_width_px = 160.0;
  double yaw = 0.0, pitch = 0.0, roll = 0.0;
  double shift_x = 0.0, shift_y = 0.0;  // of the head in a portrait, in face widths
  Light light{};
  double smile = 0.2;       // 0 to 1
  double blink = 0.0;       // 0 open, 1 closed
  double brow_raise = 0.0;  // -1 to 1
  double noise = 0.0;       // standard deviation, grey levels
  double blur_px = 0.0;
  std::uint64_t clothes = 0;  // what they wear
  std::uint64_t seed = 0;     // of the noise and the background
};

// What a camera meets in a day: any light, pose within about 20 degrees. Pure.
Look everyday_look(std::uint64_t seed);
// What one asks for at enrolment: facing the camera, good light. Pure.
Look studio_look(std::uint64_t seed);

// Draws the person with the middle of the face at `centre_px`, onto a scene. Noise and blur of the
// look are left out: they are the camera's, see `apply_camera`.
void draw_onto(cv::Mat& scene, const DrawnPerson& person, const Look& look, cv::Point2d centre_px);
// Blur, then noise, of the whole picture.
void apply_camera(cv::Mat& picture, double blur_px, double noise, std::uint64_t seed);

// A portrait on a plain background, about 2.5 face widths wide and as high: BGR, 8 bits.
cv::Mat draw_face(const DrawnPerson& person, const Look& look);
// The same, `size_px` wide and high.
cv::Mat draw_portrait(const DrawnPerson& person, Look look, int size_px);

}  // namespace maitred::drawn
