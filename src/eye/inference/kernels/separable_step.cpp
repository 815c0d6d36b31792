#include "separable_step.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "src/eye/inference/backends/convolution_kinds.h"

namespace maitred::inference {
namespace {

// Intermediate rows stay in the second-level cache, beside input and output rows.
constexpr std::size_t kBufferBytes = 384 * 1024;
// Rows that the 3x3 convolution reads repeatedly stay in the first-level cache.
constexpr std::size_t kTileBytes = 24 * 1024;
// The 3x3 convolution computes two rows at a time, from four.
constexpr std::size_t kLeastRows = 4;
constexpr std::size_t kLane = 16;
constexpr std::size_t kMostInputs = 16;  // of a BroadcastSum

std::size_t size_of(std::int64_t value) { return static_cast<std::size_t>(value); }

dnnl::memory::desc by_pixel(std::size_t channels, std::size_t rows, std::size_t columns) {
  const auto dim = [](std::size_t value) { return static_cast<dnnl::memory::dim>(value); };
  return {{1, dim(channels), dim(rows), dim(columns)},
          dnnl::memory::data_type::f32,
          dnnl::memory::format_tag::acdb};
}

}  // namespace

SeparableStep::SeparableStep(const Separable& separable, const Shape& input,
                             const dnnl::engine& engine,
                             const dnnl::primitive_attr& pointwise_attributes, Precision precision)
    : engine_(engine),
      attributes_(pointwise_attributes),
      images_(size_of(input[0])),
      height_(size_of(input[2])),
      in_channels_(size_of(input[1])),
      size_{size_of(input[3]), size_of(separable.pointwise.out_channels)},
      halved_(separable.halved),
      own_pointwise_(in_channels_ == kLane && size_.channels == kLane &&
                     is_rectified(separable.pointwise)) {
  if (separable.stem) {
    stem_window_ = separable.stem->window;
    stem_input_ = {in_channels_, height_, size_.columns};
    height_ = size_of(window_length(input[2], stem_window_, 0));
    size_.columns = size_of(window_length(input[3], stem_window_, 1));
    in_channels_ = size_of(separable.stem->out_channels);
    stem_sum_.slope = slope_of(*separable.stem);
    own_pointwise_ = size_.channels == kLane && is_rectified(separable.pointwise);
  }
  weights_.slope = slope_of(separable.depthwise);
  if (own_pointwise_) pointwise_sum_.slope = slope_of(separable.pointwise);
  const Convolution& pointwise = separable.pointwise;
  if (precision == Precision::kInt8 && !own_pointwise_ && is_rectified(pointwise) &&
      PointwiseInt8::possible(in_channels_, size_.channels)) {
    int8_pointwise_.emplace(pointwise.weights, pointwise.bias, slope_of(pointwise));
  }
  choose_rows();
  choose_pointwise();
}

void SeparableStep::choose_rows() {
  const std::size_t pixel_bytes = size_.channels * sizeof(float);
  rows_ = std::clamp(kBufferBytes / (2 * size_.columns * pixel_bytes), kLeastRows,
                     std::max(height_, kLeastRows));
  // Strips of equal, even length, so that the last one is not short.
  const std::size_t strips = (height_ + rows_ - 1) / rows_;
  rows_ = (height_ + strips - 1) / strips;
  rows_ = std::max(rows_ + rows_ % 2, kLeastRows);
  tile_columns_ = std::max(kTileBytes / ((rows_ + 2) * pixel_bytes) / 4 * 4, std::size_t{4});
}

void SeparableStep::choose_pointwise() {
  const auto channels = static_cast<dnnl::memory::dim>(size_.channels);
  const auto inputs = static_cast<dnnl::memory::dim>(in_channels_);
  if (own_pointwise_) {
    // [in][out]
    weights_layout_ = {
        {channels, inputs, 1, 1}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::cdba};
    return;
  }
  const auto whole = describe(rows_);
  if (std::string(whole.impl_info_str()).find("ref") != std::string::npos) {
    throw dnnl::error(dnnl_unimplemented, "no fast 1x1 convolution by pixel");
  }
  weights_layout_ = whole.weights_desc();
  scratchpad_layout_ = whole.scratchpad_desc();
  whole_ = dnnl::convolution_forward(whole);
  const std::size_t rest = height_ % rows_;
  if (rest == 0) return;
  const auto described = describe(rest);
  if (described.weights_desc() != weights_layout_) {
    throw dnnl::error(dnnl_unimplemented, "its strips want their weights in two ways");
  }
  if (described.scratchpad_desc().get_size() > scratchpad_layout_.get_size()) {
    scratchpad_layout_ = described.scratchpad_desc();
  }
  rest_ = dnnl::convolution_forward(described);
}

dnnl::convolution_forward::primitive_desc SeparableStep::describe(std::size_t rows) const {
  const auto channels = static_cast<dnnl::memory::dim>(size_.channels);
  const dnnl::memory::desc weights({channels, static_cast<dnnl::memory::dim>(in_channels_), 1, 1},
                                   dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
  const dnnl::memory::desc bias({channels}, dnnl::memory::data_type::f32,
                                dnnl::memory::format_tag::a);
  const dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
      by_pixel(in_channels_, rows, size_.columns), weights, bias,
      by_pixel(size_.channels, rows, size_.columns), {1, 1}, {0, 0}, {0, 0});
  return {desc, attributes_, engine_};
}

std::size_t SeparableStep::buffer_floats() const {
  const std::size_t row = size_.columns * size_.channels;
  const std::size_t zeros = std::max(row, (stem_input_[2] + kLane) / kLane * kLane);
  const std::size_t stem = stem_input_[0] > 0 ? rows_ * size_.columns * in_channels_ : 0;
  return 2 * rows_ * row + zeros + stem;
}

void SeparableStep::bind(const std::vector<float*>& data, void* scratchpad) {
  const std::size_t row = size_.columns * size_.channels;
  source_ = data[0];
  result_ = data[1];
  halves_ = data[2];
  zeros_ = halves_ + 2 * rows_ * row;
  stem_rows_ = zeros_ + std::max(row, (stem_input_[2] + kLane) / kLane * kLane);
  pointwise_sum_.weights = data[3];
  pointwise_sum_.bias = data[4];
  weights_.taps = data[5];
  weights_.bias = data[6];
  if (stem_input_[0] > 0) {
    stem_sum_.weights = data[7];
    stem_sum_.bias = data[8];
  }
  const auto channels = static_cast<dnnl::memory::dim>(size_.channels);
  pointwise_weights_ = dnnl::memory(weights_layout_, engine_, data[3]);
  pointwise_bias_ = dnnl::memory(
      {{channels}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a}, engine_, data[4]);
  scratchpad_ = dnnl::memory(scratchpad_layout_, engine_, scratchpad);
  for (std::size_t image = 0; image < images_; ++image) {
    std::size_t completed = 0;
    for (std::size_t first = 0; first < height_; first += rows_) {
      Strip strip;
      strip.image = image;
      strip.first_row = first;
      strip.rows = std::min(rows_, height_ - first);
      const bool last = first + strip.rows == height_;
      strip.result_first = completed;
      // The lowest row needs a row of the next strip.
      strip.result_end = last ? height_ : (first + strip.rows - 1) / 2 * 2;
      completed = strip.result_end;
      const float* const from = stem_input_[0] > 0 ? stem_rows_ : source_row(image, first);
      strip.source = dnnl::memory(by_pixel(in_channels_, strip.rows, size_.columns), engine_,
                                  const_cast<float*>(from));
      strip.between = dnnl::memory(by_pixel(size_.channels, strip.rows, size_.columns), engine_,
                                   between(first));
      strip.arguments = {{DNNL_ARG_SRC, strip.source.get()},
                         {DNNL_ARG_WEIGHTS, pointwise_weights_.get()},
                         {DNNL_ARG_BIAS, pointwise_bias_.get()},
                         {DNNL_ARG_DST, strip.between.get()},
                         {DNNL_ARG_SCRATCHPAD, scratchpad_.get()}};
      strips_.push_back(std::move(strip));
    }
  }
}

float* SeparableStep::between(std::size_t row) const {
  const std::size_t place = row / rows_ % 2 * rows_ + row % rows_;
  return halves_ + place * size_.columns * size_.channels;
}

const float* SeparableStep::source_row(std::size_t image, std::size_t row) const {
  return source_ + (image * height_ + row) * size_.columns * in_channels_;
}

void SeparableStep::run_stem(const Strip& strip) {
  const auto [channels, rows, columns] = stem_input_;
  const auto kernel_rows = size_of(stem_window_.kernel[0]);
  std::array<const float*, kMostInputs> inputs{};
  BroadcastSum sum = stem_sum_;
  sum.rows = inputs.data();
  sum.row_count = channels * kernel_rows;
  sum.taps = size_of(stem_window_.kernel[1]);
  sum.column_step = size_of(stem_window_.strides[1]);
  sum.pad = size_of(stem_window_.pads_begin[1]);
  sum.length = columns;
  for (std::size_t y = 0; y < strip.rows; ++y) {
    const std::size_t top = (strip.first_row + y) * size_of(stem_window_.strides[0]);
    for (std::size_t channel = 0; channel < channels; ++channel) {
      for (std::size_t k = 0; k < kernel_rows; ++k) {
        // Above the first row this wraps to a large number, which is out of range too.
        const std::size_t row = top + k - size_of(stem_window_.pads_begin[0]);
        inputs[channel * kernel_rows + k] =
            row < rows ? source_ + ((strip.image * channels + channel) * rows + row) * columns
                       : zeros_;
      }
    }
    broadcast_row(sum, size_.columns, stem_rows_ + y * size_.columns * in_channels_);
  }
}

void SeparableStep::run_pointwise(const Strip& strip, dnnl::stream& stream) {
  const float* const from =
      stem_input_[0] > 0 ? stem_rows_ : source_row(strip.image, strip.first_row);
  const std::size_t columns = strip.rows * size_.columns;
  if (int8_pointwise_ && int8_pointwise_->run(from, columns, between(strip.first_row))) return;
  if (!own_pointwise_) {
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute((strip.rows == rows_ ? whole_ : rest_).get(), stream.get(),
                               static_cast<int>(strip.arguments.size()), strip.arguments.data()),
        "a 1x1 convolution could not be executed");
    return;
  }
  // The rows of a strip are contiguous: one long row.
  std::array<const float*, kMostInputs> inputs{};
  for (std::size_t channel = 0; channel < kLane; ++channel) inputs[channel] = from + channel;
  BroadcastSum sum = pointwise_sum_;
  sum.rows = inputs.data();
  sum.row_count = kLane;
  sum.column_step = kLane;
  sum.length = columns * kLane;
  broadcast_row(sum, columns, between(strip.first_row));
}

