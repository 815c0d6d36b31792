// A picture of a face stays the same however it is carried; a blink or a turn shows.
#include "maitred/eye/vision/face_motion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <random>
#include <vector>

#include "test_media.h"
#include "tests/support/drawn_face.h"

namespace maitred {
namespace {

// What a moving photo gives at most and a living face at least (tracking/liveness_fusion.h).
constexpr float kMoves = 0.012F;

struct Picture {
  cv::Mat pixels;
  Face face;
};

Picture draw(const drawn::DrawnPerson& person, const drawn::Look& look) {
  Picture picture{drawn::draw_portrait(person, look, 400), {}};
  const auto at = [&](double x, double y) {
    const double unit = look.face_width_px / 2.0;
    return Point{static_cast<float>(200.0 + x * unit), static_cast<float>(200.0 + y * unit)};
  };
  const double eye = person.eyes.spacing;
  const double mouth = person.mouth.width / 2.0;
  picture.face.landmarks = {at(-eye, person.eyes.y), at(eye, person.eyes.y),
                            at(0.0, person.nose.tip_y), at(-mouth, person.mouth.y),
                            at(mouth, person.mouth.y)};
  return picture;
}

// The picture held nearer or further, turned in its plane and a little out of it, with the noise of
// a camera and landmarks that are not exact.
Picture carried(const Picture& held, std::mt19937& random) {
  std::uniform_real_distribution<float> unit(-1.0F, 1.0F);
  const float size = 400.0F;
  std::array<cv::Point2f, 4> from{{{0, 0}, {size, 0}, {size, size}, {0, size}}};
  std::array<cv::Point2f, 4> to = from;
  const float scale = 1.0F + 0.15F * unit(random);
  const float angle = 0.1F * unit(random);
  for (cv::Point2f& corner : to) {
    const cv::Point2f p = (corner - cv::Point2f(200, 200)) * scale;
    corner = {200 + p.x * std::cos(angle) - p.y * std::sin(angle) + 4 * unit(random),
              200 + p.x * std::sin(angle) + p.y * std::cos(angle) + 4 * unit(random)};
  }
  const cv::Mat map = cv::getPerspectiveTransform(from.data(), to.data());
  Picture seen{cv::Mat(), held.face};
  cv::warpPerspective(held.pixels, seen.pixels, map, held.pixels.size(), cv::INTER_LINEAR,
                      cv::BORDER_REPLICATE);
  drawn::apply_camera(seen.pixels, 0.6, 3.0, random());
  std::vector<cv::Point2f> points;
  for (const Point& point : held.face.landmarks) points.emplace_back(point.x_px, point.y_px);
  cv::perspectiveTransform(points, points, map);
  for (std::size_t i = 0; i < points.size(); ++i) {
    seen.face.landmarks[i] = {points[i].x + unit(random), points[i].y + unit(random)};
  }
  return seen;
}

float largest_change(const std::vector<Picture>& frames) {
  FaceMotion motion;
  float largest = 0.0F;
  for (const Picture& frame : frames) {
    largest = std::max(largest, motion.change(test::view_of(frame.pixels), frame.face));
  }
  return largest;
}

TEST(FaceMotion, APictureCarriedAboutIsStillAndABlinkIsNot) {
  std::mt19937 random(7);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const drawn::DrawnPerson person = drawn::make_person(seed);
    drawn::Look look = drawn::studio_look(seed);
    look.face_width_px = 130.0;
    look.yaw = look.pitch = look.roll = look.shift_x = look.shift_y = look.noise = 0.0;
    const Picture photo = draw(person, look);
    std::vector<Picture> frames;
    for (int i = 0; i < 10; ++i) frames.push_back(carried(photo, random));
    EXPECT_LT(largest_change(frames), kMoves) << "person " << seed;
    look.yaw = 12.0;
    look.blink = 1.0;
    frames.push_back(carried(draw(person, look), random));
    EXPECT_GT(largest_change(frames), kMoves) << "person " << seed;
  }
}

TEST(FaceMotion, TheFirstFrameHasNothingToDifferFrom) {
  const cv::Mat grey(200, 200, CV_8UC3, cv::Scalar::all(90));
  Face face;
  face.landmarks = {{{70, 80}, {130, 80}, {100, 110}, {75, 140}, {125, 140}}};
  FaceMotion motion;
  EXPECT_EQ(motion.change(test::view_of(grey), face), 0.0F);
  // Nothing to register by is answered, too.
  EXPECT_TRUE(std::isfinite(motion.change(test::view_of(grey), face)));
  face.landmarks = {};
  EXPECT_TRUE(std::isfinite(motion.change(test::view_of(grey), face)));
}

}  // namespace
}  // namespace maitred
