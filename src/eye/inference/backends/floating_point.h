// Denormal floats make oneDNN and OpenBLAS 5 to 40 times slower.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace maitred::inference {

// During its lifetime this thread treats denormals as zero. Bound to one thread.
class FlushDenormals {
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
#if defined(__SSE2__)
  FlushDenormals() : before_(_mm_getcsr()) {
    constexpr unsigned kFlushToZero = 0x8000;
    constexpr unsigned kDenormalsAreZero = 0x0040;
    _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero);
  }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#else
  FlushDenormals() = default;
#endif
};

}  // namespace maitred::inference
