// The inner loops of a separable convolution. Rows are [columns][channels], 64-byte aligned, with
// whole lanes of channels. Private to this module. Pure.
#pragma once

#include <array>
#include <cstddef>

namespace maitred::inference {

struct DepthwiseWeights {
  const float* taps = nullptr;  // [3 * 3][channels], rows from the top
  const float* bias = nullptr;  // [channels]
  float slope = 1.0F;           // of negative results, 0 to 1
};

struct RowSize {
  std::size_t columns = 0;
  std::size_t channels = 0;
};

struct Columns {  // begin <= x < end, both even for depthwise_halved
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Computes columns of one row of the depthwise 3x3 convolution from the row and its neighbours. The
// caller gives a row of zeros beyond the edge; columns beyond both ends count as zeros.
void depthwise_row(const std::array<const float*, 3>& rows, const RowSize& size,
                   const Columns& columns, const DepthwiseWeights& weights, float* out);

// Computes two neighbouring rows of it from four.
void depthwise_pair(const std::array<const float*, 4>& rows, const RowSize& size,
                    const Columns& columns, const DepthwiseWeights& weights, float* upper,
                    float* lower);

// Computes the 2x2 maximum of two neighbouring rows: one row of half the columns.
void depthwise_halved(const std::array<const float*, 4>& rows, const RowSize& size,
                      const Columns& columns, const DepthwiseWeights& weights, float* out);

// A sum over few inputs of a column, each multiplied by a lane of weights.
struct BroadcastSum {
  const float* const* rows = nullptr;  // of inputs
  std::size_t row_count = 0;
  std::size_t taps = 1;         // neighbours in a row
  std::size_t column_step = 1;  // floats from column to column
  std::size_t pad = 0;          // of a row, to the left: input of column x and tap t is
                                // row[x * column_step + t - pad], or 0 outside 0 .. length - 1
  std::size_t length = 0;
  const float* weights = nullptr;  // [row][tap][16]
  const float* bias = nullptr;     // [16]
  float slope = 1.0F;              // of negative results
};

// out[column][16].
void broadcast_row(const BroadcastSum& sum, std::size_t columns, float* out);

}  // namespace maitred::inference
