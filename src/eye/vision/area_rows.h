// The inner loops that reduce a picture by area averages. Private to this module. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace maitred {

// out[i] = sum of weights[k] * rows[k][i].
void blend_rows(const std::uint8_t* const* rows, const float* weights, std::size_t count,
                std::size_t length, float* out);

// The pixels that one pixel of the result covers, with their weights.
struct Cover {
  int first = 0;
  int count = 0;
  const float* weights = nullptr;
};

// Weighted sums of a row of three interleaved channels, as one row for each channel.
void blend_columns(const float* row, const Cover* covers, std::size_t columns, float* first,
                   float* second, float* third);

}  // namespace maitred
