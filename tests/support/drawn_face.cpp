#include "tests/support/drawn_face.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "tests/support/drawn_parts.h"
#include "tests/support/drawn_random.h"

namespace maitred::drawn {
namespace {

constexpr double kRadians = CV_PI / 180.0;

Light some_light(Random& random, double strength) {
  Light light;
  light.from = {random.uniform(-0.9, 0.9) * strength, random.uniform(-0.8, 0.1), 0.8};
  light.diffuse = random.uniform(0.25, 0.35 + 0.35 * strength);
  light.ambient = 1.08 - 0.8 * light.diffuse;
  light.gain = 1.0 + random.uniform(-0.32, 0.22) * strength;
  const double warmth = random.uniform(-0.09, 0.09) * strength;
  light.tint = Colour(1.0 - warmth, 1.0, 1.0 + warmth);
  return light;
}

}  // namespace

Look everyday_look(std::uint64_t seed) {
  Random random(seed ^ 0xE7E4DA1ULL);
  Look look;
  look.face_width_px = random.uniform(78.0, 190.0);
  look.yaw = random.around(0.0, 7.0);
  look.pitch = random.around(0.0, 4.5);
  look.roll = random.around(0.0, 4.0);
  look.shift_x = random.uniform(-0.12, 0.12);
  look.shift_y = random.uniform(-0.08, 0.08);
  look.light = some_light(random, 1.0);
  look.smile = random.uniform(0.0, 1.0);
  look.blink = random.chance(0.06) ? random.uniform(0.5, 1.0) : random.uniform(0.0, 0.15);
  look.brow_raise = random.uniform(-0.6, 1.0);
  look.noise = random.uniform(0.5, 7.0);
  look.blur_px = random.chance(0.5) ? random.uniform(0.3, 1.2) : 0.0;
  look.clothes = random.next();
  look.seed = random.next();
  return look;
}

Look studio_look(std::uint64_t seed) {
  Random random(seed ^ 0x57D10ULL);
  Look look;
  look.face_width_px = 170.0;
  look.yaw = random.around(0.0, 1.5);
  look.pitch = random.around(0.0, 1.0);
  look.roll = random.around(0.0, 1.0);
  look.light = some_light(random, 0.25);
  look.smile = random.uniform(0.3, 0.7);
  look.noise = 1.0;
  look.clothes = random.next();
  look.seed = random.next();
  return look;
}

void draw_onto(cv::Mat& scene, const DrawnPerson& person, const Look& look, cv::Point2d centre_px) {
  Pose pose;
  pose.centre_px = centre_px;
  pose.unit_px = look.face_width_px / 2.0;
  pose.yaw = look.yaw * kRadians;
  pose.pitch = look.pitch * kRadians;
  pose.roll = look.roll * kRadians;
  Pose upright = pose;  // the torso does not nod with the head
  upright.yaw = upright.pitch = 0.0;
  upright.roll = pose.roll * 0.3;
  constexpr double kReachOfClothes = 9.5;
  const bool scarf = person.hair.style == HairStyle::kHeadscarf;
  const auto draw_back_hair = [&] {
    Canvas back(scene, pose, person.head);
    paint_back_hair(back, person);
    back.finish(look.light);
  };
  if (!scarf) draw_back_hair();
  Canvas torso(scene, upright, person.head, kReachOfClothes);
  paint_torso(torso, person, look.clothes);
  torso.finish(look.light);
  if (scarf) draw_back_hair();  // a scarf falls over the shoulders
  Canvas face(scene, pose, person.head);
  paint_skin(face, person);
  paint_marks(face, person);
  paint_beard(face, person);
  paint_nose(face, person);
  paint_mouth(face, person, look);
  paint_moustache(face, person);
  paint_eyes(face, person, look);
  paint_brows(face, person, look);
  paint_front_hair(face, person);
  paint_glasses(face, person);
  face.finish(look.light);
}

void apply_camera(cv::Mat& picture, double blur_px, double noise, std::uint64_t seed) {
  if (blur_px > 0.0) cv::GaussianBlur(picture, picture, cv::Size(0, 0), blur_px);
  if (noise <= 0.0) return;
  cv::RNG random(seed);
  cv::Mat grain(picture.size(), CV_16SC3);
  random.fill(grain, cv::RNG::NORMAL, cv::Scalar::all(0), cv::Scalar::all(noise));
  cv::add(picture, grain, picture, cv::noArray(), CV_8UC3);
}

cv::Mat draw_face(const DrawnPerson& person, const Look& look) {
  return draw_portrait(person, look, cvRound(look.face_width_px * 2.3));
}

cv::Mat draw_portrait(const DrawnPerson& person, Look look, int size_px) {
  Random random(look.seed ^ 0xBAC4ULL);
  Colour wall;
  const double grey = random.uniform(90.0, 220.0);
  for (int i = 0; i < 3; ++i) wall[i] = grey + random.uniform(-25.0, 25.0);
  cv::Mat picture(size_px, size_px, CV_8UC3, wall);
  const double middle = size_px / 2.0;
  draw_onto(
      picture, person, look,
      {middle + look.shift_x * look.face_width_px, middle + look.shift_y * look.face_width_px});
  apply_camera(picture, look.blur_px, look.noise, look.seed);
  return picture;
}

}  // namespace maitred::drawn
