// The models that people use, on pictures of people: both executors must agree, and faces of one
// person must come out nearer than faces of two. Needs the folder of $MAITRED_SHARED.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maitred/eye/inference/network.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace maitred::inference {
namespace {

namespace fs = std::filesystem;

class RealModels : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("MAITRED_SHARED");
    shared_ = shared != nullptr ? fs::path(shared)
                                : fs::path(MAITRED_SOURCE_DIR).parent_path() / "shared";
    if (!fs::exists(shared_ / "models") || !fs::exists(shared_ / "data/people/known")) {
      GTEST_SKIP() << "skipped: no models and photos in " << shared_;
    }
    for (const auto& person : fs::directory_iterator(shared_ / "data/people/known")) {
      std::vector<fs::path> photos;
      for (const auto& photo : fs::directory_iterator(person.path())) {
        photos.push_back(photo.path());
      }
      std::sort(photos.begin(), photos.end());
      if (photos.size() >= 2) people_.push_back(photos);
    }
    std::sort(people_.begin(), people_.end());
    ASSERT_GE(people_.size(), 4U);
  }

  std::unique_ptr<Network> load(const std::string& file, Backend backend,
                                const std::vector<int>& shape = {}) const {
    NetworkOptions options;
    options.backend = backend;
    options.input_shape = shape;
    auto network = load_network(shared_ / "models" / file, options);
    if (!network) {
      ADD_FAILURE() << network.error().message;
      return nullptr;
    }
    return *std::move(network);
  }

  // The middle of the photo, where these photos have the face, as the network takes it.
  static void feed(const fs::path& photo, double share, Network& network) {
    cv::Mat image = cv::imread(photo.string());
    const int side = static_cast<int>(share * image.rows);
    image = image(cv::Rect((image.cols - side) / 2, (image.rows - side) / 2, side, side));
    const auto& shape = network.input_shape();
    cv::resize(image, image, {shape[3], shape[2]}, 0, 0, cv::INTER_AREA);
    if (shape[1] == 1) cv::cvtColor(image, image, cv::COLOR_BGR2GRAY);
    image.convertTo(image, CV_32F, shape[1] == 1 ? 1 / 127.5 : 1, shape[1] == 1 ? -1 : 0);
    std::vector<cv::Mat> planes;
    cv::split(image, planes);
    auto to = network.input().begin();
    for (const cv::Mat& plane : planes)
      to = std::copy(plane.begin<float>(), plane.end<float>(), to);
  }

  void expect_agreement(const std::string& file, double share, const std::vector<int>& shape = {}) {
    const auto fast = load(file, Backend::kOneDnn, shape);
    const auto portable = load(file, Backend::kOpenCv, shape);
    ASSERT_TRUE(fast && portable);
    EXPECT_EQ(fast->backend_name(), "onednn");
    EXPECT_EQ(portable->backend_name(), "opencv");
    ASSERT_EQ(fast->outputs().size(), portable->outputs().size());
    for (std::size_t person = 0; person < 3; ++person) {
      feed(people_[person][0], share, *fast);
      feed(people_[person][0], share, *portable);
      ASSERT_TRUE(fast->run());
      ASSERT_TRUE(portable->run());
      for (std::size_t i = 0; i < fast->outputs().size(); ++i) {
        SCOPED_TRACE(fast->outputs()[i].name);
        EXPECT_EQ(fast->outputs()[i].name, portable->outputs()[i].name);
        EXPECT_EQ(fast->outputs()[i].shape, portable->outputs()[i].shape);
        const auto a = fast->output(i);
        const auto b = portable->output(i);
        ASSERT_EQ(a.size(), b.size());
        float largest = 0;
        for (std::size_t k = 0; k < a.size(); ++k) {
          ASSERT_TRUE(std::isfinite(a[k]));
          largest = std::max(largest, std::fabs(a[k] - b[k]));
        }
        EXPECT_LE(largest, 1e-3F);
      }
    }
  }

  fs::path shared_;
  std::vector<std::vector<fs::path>> people_;
};

TEST_F(RealModels, YuNetAgreesAtSeveralSizes) {
  for (const char* file : {"yunet_n_640_640.onnx", "face_detection_yunet_2023mar.onnx"}) {
    SCOPED_TRACE(file);
    expect_agreement(file, 1.0);
    expect_agreement(file, 1.0, {1, 3, 384, 640});
    expect_agreement(file, 1.0, {1, 3, 96, 160});
  }
}