void SeparableStep::finish_pair(std::size_t image, std::size_t row, const Columns& columns) {
  const std::size_t row_floats = size_.columns * size_.channels;
  const std::array<const float*, 4> rows{row > 0 ? between(row - 1) : zeros_, between(row),
                                         between(row + 1),
                                         row + 2 < height_ ? between(row + 2) : zeros_};
  if (halved_) {
    depthwise_halved(rows, size_, columns, weights_,
                     result_ + (image * height_ + row) * row_floats / 4);
    return;
  }
  float* const upper = result_ + (image * height_ + row) * row_floats;
  depthwise_pair(rows, size_, columns, weights_, upper, upper + row_floats);
}

// The last row of an odd number.
void SeparableStep::finish_row(std::size_t image, std::size_t row, const Columns& columns) {
  const std::array<const float*, 3> rows{row > 0 ? between(row - 1) : zeros_, between(row), zeros_};
  depthwise_row(rows, size_, columns, weights_,
                result_ + (image * height_ + row) * size_.columns * size_.channels);
}

void SeparableStep::run(dnnl::stream& stream) {
  std::memset(zeros_, 0, static_cast<std::size_t>(stem_rows_ - zeros_) * sizeof(float));
  for (const Strip& strip : strips_) {
    if (stem_input_[0] > 0) run_stem(strip);
    run_pointwise(strip, stream);
    for (std::size_t column = 0; column < size_.columns; column += tile_columns_) {
      const Columns columns{column, std::min(column + tile_columns_, size_.columns)};
      std::size_t row = strip.result_first;
      for (; row + 1 < strip.result_end; row += 2) finish_pair(strip.image, row, columns);
      if (row < strip.result_end) finish_row(strip.image, row, columns);
    }
  }
}

}  // namespace maitred::inference
