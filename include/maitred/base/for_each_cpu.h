// Inner loops for the processor that is there.
#pragma once

namespace maitred {

// 16 floats as one; the compiler cuts it to the registers that the code around it may use.
inline constexpr unsigned long kLaneFloats = 16;
using Lane [[gnu::vector_size(kLaneFloats * sizeof(float)), gnu::may_alias]] = float;

// Widths of vector registers that loops are compiled for.
enum class VectorWidth { kAny, kAvx2, kAvx512 };

inline VectorWidth vector_width_here() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    return VectorWidth::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VectorWidth::kAvx2;
#endif
  return VectorWidth::kAny;
}

}  // namespace maitred

// A file of loops (.inc) is included once for each width, in a namespace of its own, between these
// two. GCC's target_clones will not do: it cuts wide vectors for the smallest processor before it
// makes the copies.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MAITRED_HAS_WIDTHS 1
#define MAITRED_PRAGMA(text) _Pragma(#text)
// clang-format off
#define MAITRED_BEGIN_AVX512 \
  MAITRED_PRAGMA(GCC push_options) \
  MAITRED_PRAGMA(GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,prefer-vector-width=512"))
#define MAITRED_BEGIN_VNNI \
  MAITRED_BEGIN_AVX512 \
  MAITRED_PRAGMA(GCC target("avx512vnni"))
#define MAITRED_BEGIN_AVX2 \
  MAITRED_PRAGMA(GCC push_options) \
  MAITRED_PRAGMA(GCC target("avx2,fma"))
// clang-format on
#define MAITRED_END_WIDTH MAITRED_PRAGMA(GCC pop_options)
#endif
