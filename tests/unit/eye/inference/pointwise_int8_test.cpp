#include "src/eye/inference/kernels/pointwise_int8.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/unit/eye/inference/model_maker.h"
#include "tests/unit/eye/inference/processor.h"

namespace maitred::inference::testing {
namespace {

// Aligned as the step's buffers are.
struct alignas(64) Lanes {
  float values[16];
};

struct Buffer {
  explicit Buffer(std::size_t count) : lanes(count / 16) {}
  float* data() { return lanes[0].values; }
  std::vector<Lanes> lanes;
};

class PointwiseOfSize : public ::testing::TestWithParam<std::pair<std::size_t, std::size_t>> {
 protected:
  void SetUp() override {
    std::tie(inputs_, outputs_) = GetParam();
    const bool wide = processor_has_avx512() && processor_has({"avx512_vnni"});
    ASSERT_EQ(PointwiseInt8::possible(inputs_, outputs_), wide);
    if (!wide) GTEST_SKIP() << "skipped: no AVX-512 VNNI";
    weights_ = noise(inputs_ * outputs_, 1);
    bias_ = noise(outputs_, 2);
  }

  // In floats.
  float expected(const float* pixel, std::size_t output, float slope) const {
    float sum = bias_[output];
    for (std::size_t i = 0; i < inputs_; ++i) sum += pixel[i] * weights_[output * inputs_ + i];
    return sum > 0 ? sum : sum * slope;
  }

  std::size_t inputs_ = 0, outputs_ = 0;
  Floats weights_, bias_;
};

TEST_P(PointwiseOfSize, IsNearTheFloatsHoweverBrightAPixelIs) {
  for (const std::size_t pixels : {std::size_t{1}, std::size_t{6}, std::size_t{23}}) {
    Buffer from(pixels * inputs_), to((pixels + 1) * outputs_);
    const Floats values = noise(pixels * inputs_, 3);
    for (std::size_t i = 0; i < values.size(); ++i) {
      // From pixel to pixel a hundred times brighter, or nothing at all.
      const float bright = std::pow(100.0F, static_cast<float>(i / inputs_ % 4) - 2.0F);
      from.data()[i] = i / inputs_ == 5 ? 0.0F : std::fabs(values[i]) * bright;
    }
    std::fill_n(to.data() + pixels * outputs_, outputs_, 7.0F);
    const PointwiseInt8 convolution(weights_, bias_, 0.25F);
    ASSERT_TRUE(convolution.run(from.data(), pixels, to.data()));
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      const float* const in = from.data() + pixel * inputs_;
      // Half a step of each input and each weight.
      const float largest = *std::max_element(in, in + inputs_);
      const float allowed = largest * std::sqrt(static_cast<float>(inputs_)) * 0.02F + 1e-5F;
      for (std::size_t output = 0; output < outputs_; ++output) {
        EXPECT_NEAR(to.data()[pixel * outputs_ + output], expected(in, output, 0.25F), allowed);
      }
    }
    for (std::size_t i = 0; i < outputs_; ++i) {
      EXPECT_EQ(to.data()[pixels * outputs_ + i], 7.0F) << "beyond the last pixel";
    }
  }
}

TEST_P(PointwiseOfSize, LeavesNegativeInputsToTheFloats) {
  const PointwiseInt8 convolution(weights_, bias_, 1.0F);
  for (const float bad :
       {-0.001F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Buffer from(8 * inputs_), to(8 * outputs_);
    from.data()[7 * inputs_ + 3] = bad;
    EXPECT_FALSE(convolution.run(from.data(), 8, to.data())) << bad;
  }
}

TEST_P(PointwiseOfSize, TakesInputsOfBothSignsWhereTheyMayCome) {
  const PointwiseInt8 convolution(weights_, bias_, 0.25F, Int8Inputs::kAny);
  constexpr std::size_t kPixels = 13;
  Buffer from(kPixels * inputs_), to(kPixels * outputs_);
  const Floats values = noise(kPixels * inputs_, 3);
  for (std::size_t i = 0; i < values.size(); ++i) {
    // One pixel has negative inputs only, one nothing.
    const std::size_t pixel = i / inputs_;
    from.data()[i] = pixel == 5 ? 0.0F : pixel == 6 ? -std::fabs(values[i]) : 30.0F * values[i];
  }
  ASSERT_TRUE(convolution.run(from.data(), kPixels, to.data()));
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    const float* const in = from.data() + pixel * inputs_;
    float largest = 0.0F;
    for (std::size_t i = 0; i < inputs_; ++i) largest = std::max(largest, std::fabs(in[i]));
    const float allowed = largest * std::sqrt(static_cast<float>(inputs_)) * 0.02F + 1e-5F;
    for (std::size_t output = 0; output < outputs_; ++output) {
      EXPECT_NEAR(to.data()[pixel * outputs_ + output], expected(in, output, 0.25F), allowed);
    }
  }
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    from.data()[7 * inputs_ + 3] = bad;
    EXPECT_FALSE(convolution.run(from.data(), kPixels, to.data())) << bad;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, PointwiseOfSize,
                         ::testing::Values(std::pair<std::size_t, std::size_t>{64, 64},
                                           std::pair<std::size_t, std::size_t>{16, 64},
                                           std::pair<std::size_t, std::size_t>{64, 16},
                                           std::pair<std::size_t, std::size_t>{32, 80}));

}  // namespace
}  // namespace maitred::inference::testing
