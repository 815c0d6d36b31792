// The inner loops of reducing a picture by averaging areas. Private to this module. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace maitred {

// out[i] = sum of weights[k] * rows[k][i].
void blend_rows(const std::uint8_t* const* rows, const float* weights, std::size_t count,
                std::size_t length, float* out);

// The pixels that one pixel of the result covers, with what each counts.
struct Cover {
  int first = 0;
  int count = 0;
  const float* weights = nullptr;
};

// Sums of a row of three channels, as three rows.
void blend_columns(const float* row, const Cover* covers, std::size_t columns, float* first,
                   float* second, float* third);

}  // namespace maitred
