#include "maitred/eye/vision/quality.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "aligned_target.h"
#include "maitred/eye/vision/align.h"
#include "mat.h"

namespace maitred {
namespace {

// Chosen on LFW faces, portraits and artificial degradations (blur, dark, burnt, small, turned).
// tests/unit/eye/vision/quality_real_test.cpp checks them.
constexpr float kEnrolWidthPx = 48.0F;
// A small face lacks detail because of its resolution; a large face without detail is blurred.
constexpr float kSmallSharpness = 0.58F;  // up to 100 px
constexpr float kLargeSharpness = 0.69F;  // from 200 px
constexpr float kEnrolDark = 45.0F;
constexpr float kEnrolBright = 215.0F;
constexpr float kEnrolBurnt = 0.25F;  // share of the pixels
constexpr float kEnrolYaw = 1.05F;    // about 50 degrees
constexpr float kEnrolPitch = 0.28F;
constexpr float kEnrolRollDeg = 45.0F;
constexpr float kEnrolFeatures = 0.09F;

// A face with this share of the highest prominence counts as another person in the photo.
constexpr float kSecondPersonShare = 0.75F;

// Place of the nose between eyes (0) and mouth (1) in a level face.
constexpr float kLevelNose = 0.56F;

// Skin, eyes and mouth without hair and background.
cv::Rect inner_face(int side_px) {
  const auto at = [side_px](double fraction) {
    return static_cast<int>(std::lround(fraction * side_px));
  };
  return {cv::Point(at(0.18), at(0.28)), cv::Point(at(0.82), at(0.95))};
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

// Measures the detail of `grey` between two scales, in pixels of a 128 px crop, as the second
// moments of its gradient within `inner`.
cv::Matx22d detail(const cv::Mat& grey, const cv::Rect& inner, double fine, double coarse) {
  cv::Mat fine_blur;
  cv::Mat coarse_blur;
  cv::GaussianBlur(grey, fine_blur, {}, fine);
  cv::GaussianBlur(grey, coarse_blur, {}, coarse);
  const cv::Mat band = fine_blur - coarse_blur;
  cv::Mat dx;
  cv::Mat dy;
  cv::Sobel(band, dx, CV_32F, 1, 0, 1);
  cv::Sobel(band, dy, CV_32F, 0, 1, 1);
  dx = dx(inner);
  dy = dy(inner);
  const double across = dx.dot(dy);
  return {dx.dot(dx), across, across, dy.dot(dy)};
}

// Blur removes fine detail and leaves coarse detail; motion blur does so in one direction only. So
// sharpness is the least ratio of fine to coarse detail over all directions: the root of the
// smaller generalised eigenvalue of their gradient moments. Contrast and skin colour cancel out.
float measure_sharpness(const cv::Mat& grey, const cv::Rect& inner) {
  const double unit = grey.cols / 128.0;
  cv::Mat values;
  grey.convertTo(values, CV_32F);
  const cv::Matx22d fine = detail(values, inner, 1.0 * unit, 2.0 * unit);
  cv::Matx22d coarse = detail(values, inner, 2.5 * unit, 5.0 * unit);
  // Keeps the ratio finite for a face without any detail.
  const double floor = 1e-3 * static_cast<double>(inner.area());
  coarse(0, 0) += floor;
  coarse(1, 1) += floor;
  const cv::Matx22d ratio = coarse.inv() * fine;
  const double half_trace = (ratio(0, 0) + ratio(1, 1)) / 2.0;
  const double determinant = ratio(0, 0) * ratio(1, 1) - ratio(0, 1) * ratio(1, 0);
  const double smaller =
      half_trace - std::sqrt(std::max(0.0, half_trace * half_trace - determinant));
  return static_cast<float>(std::sqrt(std::max(0.0, smaller)));
}

// A covered eye or mouth shows as a patch without contrast.
float measure_features(const cv::Mat& grey, const AlignTarget& target, float contrast) {
  const auto side = static_cast<float>(grey.cols);
  cv::Mat smooth;
  cv::GaussianBlur(grey, smooth, {}, side / 128.0);
  const auto contrast_at = [&](float x_px, float y_px, float half_width, float half_height) {
    const cv::Rect box(cv::Point(static_cast<int>(x_px - half_width * side),
                                 static_cast<int>(y_px - half_height * side)),
                       cv::Point(static_cast<int>(x_px + half_width * side),
                                 static_cast<int>(y_px + half_height * side)));
    const cv::Rect inside = box & cv::Rect(0, 0, grey.cols, grey.rows);
    if (inside.area() == 0) return contrast;
    cv::Scalar mean;
    cv::Scalar deviation;
    cv::meanStdDev(smooth(inside), mean, deviation);
    return static_cast<float>(deviation[0]);
  };
  const auto& points = target.points;
  const float left = contrast_at(points[0].x_px, points[0].y_px, 0.10F, 0.06F);
  const float right = contrast_at(points[1].x_px, points[1].y_px, 0.10F, 0.06F);
  const float mouth = contrast_at((points[3].x_px + points[4].x_px) / 2.0F,
                                  (points[3].y_px + points[4].y_px) / 2.0F, 0.17F, 0.07F);
  return std::min({left, right, mouth}) / std::max(contrast, 1.0F);
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
  // In coordinates with x along the line of the eyes.
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
  // The nose lies in front of the plane of eyes and mouth, so it moves farther when the head turns.
  const float middle = (eyes / 2.0F + mouth_x) / 2.0F;
  measures.yaw = std::clamp(2.0F * (nose.x_px - middle) / eyes, -2.0F, 2.0F);
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
  if (face.box.width_px > 0.0F) measures.aspect = face.box.height_px / face.box.width_px;
  measure_pose(face.landmarks, measures);
  const float scale = fit_similarity(face.landmarks, retail_target().points).scale();
  // Never enlarges a small face: that would measure as blur.
  const int side_px = scale > 1.0F ? std::clamp(static_cast<int>(128.0F / scale), 40, 128) : 128;
  const Image crop = align_face(image, face.landmarks, scaled_target(side_px));
  cv::Mat grey;
  cv::cvtColor(mat_of(crop.view), grey, cv::COLOR_BGR2GRAY);
  const cv::Rect inner = inner_face(side_px);
  measure_light(grey(inner), measures);
  measures.sharpness = measure_sharpness(grey, inner);
  measures.features = measure_features(grey, scaled_target(side_px), measures.contrast);
  return measures;
}

FaceQuality grade_face(const FaceMeasures& measures) {
  FaceQuality quality;
  quality.size = ramp(measures.width_px, 16.0F, 90.0F);
  quality.sharpness = ramp(measures.sharpness, 0.30F, 1.00F);
  quality.light = std::min({ramp(measures.mean_light, 15.0F, 70.0F),
                            1.0F - ramp(measures.mean_light, 190.0F, 245.0F),
                            ramp(measures.contrast, 5.0F, 25.0F)});
  const float yaw = 1.0F - ramp(std::abs(measures.yaw), 0.10F, 0.80F);
  const float pitch = 1.0F - ramp(std::abs(measures.pitch), 0.08F, 0.40F);
  const float roll = 1.0F - ramp(std::abs(measures.roll_deg), 30.0F, 80.0F);
  quality.pose = std::min({yaw, pitch, roll});
  // The parts multiply, as one bad part spoils the face. The root keeps average faces comparable.
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
    case PhotoFault::kCovered:
      return "covered";
  }
  return "no_face";
}

std::string_view photo_fault_message(PhotoFault fault) {
  switch (fault) {
    case PhotoFault::kNoFace:
      return "no face was found in the photo; take one of the whole face, looking at the camera";
    case PhotoFault::kSeveralFaces:
      return "the photo shows several faces; take one of this person alone, or crop the photo";
    case PhotoFault::kTooSmall:
      return "the face is too small in the photo; go closer, or use the photo in full resolution";
    case PhotoFault::kTooDark:
      return "the face is too dark; take the photo with light on the face, not behind it";
    case PhotoFault::kTooBright:
      return "the face is overexposed; take the photo in softer light";
    case PhotoFault::kBlurred:
      return "the face is blurred; hold the camera still, or let it focus on the face";
    case PhotoFault::kTurnedAway:
      return "the face is turned away; take a photo of the person looking at the camera";
    case PhotoFault::kCovered:
      return "eyes or mouth are covered; take a photo of the whole face, without hand, mask or "
             "dark glasses";
  }
  return "";
}

MainFace choose_main_face(std::span<const Face> faces, const ImageView& image, Purpose purpose) {
  if (faces.empty()) return {std::nullopt, PhotoFault::kNoFace};
  // The width, halved towards the corners of the image.
  const auto prominence = [&image](const Face& face) {
    const float half_width = static_cast<float>(image.width_px) / 2.0F;
    const float half_height = static_cast<float>(image.height_px) / 2.0F;
    const Point centre = face.box.centre();
    const float off = std::hypot(centre.x_px - half_width, centre.y_px - half_height) /
                      std::hypot(half_width, half_height);
    return face.box.width_px * (1.0F - 0.5F * std::min(off, 1.0F));
  };
  std::size_t main = 0;
  for (std::size_t i = 1; i < faces.size(); ++i) {
    if (prominence(faces[i]) > prominence(faces[main])) main = i;
  }
  const float enough = kSecondPersonShare * prominence(faces[main]);
  const auto people = std::count_if(faces.begin(), faces.end(),
                                    [&](const Face& face) { return prominence(face) >= enough; });
  if (people > 1 && purpose == Purpose::kEnrol) return {std::nullopt, PhotoFault::kSeveralFaces};
  return {main, std::nullopt};
}

// The detector finds a face on its side too, with landmarks as if it were upright.
static bool on_its_side(const FaceMeasures& measures) {
  constexpr float kUprightFrom = 1.08F;
  const bool square = std::abs(measures.aspect - 1.0F) < 0.002F;
  return measures.aspect < kUprightFrom && !square;
}

std::optional<PhotoFault> enrolment_fault(const FaceMeasures& measures) {
  if (measures.width_px < kEnrolWidthPx) return PhotoFault::kTooSmall;
  if (measures.mean_light < kEnrolDark) return PhotoFault::kTooDark;
  if (measures.mean_light > kEnrolBright || measures.bright_share > kEnrolBurnt) {
    return PhotoFault::kTooBright;
  }
  const float sharpness = kSmallSharpness + (kLargeSharpness - kSmallSharpness) *
                                                ramp(measures.width_px, 100.0F, 200.0F);
  if (measures.sharpness < sharpness) return PhotoFault::kBlurred;
  if (std::abs(measures.yaw) > kEnrolYaw || std::abs(measures.pitch) > kEnrolPitch ||
      std::abs(measures.roll_deg) > kEnrolRollDeg || on_its_side(measures)) {
    return PhotoFault::kTurnedAway;
  }
  if (measures.features < kEnrolFeatures) return PhotoFault::kCovered;
  return std::nullopt;
}

}  // namespace maitred
