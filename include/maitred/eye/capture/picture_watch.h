// Detects a camera that delivers useless pictures: a covered lens, or a picture that never changes.
// Pure; the caller gives the time.
#pragma once

#include <cstdint>
#include <optional>

#include "maitred/base/time.h"
#include "maitred/types/image.h"

namespace maitred {

enum class PictureFault {
  kBlack,  // almost no light
  kFrozen  // bit for bit the same: the noise of a working sensor changes every picture
};

// Reads a grid of pixels of each picture, which takes some microseconds. Thread-compatible.
class PictureWatch {
 public:
  static constexpr Milliseconds kAfter{10'000};  // a fault is reported after this time
  static constexpr double kBlackBelow = 6.0;     // mean of 0 to 255; video black is 16 or 0

  void see(const ImageView& picture, Timestamp now);
  // Forgets the previous pictures: the source was reopened.
  void reset();
  std::optional<PictureFault> fault(Timestamp now) const;

 private:
  std::uint64_t last_hash_ = 0;
  std::optional<Timestamp> same_since_;
  std::optional<Timestamp> black_since_;
};

}  // namespace maitred
