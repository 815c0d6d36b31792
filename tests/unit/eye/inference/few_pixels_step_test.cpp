// Against the plain sums.
#include "src/eye/inference/kernels/few_pixels_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/unit/eye/inference/model_maker.h"
#include "tests/unit/eye/inference/processor.h"

namespace maitred::inference::testing {
namespace {

struct FewPixelsCase {
  std::string name;
  Shape input;
  std::int64_t outputs;
  Window window;
};

// [image][row][column][channel]
float at(const Floats& pixels, const Shape& shape, std::int64_t image, std::int64_t channel,
         std::int64_t row, std::int64_t column) {
  if (row < 0 || column < 0 || row >= shape[2] || column >= shape[3]) return 0.0F;
  return pixels[static_cast<std::size_t>(((image * shape[2] + row) * shape[3] + column) * shape[1] +
                                         channel)];
}

class FewPixels : public ::testing::TestWithParam<FewPixelsCase> {
 protected:
  void SetUp() override {
    const FewPixelsCase& given = GetParam();
    const Window& window = given.window;
    const auto side = [&](std::size_t axis) {
      const std::int64_t padded =
          given.input[2 + axis] + window.pads_begin[axis] + window.pads_end[axis];
      return (padded - window.kernel[axis]) / window.strides[axis] + 1;
    };
    result_ = {given.input[0], given.outputs, side(0), side(1)};
    taps_ = static_cast<std::size_t>(window.kernel[0] * window.kernel[1]);
    convolution_.window = window;
    convolution_.out_channels = given.outputs;
    convolution_.weights =
        noise(static_cast<std::size_t>(given.outputs * given.input[1]) * taps_, 1);
    convolution_.bias = noise(static_cast<std::size_t>(given.outputs), 2);
    // An output of very small weights and one of very large ones lose nothing.
    const std::size_t row = convolution_.weights.size() / convolution_.bias.size();
    for (std::size_t i = 0; i < row; ++i) {
      convolution_.weights[i] *= 1e-9F;
      convolution_.weights[row + i] *= 1e6F;
    }
    pixels_ = noise(count(given.input), 3);
    added_ = noise(count(result_), 4);
    const bool wide = processor_has_avx512();
    ASSERT_EQ(FewPixelsStep::gains(convolution_, given.input, result_), wide);
    if (!wide) GTEST_SKIP() << "skipped: no AVX-512";
  }

  static std::size_t count(const Shape& shape) {
    std::int64_t product = 1;
    for (const std::int64_t side : shape) product *= side;
    return static_cast<std::size_t>(product);
  }

  Floats computed(bool with_sum) {
    FewPixelsStep step(convolution_, GetParam().input, result_);
    Floats result(count(result_) + 1, 7.0F);
    std::vector<float*> places = {pixels_.data(), result.data()};
    if (with_sum) places.push_back(added_.data());
    step.bind(places, nullptr);
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    step.run(stream);
    step.run(stream);  // nothing stays from the run before
    EXPECT_EQ(result.back(), 7.0F) << "beyond the last value";
    return result;
  }

  // The sum for one value, and how far the roundings of the weights may take it.
  std::pair<double, double> expected(std::int64_t image, std::int64_t output, std::int64_t row,
                                     std::int64_t column) const {
    const Shape& input = GetParam().input;
    const Window& window = convolution_.window;
    double sum = 0.0, squares = 0.0;
    for (std::int64_t channel = 0; channel < input[1]; ++channel) {
      for (std::int64_t y = 0; y < window.kernel[0]; ++y) {
        for (std::int64_t x = 0; x < window.kernel[1]; ++x) {
          const auto tap = static_cast<std::size_t>(y * window.kernel[1] + x);
          const auto weight = static_cast<double>(
              convolution_
                  .weights[static_cast<std::size_t>(output * input[1] + channel) * taps_ + tap]);
          const auto value = static_cast<double>(
              at(pixels_, input, image, channel, row * window.strides[0] + y - window.pads_begin[0],
                 column * window.strides[1] + x - window.pads_begin[1]));
          sum += weight * value;
          squares += weight * value * weight * value;
        }
      }
    }
    // A weight is off by at most 2^-11 of itself.
    return {sum + static_cast<double>(convolution_.bias[static_cast<std::size_t>(output)]),
            1e-5 + 6.0 * std::sqrt(squares) / 2048.0};
  }

  void expect_sums(bool with_sum, double slope) {
    const Floats found = computed(with_sum);
    std::size_t place = 0;
    for (std::int64_t image = 0; image < result_[0]; ++image) {
      for (std::int64_t row = 0; row < result_[2]; ++row) {
        for (std::int64_t column = 0; column < result_[3]; ++column) {
          for (std::int64_t output = 0; output < result_[1]; ++output, ++place) {
            auto [sum, allowed] = expected(image, output, row, column);
            if (with_sum) sum += static_cast<double>(added_[place]);
            const double wanted = sum > 0.0 ? sum : sum * slope;
            ASSERT_NEAR(found[place], wanted, allowed)
                << "image " << image << " output " << output << " at " << row << ", " << column;
          }
        }
      }
    }
  }

  Convolution convolution_;
  Shape result_;
  std::size_t taps_ = 0;
  Floats pixels_, added_;
};

TEST_P(FewPixels, AreMultipliedByAllWeights) { expect_sums(false, 1.0); }

TEST_P(FewPixels, AreAddedToAndRectified) {
  convolution_.post_ops = {AddInput{1}, Activation{ActivationKind::kRelu, 0.25F, 0.0F}};
  ASSERT_TRUE(FewPixelsStep::gains(convolution_, GetParam().input, result_));
  expect_sums(true, 0.25);
}

TEST_P(FewPixels, AreLeftToOneDnnWhereSomethingElseFollows) {
  convolution_.post_ops = {Activation{ActivationKind::kSigmoid, 0.0F, 0.0F}};
  EXPECT_FALSE(FewPixelsStep::gains(convolution_, GetParam().input, result_));
  convolution_.post_ops = {Activation{ActivationKind::kRelu, 0.0F, 0.0F}, AddInput{1}};
  EXPECT_FALSE(FewPixelsStep::gains(convolution_, GetParam().input, result_));
}

INSTANTIATE_TEST_SUITE_P(
    Windows, FewPixels,
    ::testing::Values(
        FewPixelsCase{"Padded", {1, 128, 4, 4}, 64, {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}},
        FewPixelsCase{"Strided", {1, 64, 7, 8}, 128, {{3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}}},
        FewPixelsCase{"OnePixel", {1, 256, 1, 1}, 256, {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}}},
        FewPixelsCase{"Flat", {1, 64, 2, 5}, 192, {{2, 4}, {1, 2}, {1, 1}, {1, 0}, {0, 3}}},
        FewPixelsCase{"Images", {3, 64, 3, 3}, 128, {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace maitred::inference::testing
