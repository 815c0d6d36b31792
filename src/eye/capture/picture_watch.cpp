#include "maitred/eye/capture/picture_watch.h"

#include <algorithm>

namespace maitred {
namespace {

constexpr int kGrid = 64;  // points each way

struct GridLook {
  std::uint64_t hash = 1469598103934665603ULL;  // FNV-1a
  double mean_light = 0.0;
};

GridLook look_at_grid(const ImageView& picture) {
  GridLook look;
  std::uint64_t sum = 0;
  std::uint64_t count = 0;
  const int step_x = std::max(1, picture.width_px / kGrid);
  const int step_y = std::max(1, picture.height_px / kGrid);
  for (int y = 0; y < picture.height_px; y += step_y) {
    const std::uint8_t* row = picture.data + static_cast<std::size_t>(y) * picture.stride_bytes;
    for (int x = 0; x < picture.width_px; x += step_x) {
      const std::uint8_t* pixel = row + static_cast<std::size_t>(x) * 3;
      for (int channel = 0; channel < 3; ++channel) {
        look.hash = (look.hash ^ pixel[channel]) * 1099511628211ULL;
        sum += pixel[channel];
      }
      count += 3;
    }
  }
  look.mean_light = count == 0 ? 0.0 : static_cast<double>(sum) / static_cast<double>(count);
  return look;
}

}  // namespace

void PictureWatch::see(const ImageView& picture, Timestamp now) {
  const GridLook look = look_at_grid(picture);
  if (!same_since_ || look.hash != last_hash_) same_since_ = now;
  last_hash_ = look.hash;
  if (look.mean_light >= kBlackBelow) {
    black_since_.reset();
  } else if (!black_since_) {
    black_since_ = now;
  }
}

void PictureWatch::reset() {
  same_since_.reset();
  black_since_.reset();
}

std::optional<PictureFault> PictureWatch::fault(Timestamp now) const {
  if (black_since_ && now - *black_since_ >= kAfter) return PictureFault::kBlack;
  if (same_since_ && now - *same_since_ >= kAfter) return PictureFault::kFrozen;
  return std::nullopt;
}

}  // namespace maitred
