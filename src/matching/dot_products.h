// The inner loop of the gallery search.
#pragma once

#include <cstddef>
#include <span>

namespace maitred {

// A copy of a probe, 64-byte aligned and zero-padded to a row of the gallery; wiped on destruction.
class PaddedProbe {
 public:
  PaddedProbe(std::span<const float> values, std::size_t stride);
  PaddedProbe(const PaddedProbe&) = delete;
  PaddedProbe& operator=(const PaddedProbe&) = delete;
  ~PaddedProbe();

  const float* values() const { return values_; }

 private:
  float* values_;
  std::size_t stride_;
};

// scores[i] = rows[i] . probe. Requires `stride` a multiple of 16 and 64-byte aligned rows and
// probe.
void dot_products(const float* rows, std::size_t count, std::size_t stride, const float* probe,
                  float* scores);

}  // namespace maitred
