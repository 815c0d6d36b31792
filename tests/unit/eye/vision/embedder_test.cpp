// Embedders whose real files are not at hand: their loading and feeding, on files made here.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "maitred/eye/vision/network_embedder.h"
#include "tests/support/resnet_file.h"
#include "tests/unit/eye/vision/test_media.h"

namespace maitred {
namespace {

using test::view_of;

class ResNetFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "maitred-resnet-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

cv::Mat noise_picture(std::uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat picture(300, 300, CV_8UC3);
  random.fill(picture, cv::RNG::UNIFORM, 0, 255);
  cv::GaussianBlur(picture, picture, {}, 4.0);
  return picture;
}

TEST_F(ResNetFile, IsReadAndGivesTheSameTemplateForTheSameFace) {
  const std::filesystem::path file = folder_ / "resnet.dat";
  test::write_resnet_file(file, 1, test::BatchNorms::kFixed);
  auto embedder = make_network_embedder(file, dlib_spec());
  ASSERT_TRUE(embedder) << embedder.error().message;
  EXPECT_EQ((*embedder)->engine(), "dlib");
  EXPECT_EQ((*embedder)->template_length(), 128);
  Landmarks landmarks = arcface_target().points;
  for (Point& point : landmarks) point = {60.0F + 1.5F * point.x_px, 50.0F + 1.5F * point.y_px};
  const cv::Mat one = noise_picture(1);
  const auto first = (*embedder)->embed(view_of(one), landmarks);
  const auto again = (*embedder)->embed(view_of(one), landmarks);
  const cv::Mat two = noise_picture(2);
  const auto other = (*embedder)->embed(view_of(two), landmarks);
  ASSERT_TRUE(first && again && other);
  ASSERT_EQ(first->values().size(), 128U);
  EXPECT_NEAR(similarity(*first, *again).value, 1.0F, 1e-4F);
  EXPECT_LT(similarity(*first, *other).value, 0.9999F);
}

TEST_F(ResNetFile, AnotherFileIsRefused) {
  const std::filesystem::path file = folder_ / "resnet.dat";
  std::ofstream(file) << "this is not a network";
  EXPECT_EQ(make_network_embedder(file, dlib_spec()).error().code, "model_invalid");
  EXPECT_EQ(make_network_embedder(folder_ / "absent.dat", dlib_spec()).error().code,
            "file_missing");
}

TEST_F(ResNetFile, AFileCutShortIsRefused) {
  const std::filesystem::path file = folder_ / "resnet.dat";
  test::write_resnet_file(file, 1, test::BatchNorms::kFixed);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_EQ(make_network_embedder(file, dlib_spec()).error().code, "model_invalid");
}

TEST(NetworkEmbedder, RefusesANetworkOfAnotherKind) {
  MAITRED_NEEDS_SHARED("models");
  // A detector where an embedder is wanted.
  const auto made =
      make_network_embedder(test::model_file("face_detection_yunet_2023mar.onnx"), sface_spec());
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().code == "model_invalid" || made.error().code == "model_unsupported")
      << made.error().code;
}

}  // namespace
}  // namespace maitred
