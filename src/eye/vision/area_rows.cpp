#include "area_rows.h"

#include "maitred/base/vector_dispatch.h"

namespace maitred {
namespace {

struct Loops {
  decltype(&maitred::blend_rows) blend_rows;
  decltype(&maitred::blend_columns) blend_columns;
};

#define MAITRED_LOOPS "src/eye/vision/area_rows.inc"
#include "maitred/base/compile_for_each_width.inc"

}  // namespace

void blend_rows(const std::uint8_t* const* rows, const float* weights, std::size_t count,
                std::size_t length, float* out) {
  loops().blend_rows(rows, weights, count, length, out);
}

void blend_columns(const float* row, const Cover* covers, std::size_t columns, float* first,
                   float* second, float* third) {
  loops().blend_columns(row, covers, columns, first, second, third);
}

}  // namespace maitred
