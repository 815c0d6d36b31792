#include "maitred/eye/vision/quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "maitred/eye/vision/align.h"
#include "tests/unit/eye/vision/test_media.h"

namespace maitred {
namespace {

using test::view_of;

// Detail at every scale within a face of this width, mean `light`.
cv::Mat texture(int side, double light = 130.0, double contrast = 40.0) {
  cv::RNG random(7);
  cv::Mat sum(side, side, CV_32F, cv::Scalar(0));
  for (int cells = 4; cells < side; cells *= 2) {
    cv::Mat layer(cells, cells, CV_32F);
    random.fill(layer, cv::RNG::UNIFORM, -1.0, 1.0);
    cv::resize(layer, layer, sum.size(), 0, 0, cv::INTER_CUBIC);
    sum += layer / std::sqrt(static_cast<double>(cells));
  }
  cv::Mat bytes;
  sum.convertTo(bytes, CV_8U, contrast, light);
  cv::Mat bgr;
  cv::cvtColor(bytes, bgr, cv::COLOR_GRAY2BGR);
  return bgr;
}

// A face filling a square picture, as far as the measures look.
Face face_in(const cv::Mat& picture) {
  Face face;
  const auto side = static_cast<float>(picture.cols);
  face.box = {0.15F * side, 0.1F * side, 0.7F * side, 0.85F * side};
  face.landmarks = retail_target().points;
  for (Point& point : face.landmarks) point = {point.x_px * side / 128, point.y_px * side / 128};
  return face;
}

FaceMeasures measure(const cv::Mat& picture) {
  return measure_face(view_of(picture), face_in(picture));
}

TEST(MeasureFace, BlurTakesSharpness) {
  const cv::Mat sharp = texture(256);
  float last = measure(sharp).sharpness;
  for (const double sigma : {2.0, 4.0, 8.0}) {
    cv::Mat blurred;
    cv::GaussianBlur(sharp, blurred, {}, sigma);
    const float now = measure(blurred).sharpness;
    EXPECT_LT(now, 0.85F * last);
    last = now;
  }
}

TEST(MeasureFace, MotionTakesSharpnessWhateverItsDirection) {
  const cv::Mat sharp = texture(256);
  for (const int degrees : {0, 45, 90, 120}) {
    cv::Mat kernel = cv::Mat::zeros(21, 21, CV_32F);
    const double angle = degrees * CV_PI / 180.0;
    const cv::Point2d step(10.0 * std::cos(angle), 10.0 * std::sin(angle));
    cv::line(kernel, cv::Point(cv::Point2d(10, 10) - step), cv::Point(cv::Point2d(10, 10) + step),
             1.0);
    kernel /= cv::sum(kernel)[0];
    cv::Mat moved;
    cv::filter2D(sharp, moved, -1, kernel);
    EXPECT_LT(measure(moved).sharpness, 0.75F * measure(sharp).sharpness) << degrees;
  }
}

TEST(MeasureFace, SharpnessDoesNotDependOnLightAndContrast) {
  const float usual = measure(texture(256)).sharpness;
  EXPECT_NEAR(measure(texture(256, 80.0, 15.0)).sharpness, usual, 0.1F * usual);
  EXPECT_NEAR(measure(texture(256, 170.0, 30.0)).sharpness, usual, 0.1F * usual);
}

TEST(MeasureFace, AFlatPatchIsNotSharp) {
  EXPECT_LT(measure(cv::Mat(256, 256, CV_8UC3, cv::Scalar::all(120))).sharpness, 0.1F);
}

TEST(MeasureFace, SeesLight) {
  EXPECT_NEAR(measure(texture(200, 40.0, 10.0)).mean_light, 40.0F, 8.0F);
  EXPECT_GT(measure(texture(200, 255.0, 60.0)).bright_share, 0.3F);
  EXPECT_GT(measure(texture(200, 5.0, 30.0)).dark_share, 0.4F);
}

TEST(MeasureFace, SeesPoseFromTheLandmarks) {
  const cv::Mat picture = texture(128);
  Face face = face_in(picture);
  EXPECT_NEAR(measure_face(view_of(picture), face).yaw, 0.0F, 0.05F);
  EXPECT_NEAR(measure_face(view_of(picture), face).roll_deg, 0.0F, 0.1F);
  const float eyes = face.landmarks[1].x_px - face.landmarks[0].x_px;
  face.landmarks[2].x_px += 0.4F * eyes;
  EXPECT_NEAR(measure_face(view_of(picture), face).yaw, 0.8F, 0.05F);
  face.landmarks[2].x_px -= 0.8F * eyes;
  EXPECT_NEAR(measure_face(view_of(picture), face).yaw, -0.8F, 0.05F);

  // A tilted head is tilted, not turned.
  const SimilarityTransform tilt{std::cos(0.5F), std::sin(0.5F), 20.0F, -30.0F};
  face = face_in(picture);
  for (Point& point : face.landmarks) point = tilt.apply(point);
  const FaceMeasures tilted = measure_face(view_of(picture), face);
  EXPECT_NEAR(tilted.roll_deg, 28.6F, 0.5F);
  EXPECT_NEAR(tilted.yaw, 0.0F, 0.05F);
}

FaceMeasures good() {
  FaceMeasures measures;
  measures.width_px = 150.0F;
  measures.sharpness = 1.1F;
  measures.mean_light = 130.0F;
  measures.contrast = 40.0F;
  return measures;
}

std::string fault_of(const FaceMeasures& measures) {
  const auto fault = enrolment_fault(measures);
  return fault ? std::string(photo_fault_code(*fault)) : "none";
}

TEST(EnrolmentFault, NamesTheReason) {
  EXPECT_EQ(fault_of(good()), "none");
  FaceMeasures bad = good();
  bad.width_px = 30.0F;
  EXPECT_EQ(fault_of(bad), "too_small");
  bad = good();
  bad.mean_light = 25.0F;
  EXPECT_EQ(fault_of(bad), "too_dark");
  bad = good();
  bad.mean_light = 240.0F;
  EXPECT_EQ(fault_of(bad), "too_bright");
  bad = good();
  bad.sharpness = 0.4F;
  EXPECT_EQ(fault_of(bad), "blurred");
  for (const float yaw : {-1.1F, 1.1F}) {
    bad = good();
    bad.yaw = yaw;
    EXPECT_EQ(fault_of(bad), "turned_away");
  }
  bad = good();
  bad.aspect = 0.9F;
  EXPECT_EQ(fault_of(bad), "turned_away") << "a photo that lies on its side";
  bad.aspect = 1.0F;
  EXPECT_EQ(fault_of(bad), "none") << "some detectors give squares only";
  bad = good();
  bad.features = 0.02F;
  EXPECT_EQ(fault_of(bad), "covered");
}

TEST(GradeFace, AGoodFaceIsNearOneAndEachFlawLowersIt) {
  EXPECT_GT(grade_face(good()).overall, 0.95F);
  FaceMeasures bad = good();
  bad.width_px = 40.0F;
  EXPECT_LT(grade_face(bad).overall, 0.8F);
  bad = good();
  bad.sharpness = 0.6F;
  EXPECT_LT(grade_face(bad).overall, 0.85F);
  bad = good();
  bad.yaw = -0.6F;
  EXPECT_LT(grade_face(bad).overall, 0.85F);
  bad = good();
  bad.mean_light = 10.0F;
  EXPECT_EQ(grade_face(bad).overall, 0.0F);
}

Face box(float x, float width) {
  Face face;
  face.box = {x, 200.0F - width / 2.0F, width, width};
  return face;
}

TEST(ChooseMainFace, OneFaceIsIt) {
  const cv::Mat picture(400, 600, CV_8UC3);
  EXPECT_EQ(choose_main_face({}, view_of(picture), Purpose::kProbe).fault, PhotoFault::kNoFace);
  const std::vector<Face> one{box(40, 60)};
  EXPECT_EQ(choose_main_face(one, view_of(picture), Purpose::kEnrol).index, 0U);
}

TEST(ChooseMainFace, TwoPeopleSideBySideAreSeveral) {
  const cv::Mat picture(400, 600, CV_8UC3);
  const std::vector<Face> two{box(80, 110), box(390, 130)};
  EXPECT_EQ(choose_main_face(two, view_of(picture), Purpose::kEnrol).fault,
            PhotoFault::kSeveralFaces);
  EXPECT_EQ(choose_main_face(two, view_of(picture), Purpose::kProbe).index, 1U);
}

TEST(ChooseMainFace, PassersByAreNotSeveral) {
  const cv::Mat picture(400, 600, CV_8UC3);
  const std::vector<Face> crowd{box(20, 70), box(230, 140), box(520, 80)};
  EXPECT_EQ(choose_main_face(crowd, view_of(picture), Purpose::kEnrol).index, 1U);
}

}  // namespace
}  // namespace maitred
