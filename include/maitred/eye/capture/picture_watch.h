// Whether a camera that gives pictures shows anything: a lens that is covered, a camera whose
// picture stands still. Pure; time comes in.
#pragma once

#include <cstdint>
#include <optional>

#include "maitred/base/time.h"
#include "maitred/types/image.h"

namespace maitred {

enum class PictureFault {
  kBlack,  // next to no light
  kFrozen  // to the last bit the same: a sensor's noise alone would change it
};

// Looks at a grid of pixels of each picture, which takes some microseconds. Thread-compatible.
class PictureWatch {
 public:
  static constexpr Milliseconds kAfter{10'000};  // a fault that lasts so long is one
  static constexpr double kBlackBelow = 6.0;     // mean of 0 to 255; video black is 16 or 0

  void see(const ImageView& picture, Timestamp now);
  // A source was opened anew.
  void reset();
  std::optional<PictureFault> fault(Timestamp now) const;

 private:
  std::uint64_t last_hash_ = 0;
  std::optional<Timestamp> same_since_;
  std::optional<Timestamp> black_since_;
};

}  // namespace maitred