TEST_F(RealModels, YuNetSaysSoWhereTheFaceIs) {
  const auto network = load("yunet_n_640_640.onnx", Backend::kAuto, {1, 3, 320, 320});
  ASSERT_TRUE(network);
  ASSERT_EQ(network->outputs().size(), 12U);
  EXPECT_EQ(network->outputs()[2].name, "cls_32");
  EXPECT_EQ(network->outputs()[11].shape, (std::vector<int>{1, 100, 10}));
  feed(people_[0][0], 1.0, *network);
  ASSERT_TRUE(network->run());
  float best = 0;
  double x = 0;
  double y = 0;
  for (std::size_t level = 0; level < 3; ++level) {
    const std::size_t stride = std::size_t{8} << level;
    const std::size_t columns = 320 / stride;
    for (std::size_t i = 0; i < columns * columns; ++i) {
      const float score = std::sqrt(network->output(level)[i] * network->output(3 + level)[i]);
      if (score <= best) continue;
      best = score;
      x = static_cast<double>(i % columns * stride);
      y = static_cast<double>(i / columns * stride);
    }
  }
  EXPECT_GT(best, 0.7F);
  EXPECT_NEAR(x, 160, 64);
  EXPECT_NEAR(y, 160, 64);
}

TEST_F(RealModels, EmbedderAgrees) {
  expect_agreement("face-reidentification-retail-0095.xml", 0.5);
  expect_agreement("face-reidentification-retail-0095.xml", 0.5, {1, 3, 128, 128});
}

TEST_F(RealModels, LivenessAndExpressionNetworksAgree) {
  expect_agreement("2.7_80x80_MiniFASNetV2.onnx", 1.0);
  expect_agreement("4_0_0_80x80_MiniFASNetV1SE.onnx", 1.0);
  expect_agreement("fer_mini_xception.onnx", 0.5);
}

// Cut out crudely, without landmarks: still the same person is nearer than another on average.
TEST_F(RealModels, EmbeddingsOfOnePersonAreNearer) {
  const auto network = load("face-reidentification-retail-0095.xml", Backend::kAuto);
  ASSERT_TRUE(network);
  const auto embed = [&](const fs::path& photo) {
    feed(photo, 0.45, *network);
    EXPECT_TRUE(network->run());
    std::vector<float> values(network->output(0).begin(), network->output(0).end());
    const float norm =
        std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0F));
    for (float& value : values) value /= norm;
    return values;
  };
  constexpr std::size_t kPeople = 20;
  std::vector<std::vector<float>> first, second;
  for (std::size_t i = 0; i < std::min(kPeople, people_.size()); ++i) {
    first.push_back(embed(people_[i][0]));
    second.push_back(embed(people_[i][1]));
  }
  int nearest = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const auto similarity = [&](const std::vector<float>& other) {
      return std::inner_product(first[i].begin(), first[i].end(), other.begin(), 0.0F);
    };
    const auto best = std::max_element(
        second.begin(), second.end(),
        [&](const auto& a, const auto& b) { return similarity(a) < similarity(b); });
    nearest += best == second.begin() + static_cast<std::ptrdiff_t>(i);
  }
  EXPECT_GE(nearest, static_cast<int>(first.size()) * 3 / 5) << "of " << first.size();
}

TEST_F(RealModels, BatchOfTwoFacesGivesEachItsOwn) {
  const auto one = load("face-reidentification-retail-0095.xml", Backend::kOneDnn);
  const auto two =
      load("face-reidentification-retail-0095.xml", Backend::kOneDnn, {2, 3, 128, 128});
  ASSERT_TRUE(one && two);
  for (std::size_t i = 0; i < 2; ++i) {
    feed(people_[i][0], 0.5, *one);
    std::copy(one->input().begin(), one->input().end(),
              two->input().begin() + static_cast<std::ptrdiff_t>(i * one->input().size()));
  }
  ASSERT_TRUE(two->run());
  for (std::size_t i = 0; i < 2; ++i) {
    feed(people_[i][0], 0.5, *one);
    ASSERT_TRUE(one->run());
    for (std::size_t k = 0; k < 256; ++k) {
      EXPECT_NEAR(one->output(0)[k], two->output(0)[i * 256 + k], 1e-3) << i << " " << k;
    }
  }
}

TEST_F(RealModels, OtherChannelsOrAnOddSizeAreRefused) {
  NetworkOptions options;
  options.input_shape = {1, 4, 320, 320};
  auto network = load_network(shared_ / "models/yunet_n_640_640.onnx", options);
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().code, "model_invalid");
  options.input_shape = {1, 3, 330, 320};  // not a multiple of 32: the pyramid does not meet
  network = load_network(shared_ / "models/yunet_n_640_640.onnx", options);
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().code, "model_invalid");
}

#if defined(__SSE2__)
TEST_F(RealModels, RunLeavesTheThreadsFloatingPointModeAsItWas) {
  for (Backend backend : {Backend::kOneDnn, Backend::kOpenCv}) {
    const unsigned before = _mm_getcsr() & 0x8040U;
    const auto network = load("fer_mini_xception.onnx", backend);
    ASSERT_TRUE(network && network->run());
    EXPECT_EQ(_mm_getcsr() & 0x8040U, before);
  }
}
#endif

}  // namespace
}  // namespace maitred::inference
