// Vector dispatch: inner loops are compiled once for each width of vector registers, and a program
// runs the widest copy that its processor supports. To add loops, see compile_for_each_width.inc.
#pragma once

namespace maitred {

// 16 floats as one value. The compiler splits it into the registers that the surrounding code may
// use.
inline constexpr unsigned long kLaneFloats = 16;
using Lane [[gnu::vector_size(kLaneFloats * sizeof(float)), gnu::may_alias]] = float;

// What a processor supports. Each value includes the ones before it, so that `>=` asks for at least
// this much.
enum class VectorWidth { kAny, kAvx2, kAvx512, kAvx512Vnni };

// The widest that this processor supports.
inline VectorWidth vector_width_here() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return VectorWidth::kAny;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq")) {
    return VectorWidth::kAvx2;
  }
  return __builtin_cpu_supports("avx512vnni") ? VectorWidth::kAvx512Vnni : VectorWidth::kAvx512;
#else
  return VectorWidth::kAny;
#endif
}

// The copy of some loops that fits vector_width_here().
template <class Loops>
const Loops& widest_here(const Loops& any, const Loops& avx2, const Loops& avx512) {
  const VectorWidth width = vector_width_here();
  if (width >= VectorWidth::kAvx512) return avx512;
  return width >= VectorWidth::kAvx2 ? avx2 : any;
}

}  // namespace maitred

// Code between MAITRED_BEGIN_... and MAITRED_END_WIDTH may use the registers named, and must run
// only where vector_width_here() reports them. GCC's attribute target_clones does not replace this:
// it splits a Lane for the smallest processor before it makes the copies.
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
