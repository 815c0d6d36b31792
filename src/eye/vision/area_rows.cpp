#include "area_rows.h"

#include "maitred/base/for_each_cpu.h"

namespace maitred {
namespace area_any_width {
#include "area_rows.inc"
}
#if defined(MAITRED_HAS_WIDTHS)
MAITRED_BEGIN_AVX512
namespace area_avx512 {
#include "area_rows.inc"
}
MAITRED_END_WIDTH
MAITRED_BEGIN_AVX2
namespace area_avx2 {
#include "area_rows.inc"
}
MAITRED_END_WIDTH
#endif

namespace {

struct AreaLoops {
  decltype(&area_any_width::blend_rows) blend_rows;
  decltype(&area_any_width::blend_columns) blend_columns;
};

AreaLoops choose_area_loops() {
#if defined(MAITRED_HAS_WIDTHS)
  switch (vector_width_here()) {
    case VectorWidth::kAvx512:
      return {area_avx512::blend_rows, area_avx512::blend_columns};
    case VectorWidth::kAvx2:
      return {area_avx2::blend_rows, area_avx2::blend_columns};
    case VectorWidth::kAny:
      break;
  }
#endif
  return {area_any_width::blend_rows, area_any_width::blend_columns};
}

const AreaLoops& area_loops() {
  static const AreaLoops chosen = choose_area_loops();
  return chosen;
}

}  // namespace

void blend_rows(const std::uint8_t* const* rows, const float* weights, std::size_t count,
                std::size_t length, float* out) {
  area_loops().blend_rows(rows, weights, count, length, out);
}

void blend_columns(const float* row, const Cover* covers, std::size_t columns, float* first,
                   float* second, float* third) {
  area_loops().blend_columns(row, covers, columns, first, second, third);
}

}  // namespace maitred
