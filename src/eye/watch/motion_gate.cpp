#include "motion_gate.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace maitred {
namespace {

// Grey levels of a cell's average.
constexpr int kLeastChange = 5;
constexpr int kMostNoise = 12;
constexpr int kOverNoise = 8;           // in median changes
constexpr std::size_t kCellsMoved = 2;  // a single cell may be a hot pixel, a fly or a lamp

}  // namespace

MotionGate::MotionGate(int min_face_px) : cell_px_(std::clamp(min_face_px / 4, 6, 16)) {}

void MotionGate::measure(const ImageView& image) {
  const int columns = std::max(1, image.width_px / cell_px_);
  const int rows = std::max(1, image.height_px / cell_px_);
  columns_ = static_cast<std::size_t>(columns);
  now_.assign(columns_ * static_cast<std::size_t>(rows), 0);
  // About 32 samples a cell: enough against noise, a tenth of the pixels.
  const int step_x = std::max(1, cell_px_ / 8);
  const int step_y = std::max(1, cell_px_ / 4);
  std::vector<std::uint32_t> sums(columns_);
  for (int row = 0; row < rows; ++row) {
    std::fill(sums.begin(), sums.end(), 0U);
    const int top = row * cell_px_;
    const int bottom = std::min(top + cell_px_, image.height_px);
    std::uint32_t lines = 0;
    for (int y = top; y < bottom; y += step_y, ++lines) {
      const std::uint8_t* line = image.data + static_cast<std::size_t>(y) * image.stride_bytes + 1;
      for (int column = 0; column < columns; ++column) {
        const int left = column * cell_px_;
        const int right = std::min(left + cell_px_, image.width_px);
        std::uint32_t sum = 0;
        for (int x = left; x < right; x += step_x) sum += line[3 * x];
        sums[static_cast<std::size_t>(column)] += sum;
      }
    }
    for (int column = 0; column < columns; ++column) {
      const int width = std::min(cell_px_, image.width_px - column * cell_px_);
      const auto samples = lines * static_cast<std::uint32_t>((width + step_x - 1) / step_x);
      now_[static_cast<std::size_t>(row) * columns_ + static_cast<std::size_t>(column)] =
          static_cast<std::uint8_t>((sums[static_cast<std::size_t>(column)] + samples / 2) /
                                    std::max(samples, 1U));
    }
  }
}

bool MotionGate::moved(const ImageView& image) {
  const std::size_t columns_before = columns_;
  measure(image);
  if (then_.size() != now_.size() || columns_ != columns_before) return true;
  std::array<std::size_t, 256> histogram{};
  for (std::size_t i = 0; i < now_.size(); ++i) {
    ++histogram[static_cast<std::size_t>(std::abs(int{now_[i]} - int{then_[i]}))];
  }
  int median = 0;
  for (std::size_t below = histogram[0]; below * 2 < now_.size();) {
    below += histogram[static_cast<std::size_t>(++median)];
  }
  const int least = std::clamp(kOverNoise * median, kLeastChange, kMostNoise);
  std::size_t changed = 0;
  for (auto i = static_cast<std::size_t>(least); i < histogram.size(); ++i) changed += histogram[i];
  return changed >= std::min(kCellsMoved, now_.size());
}

void MotionGate::remember() { then_ = now_; }

}  // namespace maitred
