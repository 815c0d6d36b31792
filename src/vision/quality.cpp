#include "maitred/vision/quality.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "maitred/vision/align.h"
#include "mat.h"

namespace maitred {
namespace {

// Measured on people/known, portraits and made degradations (blur, dark, burnt, small, turned); see
// tests/unit/vision/quality_real_test.cpp.
constexpr float kEnrolWidthPx = 48.0F;
constexpr float kEnrolSharpness = 0.10F;
constexpr float kEnrolDark = 40.0F;
constexpr float kEnrolBright = 225.0F;
constexpr float kEnrolYaw = 0.55F;
constexpr float kEnrolPitch = 0.25F;
constexpr float kEnrolRollDeg = 45.0F;

// A second face this wide, against the widest, is another person of the photo.
constexpr float kSecondPersonShare = 0.5F;

// Where the nose lies between eyes (0) and mouth (1) in a level face.
constexpr float kLevelNose = 0.49F;

// A crop's landmarks lie where the retail engine wants them, at a chosen size.
AlignTarget scaled_target(int side_px) {
  AlignTarget target = retail_target();
  const float factor = static_cast<float>(side_px) / static_cast<float>(target.width_px);
  for (Point& point : target.points) point = {point.x_px * factor, point.y_px * factor};
  target.width_px = side_px;
  target.height_px = side_px;
  return target;
}

// Skin, eyes and mouth without hair and background.
cv::Rect inner_face(int side_px) {
  const auto at = [side_px](double fraction) {
    return static_cast<int>(std::lround(fraction * side_px));
  };
  return {cv::Point(at(0.22), at(0.32)), cv::Point(at(0.78), at(0.92))};
}

void measure_light(const cv::Mat& grey, FaceMeasures& measures) {
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(grey, mean, deviation);
  measures.mean_light = static_cast<float>(mean[0]);
  measures.contrast = static_cast<float>(deviation[0]);
  const auto pixels = static_cast<float>(grey.total());
  measures.dark_share = static_cast<float>(cv::countNonZero(grey < 16)) / pixels;
  measures.bright_share = static_cast<float>(cv::countNonZero(grey > 250)) / pixels;
}

// Standard deviation of the Laplacian over that of the grey: the same in weak and strong light.
float measure_sharpness(const cv::Mat& grey, float contrast) {
  cv::Mat laplacian;
  cv::Laplacian(grey, laplacian, CV_32F, 1);
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(laplacian, mean, deviation);
  // Noise of the sensor on a flat grey must not count as detail.
  return static_cast<float>(deviation[0]) / std::max(contrast, 12.0F);
}

void measure_pose(const Landmarks& points, FaceMeasures& measures) {
  const float dx = points[1].x_px - points[0].x_px;
  const float dy = points[1].y_px - points[0].y_px;
  const float eyes = std::hypot(dx, dy);
  measures.roll_deg = std::atan2(dy, dx) * 180.0F / std::numbers::pi_v<float>;
  if (!(eyes > 0.0F)) {
    measures.yaw = 1.0F;
    return;
  }
  // In a frame whose x runs along the eyes.
  const auto turned = [&](const Point& point) {
    const float x = point.x_px - points[0].x_px;
    const float y = point.y_px - points[0].y_px;
    return Point{(x * dx + y * dy) / eyes, (y * dx - x * dy) / eyes};
  };
  const Point nose = turned(points[2]);
  const Point left_mouth = turned(points[3]);
  const Point right_mouth = turned(points[4]);
  const float mouth_y = (left_mouth.y_px + right_mouth.y_px) / 2.0F;
  const float mouth_x = (left_mouth.x_px + right_mouth.x_px) / 2.0F;
  // The nose stands out, so it runs ahead of the plane of eyes and mouth.
  const float middle = (eyes / 2.0F + mouth_x) / 2.0F;
  measures.yaw = std::clamp(2.0F * (nose.x_px - middle) / eyes, -1.0F, 1.0F);
  measures.pitch =
      mouth_y > 0.0F ? std::clamp(nose.y_px / mouth_y - kLevelNose, -1.0F, 1.0F) : 1.0F;
}

float ramp(float value, float from, float to) {
  return std::clamp((value - from) / (to - from), 0.0F, 1.0F);
}

}  // namespace

FaceMeasures measure_face(const ImageView& image, const Face& face) {
  FaceMeasures measures;
  measures.width_px = face.box.width_px;
  measure_pose(face.landmarks, measures);
  const float scale = fit_similarity(face.landmarks, retail_target().points).scale();
  // A small face is not enlarged: that would look like blur.
  const int side_px = scale > 1.0F ? std::clamp(static_cast<int>(128.0F / scale), 40, 128) : 128;
  const Image crop = align_face(image, face.landmarks, scaled_target(side_px));
  cv::Mat grey;
  cv::cvtColor(mat_of(crop.view), grey, cv::COLOR_BGR2GRAY);
  const cv::Mat inner = grey(inner_face(side_px));
  measure_light(inner, measures);
  measures.sharpness = measure_sharpness(inner, measures.contrast);
  return measures;
}

FaceQuality grade_face(const FaceMeasures& measures) {
  FaceQuality quality;
  quality.size = ramp(measures.width_px, 16.0F, 90.0F);
  quality.sharpness = ramp(measures.sharpness, 0.04F, 0.30F);
  quality.light = std::min({ramp(measures.mean_light, 15.0F, 70.0F),
                            1.0F - ramp(measures.mean_light, 190.0F, 245.0F),
                            ramp(measures.contrast, 5.0F, 25.0F)});
  const float yaw = 1.0F - ramp(std::abs(measures.yaw), 0.10F, 0.80F);
  const float pitch = 1.0F - ramp(std::abs(measures.pitch), 0.08F, 0.40F);
  const float roll = 1.0F - ramp(std::abs(measures.roll_deg), 30.0F, 80.0F);
  quality.pose = std::min({yaw, pitch, roll});
  // One bad part spoils the face, so they multiply; the root keeps middling faces comparable.
  const float product = quality.size * quality.sharpness * quality.light * quality.pose;
  quality.overall = std::sqrt(std::sqrt(product));
  return quality;
}

std::string_view photo_fault_code(PhotoFault fault) {
  switch (fault) {
    case PhotoFault::kNoFace:
      return "no_face";
    case PhotoFault::kSeveralFaces:
      return "several_faces";
    case PhotoFault::kTooSmall:
      return "too_small";
    case PhotoFault::kTooDark:
      return "too_dark";
    case PhotoFault::kTooBright:
      return "too_bright";
    case PhotoFault::kBlurred:
      return "blurred";
    case PhotoFault::kTurnedAway:
      return "turned_away";
  }
  return "no_face";
}

std::string_view photo_fault_message(PhotoFault fault) {
  switch (fault) {
    case PhotoFault::kNoFace:
      return "no face was found in the photo; take one of the whole face, looking at the camera";
    case PhotoFault::kSeveralFaces:
      return "several faces are in the photo; take one of this person alone, or cut the photo";
    case PhotoFault::kTooSmall:
      return "the face is too small in the photo; go closer, or use the photo in full resolution";
    case PhotoFault::kTooDark:
      return "the face is too dark; take the photo with light on the face, not behind it";
    case PhotoFault::kTooBright:
      return "the face is burnt out by too much light; take the photo in softer light";
    case PhotoFault::kBlurred:
      return "the face is blurred; hold the camera still, or let it focus on the face";
    case PhotoFault::kTurnedAway:
      return "the face is turned away; take a photo of the person looking at the camera";
  }
  return "";
}

MainFace choose_main_face(std::span<const Face> faces, Purpose purpose) {
  if (faces.empty()) return {std::nullopt, PhotoFault::kNoFace};
  std::size_t widest = 0;
  for (std::size_t i = 1; i < faces.size(); ++i) {
    if (faces[i].box.width_px > faces[widest].box.width_px) widest = i;
  }
  const auto others = std::count_if(faces.begin(), faces.end(), [&](const Face& face) {
    return face.box.width_px >= kSecondPersonShare * faces[widest].box.width_px;
  });
  if (others > 1 && purpose == Purpose::kEnrol) return {std::nullopt, PhotoFault::kSeveralFaces};
  return {widest, std::nullopt};
}

std::optional<PhotoFault> enrolment_fault(const FaceMeasures& measures) {
  if (measures.width_px < kEnrolWidthPx) return PhotoFault::kTooSmall;
  if (measures.mean_light < kEnrolDark) return PhotoFault::kTooDark;
  if (measures.mean_light > kEnrolBright) return PhotoFault::kTooBright;
  if (measures.sharpness < kEnrolSharpness) return PhotoFault::kBlurred;
  if (std::abs(measures.yaw) > kEnrolYaw || std::abs(measures.pitch) > kEnrolPitch ||
      std::abs(measures.roll_deg) > kEnrolRollDeg) {
    return PhotoFault::kTurnedAway;
  }
  return std::nullopt;
}

}  // namespace maitred
