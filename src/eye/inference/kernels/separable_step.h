// Computes a Separable a few rows at a time. Private to this module.
#pragma once

#include <array>
#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <vector>

#include "maitred/eye/inference/network.h"
#include "pointwise_int8.h"
#include "separable_rows.h"
#include "src/eye/inference/backends/onednn_program.h"
#include "src/eye/inference/graph/graph.h"

namespace maitred::inference {

// The stem computes `rows_` rows; from them the 1x1 convolution fills one of two halves of a
// buffer. The 3x3 convolution and the maximum follow one row behind, while those rows are in the
// cache. oneDNN computes the 1x1 convolution, except for 16 channels to 16 and in 8-bit arithmetic.
// The layout is [image][row][column][channel]; the input of a stem is
// [image][channel][row][column].
class SeparableStep final : public NativeStep {
 public:
  // Throws dnnl::error if oneDNN has no fast 1x1 convolution of this layout.
  SeparableStep(const Separable& separable, const Shape& input, const dnnl::engine& engine,
                const dnnl::primitive_attr& pointwise_attributes, Precision precision);

  bool in_int8() const { return int8_pointwise_.has_value(); }
  // The layout that the weights of the 1x1 convolution need.
  const dnnl::memory::desc& weights_layout() const { return weights_layout_; }
  std::size_t buffer_floats() const;
  const dnnl::memory::desc& scratchpad_layout() const { return scratchpad_layout_; }

  // `data` is source, result, buffer; weights and bias of the 1x1, of the 3x3, of the stem if any.
  void bind(const std::vector<float*>& data, void* scratchpad) override;
  void run(dnnl::stream& stream) override;

 private:
  struct Strip {
    std::size_t image = 0;
    std::size_t first_row = 0;
    std::size_t rows = 0;
    std::size_t result_first = 0;  // rows of the 3x3 convolution that this strip completes
    std::size_t result_end = 0;
    dnnl::memory source;
    dnnl::memory between;
    std::vector<dnnl_exec_arg_t> arguments;
  };

  void choose_rows();
  void choose_pointwise();
  dnnl::convolution_forward::primitive_desc describe(std::size_t rows) const;
  float* between(std::size_t row) const;
  const float* source_row(std::size_t image, std::size_t row) const;
  void run_stem(const Strip& strip);
  void run_pointwise(const Strip& strip, dnnl::stream& stream);
  void finish_row(std::size_t image, std::size_t row, const Columns& columns);
  void finish_pair(std::size_t image, std::size_t row, const Columns& columns);

  dnnl::engine engine_;
  dnnl::primitive_attr attributes_;
  std::size_t images_ = 1;
  std::size_t height_ = 0;  // of the 1x1 convolution, as its columns
  std::size_t in_channels_ = 0;
  RowSize size_;
  bool halved_ = false;
  bool own_pointwise_ = false;
  std::optional<PointwiseInt8> int8_pointwise_;
  Window stem_window_;
  std::array<std::size_t, 3> stem_input_{};  // channels, rows, columns; zeros without a stem
  std::size_t rows_ = 1;
  std::size_t tile_columns_ = 4;
  dnnl::memory::desc weights_layout_;
  dnnl::memory::desc scratchpad_layout_;
  dnnl::convolution_forward whole_;
  dnnl::convolution_forward rest_;

  // Memory, set by bind().
  DepthwiseWeights weights_;
  BroadcastSum pointwise_sum_;
  BroadcastSum stem_sum_;
  dnnl::memory pointwise_weights_;
  dnnl::memory pointwise_bias_;
  dnnl::memory scratchpad_;
  const float* source_ = nullptr;
  float* result_ = nullptr;
  float* halves_ = nullptr;     // 2 * rows_ rows
  float* zeros_ = nullptr;      // one row, or one row of the stem's input
  float* stem_rows_ = nullptr;  // rows_ rows
  std::vector<Strip> strips_;   // of all images
};

}  // namespace maitred::inference
