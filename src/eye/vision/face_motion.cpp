#include "maitred/eye/vision/face_motion.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "aligned_target.h"
#include "maitred/eye/vision/align.h"
#include "mat.h"

namespace maitred {
namespace {

constexpr int kMotionSide = 96;
constexpr double kGrain = 1.2;  // standard deviation of the blur against noise, in pixels

// The aligned face in grey, smoothed, without hair and background.
cv::Mat smooth_face(const ImageView& image, const Face& face) {
  const Image chip = align_face(image, face.landmarks, scaled_target(kMotionSide));
  cv::Mat grey;
  cv::cvtColor(mat_of(chip.view), grey, cv::COLOR_BGR2GRAY);
  grey.convertTo(grey, CV_32F);
  cv::GaussianBlur(grey, grey, {}, kGrain);
  return grey;
}

double correlation(const cv::Mat& a, const cv::Mat& b) {
  const cv::Rect inside(kMotionSide / 7, kMotionSide / 7, kMotionSide * 5 / 7, kMotionSide * 5 / 7);
  const cv::Mat x = a(inside) - cv::mean(a(inside))[0];
  const cv::Mat y = b(inside) - cv::mean(b(inside))[0];
  const double size = cv::norm(x) * cv::norm(y);
  return size > 0.0 ? x.dot(y) / size : 1.0;
}

// The affine map from `to` into `from`. Searches a reduced picture first, because landmarks may be
// some pixels off. Throws cv::Exception if it does not converge.
cv::Mat registration(const cv::Mat& to, const cv::Mat& from) {
  constexpr int kReduced = 3;
  const cv::TermCriteria steps(cv::TermCriteria::COUNT | cv::TermCriteria::EPS, 50, 1e-4);
  cv::Mat small_to;
  cv::Mat small_from;
  const cv::Size small(kMotionSide / kReduced, kMotionSide / kReduced);
  cv::resize(to, small_to, small, 0, 0, cv::INTER_AREA);
  cv::resize(from, small_from, small, 0, 0, cv::INTER_AREA);
  cv::Mat map = cv::Mat::eye(2, 3, CV_32F);
  cv::findTransformECC(small_to, small_from, map, cv::MOTION_AFFINE, steps, cv::noArray(), 3);
  map.col(2) *= kReduced;
  cv::findTransformECC(to, from, map, cv::MOTION_AFFINE, steps, cv::noArray(), 3);
  return map;
}

}  // namespace

struct FaceMotion::Reference {
  cv::Mat grey;
};

FaceMotion::FaceMotion() = default;
FaceMotion::~FaceMotion() = default;
FaceMotion::FaceMotion(FaceMotion&&) noexcept = default;
FaceMotion& FaceMotion::operator=(FaceMotion&&) noexcept = default;

float FaceMotion::change(const ImageView& image, const Face& face) {
  cv::Mat now = smooth_face(image, face);
  if (!first_) {
    first_ = std::make_unique<Reference>(Reference{std::move(now)});
    return 0.0F;
  }
  double best = correlation(first_->grey, now);
  try {
    const cv::Mat map = registration(first_->grey, now);
    cv::Mat laid_over;
    cv::warpAffine(now, laid_over, map, now.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
    best = std::max(best, correlation(first_->grey, laid_over));
  } catch (const cv::Exception&) {
    // No better map than the one from the landmarks.
  }
  return static_cast<float>(1.0 - best);
}

}  // namespace maitred
