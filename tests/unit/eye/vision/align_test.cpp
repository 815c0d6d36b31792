#include "maitred/eye/vision/align.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "tests/unit/eye/vision/test_media.h"

namespace maitred {
namespace {

Landmarks moved(const Landmarks& points, const SimilarityTransform& by) {
  Landmarks out;
  for (std::size_t i = 0; i < points.size(); ++i) out[i] = by.apply(points[i]);
  return out;
}

using test::view_of;

TEST(FitSimilarity, RecoversTurnScaleAndShift) {
  const Landmarks& from = retail_target().points;
  for (const float degrees : {-170.0F, -30.0F, 0.0F, 12.0F, 90.0F}) {
    for (const float scale : {0.1F, 1.0F, 7.5F}) {
      const float angle = degrees * std::numbers::pi_v<float> / 180.0F;
      const SimilarityTransform truth{scale * std::cos(angle), scale * std::sin(angle), 310.0F,
                                      -42.0F};
      const SimilarityTransform fitted = fit_similarity(from, moved(from, truth));
      EXPECT_NEAR(fitted.a, truth.a, 1e-3);
      EXPECT_NEAR(fitted.b, truth.b, 1e-3);
      EXPECT_NEAR(fitted.tx_px, truth.tx_px, 1e-2);
      EXPECT_NEAR(fitted.ty_px, truth.ty_px, 1e-2);
      for (const Point& point : from) {
        EXPECT_NEAR(fitted.apply(point).x_px, truth.apply(point).x_px, 1e-3);
        EXPECT_NEAR(fitted.apply(point).y_px, truth.apply(point).y_px, 1e-3);
      }
    }
  }
}

double squared_error(const Landmarks& from, const Landmarks& to, const SimilarityTransform& by) {
  double sum = 0.0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Point point = by.apply(from[i]);
    sum += std::pow(point.x_px - to[i].x_px, 2) + std::pow(point.y_px - to[i].y_px, 2);
  }
  return sum;
}

TEST(FitSimilarity, IsTheBestForPointsThatDoNotFit) {
  const Landmarks from{{{10, 12}, {48, 9}, {33, 30}, {14, 51}, {44, 55}}};
  const Landmarks& to = arcface_target().points;
  const SimilarityTransform best = fit_similarity(from, to);
  const double least = squared_error(from, to, best);
  EXPECT_GT(least, 1.0);
  for (const float step : {-0.01F, 0.01F}) {
    EXPECT_GT(squared_error(from, to, {best.a + step, best.b, best.tx_px, best.ty_px}), least);
    EXPECT_GT(squared_error(from, to, {best.a, best.b + step, best.tx_px, best.ty_px}), least);
    EXPECT_GT(squared_error(from, to, {best.a, best.b, best.tx_px + step, best.ty_px}), least);
    EXPECT_GT(squared_error(from, to, {best.a, best.b, best.tx_px, best.ty_px + step}), least);
  }
}

TEST(FitSimilarity, NeverMirrors) {
  Landmarks mirrored = retail_target().points;
  for (Point& point : mirrored) point.x_px = -point.x_px;
  const SimilarityTransform fitted = fit_similarity(mirrored, retail_target().points);
  EXPECT_GT(fitted.a * fitted.a + fitted.b * fitted.b, 0.0F);  // its determinant
  EXPECT_GT(squared_error(mirrored, retail_target().points, fitted), 100.0);
}

// Dots at the landmarks of a picture must arrive at the target's points.
TEST(AlignFace, BringsTheLandmarksToTheirPlaces) {
  for (const float scale : {0.25F, 0.8F, 1.0F, 3.0F, 9.0F}) {
    const AlignTarget& target = retail_target();
    const float angle = 0.35F;
    const SimilarityTransform placed{scale * std::cos(angle), scale * std::sin(angle),
                                     120.0F * scale, 20.0F * scale};
    const Landmarks landmarks = moved(target.points, placed);
    const int side = static_cast<int>(300.0F * std::max(scale, 1.0F));
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
      cv::Mat picture(side, side, CV_8UC3, cv::Scalar::all(0));
      const float sigma = 4.0F * scale;
      const int reach = static_cast<int>(4.0F * sigma);
      const cv::Point middle(static_cast<int>(landmarks[i].x_px),
                             static_cast<int>(landmarks[i].y_px));
      for (int y = middle.y - reach; y <= middle.y + reach; ++y) {
        for (int x = middle.x - reach; x <= middle.x + reach; ++x) {
          const float dx = static_cast<float>(x) - landmarks[i].x_px;
          const float dy = static_cast<float>(y) - landmarks[i].y_px;
          const float value = 255.0F * std::exp(-(dx * dx + dy * dy) / (2.0F * sigma * sigma));
          picture.at<cv::Vec3b>(y, x) = cv::Vec3b::all(cv::saturate_cast<std::uint8_t>(value));
        }
      }
      const Image crop = align_face(view_of(picture), landmarks, target);
      ASSERT_EQ(crop.view.width_px, 128);
      ASSERT_EQ(crop.view.height_px, 128);
      double weight = 0.0;
      double x_sum = 0.0;
      double y_sum = 0.0;
      for (int y = 0; y < 128; ++y) {
        for (int x = 0; x < 128; ++x) {
          const double value = crop.view.data[static_cast<std::size_t>(y) * crop.view.stride_bytes +
                                              static_cast<std::size_t>(x) * 3];
          weight += value;
          x_sum += value * x;
          y_sum += value * y;
        }
      }
      ASSERT_GT(weight, 0.0);
      EXPECT_NEAR(x_sum / weight, target.points[i].x_px, 0.15) << "scale " << scale;
      EXPECT_NEAR(y_sum / weight, target.points[i].y_px, 0.15) << "scale " << scale;
    }
  }
}

TEST(AlignFace, AveragesALargeFaceDown) {
  // A fine chequerboard of black and white is grey, not stripes, when it is reduced.
  cv::Mat picture(1280, 1280, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      picture.at<cv::Vec3b>(y, x) = cv::Vec3b::all((x + y) % 2 == 0 ? 0 : 255);
    }
  }
  Landmarks landmarks = retail_target().points;
  for (Point& point : landmarks) point = {point.x_px * 9.3F, point.y_px * 9.3F};
  const Image crop = align_face(view_of(picture), landmarks, retail_target());
  const std::uint8_t* middle = crop.view.data + 64 * crop.view.stride_bytes;
  for (int x = 10; x < 118; ++x) EXPECT_NEAR(middle[static_cast<std::size_t>(x) * 3], 127, 12);
}

TEST(AlignFace, PointsThatSpanNoFaceGiveABlackCrop) {
  const cv::Mat picture(100, 100, CV_8UC3, cv::Scalar::all(200));
  const auto is_black = [](const Image& crop) {
    const cv::Mat mat(crop.view.height_px, crop.view.width_px, CV_8UC3,
                      const_cast<std::uint8_t*>(crop.view.data), crop.view.stride_bytes);
    return cv::countNonZero(mat.reshape(1)) == 0;
  };
  Landmarks same;
  same.fill({50, 50});
  EXPECT_TRUE(is_black(align_face(view_of(picture), same, retail_target())));
  Landmarks broken = retail_target().points;
  broken[2].x_px = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(is_black(align_face(view_of(picture), broken, retail_target())));
  broken[2].x_px = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(is_black(align_face(view_of(picture), broken, retail_target())));
  Landmarks far = retail_target().points;
  for (Point& point : far) point.x_px += 1e6F;
  EXPECT_TRUE(is_black(align_face(view_of(picture), far, retail_target())));
}

}  // namespace
}  // namespace maitred
