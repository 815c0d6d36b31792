#include "tests/support/resnet_file.h"

#include <array>
#include <bit>
#include <cmath>
#include <fstream>
#include <random>
#include <stdexcept>

namespace maitred::test {
namespace {

// Writes the elements of dlib/serialize.h: numbers take as many bytes as they need.
class Writer {
 public:
  void integer(std::int64_t value) {
    std::uint64_t magnitude =
        value < 0 ? -static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    std::string digits;
    do {
      digits += static_cast<char>(magnitude & 0xFFU);
      magnitude >>= 8U;
    } while (magnitude > 0);
    bytes_ += static_cast<char>(digits.size() | (value < 0 ? 0x80U : 0U));
    bytes_ += digits;
  }
  void integers(std::initializer_list<std::int64_t> values) {
    for (const std::int64_t value : values) integer(value);
  }
  void text(std::string_view value) {
    integer(static_cast<std::int64_t>(value.size()));
    bytes_ += value;
  }
  void boolean(bool value) { bytes_ += value ? '1' : '0'; }
  void real(double value) {
    constexpr int kDigits = 53;
    int exponent = 0;
    const double fraction = std::frexp(value, &exponent);
    integer(static_cast<std::int64_t>(std::ldexp(fraction, kDigits)));
    integer(exponent - kDigits);
  }
  void reals(int count) {
    for (int i = 0; i < count; ++i) real(1.0);
  }
  void tensor(const std::array<std::int64_t, 4>& shape, const std::vector<float>& values) {
    integers({2, shape[0], shape[1], shape[2], shape[3]});
    static_assert(std::endian::native == std::endian::little);
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  void no_tensor() { tensor({0, 0, 0, 0}, {}); }
  void alias(const std::array<std::int64_t, 4>& shape) {
    integers({1, shape[0], shape[1], shape[2], shape[3]});
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

enum class Kind { kEnd, kAveragePool, kMaximumPool, kRelu, kSum, kNorm, kConvolution, kTag };

struct Layer {
  Kind kind = Kind::kTag;
  std::int64_t filters = 0, inputs = 0, side = 0, stride = 1, pad = 0;
};

// The layers from the result down to the input, as they are nested in the file.
std::vector<Layer> layers_of_resnet() {
  std::vector<Layer> layers{{Kind::kEnd, 128, 256}, {Kind::kAveragePool}};
  const auto block = [&](std::int64_t filters, std::int64_t inputs, std::int64_t stride) {
    layers.push_back({Kind::kNorm, filters});
    layers.push_back({Kind::kConvolution, filters, filters, 3, 1, 1});
    layers.push_back({Kind::kRelu});
    layers.push_back({Kind::kNorm, filters});
    layers.push_back({Kind::kConvolution, filters, inputs, 3, stride, stride == 1 ? 1 : 0});
    layers.push_back({Kind::kTag});
  };
  const auto same = [&](std::int64_t filters) {
    layers.push_back({Kind::kRelu});
    layers.push_back({Kind::kSum});
    block(filters, filters, 1);
  };
  const auto down = [&](std::int64_t filters, std::int64_t inputs) {
    layers.push_back({Kind::kRelu});
    layers.push_back({Kind::kSum});
    layers.push_back({Kind::kAveragePool, 0, 0, 2, 2, 0});
    layers.push_back({Kind::kTag});
    layers.push_back({Kind::kTag});
    block(filters, inputs, 2);
  };
  down(256, 256);
  for (int i = 0; i < 2; ++i) same(256);
  down(256, 128);
  for (int i = 0; i < 2; ++i) same(128);
  down(128, 64);
  for (int i = 0; i < 3; ++i) same(64);
  down(64, 32);
  for (int i = 0; i < 3; ++i) same(32);
  layers.push_back({Kind::kMaximumPool, 0, 0, 3, 2, 0});
  layers.push_back({Kind::kRelu});
  layers.push_back({Kind::kNorm, 32});
  layers.push_back({Kind::kConvolution, 32, 3, 7, 2, 0});
  return layers;
}

class ResNetWriter {
 public:
  ResNetWriter(std::uint32_t seed, BatchNorms norms) : random_(seed), norms_(norms) {}

  const std::string& write() {
    const std::vector<Layer> layers = layers_of_resnet();
    out_.integer(1);
    out_.text("loss_metric_2");
    out_.reals(2);
    for (const Layer& layer : layers) {
      const bool innermost = &layer == &layers.back();
      out_.integer(layer.kind == Kind::kTag ? 1 : innermost ? 3 : 2);
    }
    out_.text("input_rgb_image_sized");
    for (const double mean : {122.782, 117.001, 104.298}) out_.real(mean);
    out_.integers({kChipSide, kChipSide});
    for (std::size_t i = layers.size(); i-- > 0;) {
      if (layers[i].kind == Kind::kTag) continue;
      write_layer(layers[i]);
      write_state(i + 1 == layers.size());
    }
    return out_.bytes();
  }

 private:
  // Small beside the values that come from the picture: the result must depend on the picture.
  static constexpr float kConstants = 0.01F;

  // Gives the same numbers with every standard library, unlike std::uniform_real_distribution.
  float between(float low, float high) {
    constexpr float kSteps = 1U << 24U;
    return low + (high - low) * (static_cast<float>(random_() >> 8U) / kSteps);
  }
  void draw(std::vector<float>& to, std::size_t count, float low, float high) {
    for (std::size_t i = 0; i < count; ++i) to.push_back(between(low, high));
  }

  void write_state(bool innermost) {
    out_.boolean(true);   // the layer is set up: without this dlib draws new weights
    out_.boolean(true);   // its gradient is stale
    out_.boolean(false);  // its output is enabled
    for (int i = 0; i < 3; ++i) out_.no_tensor();
    if (innermost) out_.integer(1);
  }

  void write_layer(const Layer& layer) {
    switch (layer.kind) {
      case Kind::kEnd:
        return write_end(layer);
      case Kind::kAveragePool:
        out_.text("avg_pool_2");
        return write_window(layer);
      case Kind::kMaximumPool:
        out_.text("max_pool_2");
        return write_window(layer);
      case Kind::kRelu:
        return out_.text("relu_");
      case Kind::kSum:
        return out_.text("add_prev_");
      case Kind::kNorm:
        return norms_ == BatchNorms::kFixed ? write_fixed(layer) : write_in_training(layer);
      case Kind::kConvolution:
        return write_convolution(layer);
      case Kind::kTag:
        break;
    }
  }

  void write_window(const Layer& layer) {
    out_.integers({layer.side, layer.side, layer.stride, layer.stride, layer.pad, layer.pad});
  }

  // X. Glorot, Y. Bengio, 2010: keeps sums about as large as the inputs.
  static float limit(std::int64_t inputs, std::int64_t outputs) {
    return std::sqrt(6.0F / static_cast<float>(inputs + outputs));
  }

  void write_convolution(const Layer& layer) {
    const std::int64_t area = layer.side * layer.side;
    const float most = limit(layer.inputs * area, layer.filters * area);
    const std::int64_t count = layer.filters * layer.inputs * area;
    std::vector<float> params;
    draw(params, static_cast<std::size_t>(count), -most, most);
    draw(params, static_cast<std::size_t>(layer.filters), -kConstants, kConstants);
    out_.text("con_5");
    out_.tensor({count + layer.filters, 1, 1, 1}, params);
    out_.integer(layer.filters);
    write_window(layer);
    out_.alias({layer.filters, layer.inputs, layer.side, layer.side});
    out_.alias({1, layer.filters, 1, 1});
    out_.reals(4);
    out_.boolean(true);  // has a bias
  }

  void write_scale_and_shift(const Layer& layer) {
    const auto filters = static_cast<std::size_t>(layer.filters);
    std::vector<float> params;
    draw(params, filters, 1.0F, 1.4F);
    draw(params, filters, -kConstants, kConstants);
    out_.tensor({2 * layer.filters, 1, 1, 1}, params);
    out_.alias({1, layer.filters, 1, 1});
    out_.alias({1, layer.filters, 1, 1});
  }

  void write_fixed(const Layer& layer) {
    out_.text("affine_2");
    write_scale_and_shift(layer);
    out_.integer(0);      // the norm of a convolution
    out_.boolean(false);  // not disabled
  }

  void write_in_training(const Layer& layer) {
    const auto filters = static_cast<std::size_t>(layer.filters);
    const std::array<std::int64_t, 4> shape{1, layer.filters, 1, 1};
    out_.text("bn_con2");
    write_scale_and_shift(layer);
    out_.no_tensor();  // means and deviations of the last batch
    out_.no_tensor();
    std::vector<float> means;
    draw(means, filters, -kConstants, kConstants);
    out_.tensor(shape, means);
    std::vector<float> variances;
    draw(variances, filters, 0.5F, 1.5F);
    out_.tensor(shape, variances);
    out_.integers({2, 100});  // number of updates, and the most that count
    out_.reals(4);
    out_.real(1e-4);
  }

  void write_end(const Layer& layer) {
    const float most = limit(layer.inputs, layer.filters);
    std::vector<float> params;
    draw(params, static_cast<std::size_t>(layer.inputs * layer.filters), -most, most);
    out_.text("fc_3");
    out_.integers({layer.filters, layer.inputs});
    out_.tensor({layer.inputs, layer.filters, 1, 1}, params);
    out_.alias({layer.inputs, layer.filters, 1, 1});
    out_.alias({0, 0, 0, 0});
    out_.integer(1);  // no bias
    out_.reals(4);
    out_.boolean(true);
  }

  Writer out_;
  std::mt19937 random_;
  BatchNorms norms_;
};

constexpr GoldenResNet kGolden[] = {{"fixed", 7, BatchNorms::kFixed},
                                    {"in_training", 3, BatchNorms::kInTraining}};

}  // namespace

void write_resnet_file(const std::filesystem::path& file, std::uint32_t seed, BatchNorms norms) {
  ResNetWriter writer(seed, norms);
  std::ofstream out(file, std::ios::binary);
  out << writer.write();
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

std::vector<std::uint8_t> resnet_picture(unsigned seed) {
  std::mt19937 random(seed);
  std::array<double, 9> wave{};
  for (double& one : wave) one = static_cast<double>(random() % 1000) / 1000.0;
  std::vector<std::uint8_t> pixels(3 * kChipPixels);
  for (std::size_t i = 0; i < kChipPixels; ++i) {
    const double x = static_cast<double>(i % kChipSide) / 20.0;
    const double y = static_cast<double>(i / kChipSide) / 20.0;
    for (std::size_t c = 0; c < 3; ++c) {
      const double value =
          std::sin(x * (0.5 + wave[c]) + 6.0 * wave[3 + c]) + std::cos(y * (0.5 + wave[6 + c]));
      pixels[3 * i + c] = static_cast<std::uint8_t>(127.0 + 60.0 * value);
    }
  }
  return pixels;
}

std::span<const GoldenResNet> golden_resnets() { return kGolden; }

}  // namespace maitred::test
