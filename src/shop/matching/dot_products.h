// The inner loop of the gallery search.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace maitred {

inline constexpr std::size_t kProbesAtOnce = 4;

// Copies of probes, each 64-byte aligned and zero-padded to the length of a gallery row. Probes of
// zeros pad their number to a multiple of kProbesAtOnce. Wiped on destruction.
class PaddedProbes {
 public:
  PaddedProbes(const std::vector<std::span<const float>>& probes, std::size_t stride);
  PaddedProbes(std::span<const float> probe, std::size_t stride)
      : PaddedProbes(std::vector<std::span<const float>>{probe}, stride) {}
  PaddedProbes(const PaddedProbes&) = delete;
  PaddedProbes& operator=(const PaddedProbes&) = delete;
  ~PaddedProbes();

  const float* operator[](std::size_t index) const { return values_ + index * stride_; }
  std::size_t count() const { return count_; }
  std::size_t padded_count() const { return padded_; }
  std::size_t stride() const { return stride_; }

 private:
  std::size_t count_;
  std::size_t padded_;
  std::size_t stride_;
  float* values_;
};

// scores[i] = rows[i] . probe. Requires `stride` a multiple of 16 and 64-byte aligned rows and
// probe.
void dot_products(const float* rows, std::size_t count, std::size_t stride, const float* probe,
                  float* scores);

// scores[p * count + i] = rows[i] . probes[p], for padded_count() probes. One pass over the rows.
void dot_products(const float* rows, std::size_t count, const PaddedProbes& probes, float* scores);

}  // namespace maitred
