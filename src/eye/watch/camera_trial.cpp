#include "maitred/eye/watch/camera_trial.h"

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace maitred {
namespace {

constexpr double kEveryFrame = 1000.0;  // frames a second; high enough to skip none

// The mean of every 16th pixel, 0 to 255.
double mean_light(const ImageView& view) {
  std::uint64_t sum = 0;
  std::uint64_t count = 0;
  for (int y = 0; y < view.height_px; y += 4) {
    const std::uint8_t* row = view.data + static_cast<std::size_t>(y) * view.stride_bytes;
    for (int x = 0; x < view.width_px; x += 4, ++count) {
      const std::uint8_t* pixel = row + static_cast<std::size_t>(x) * 3;
      sum += pixel[0] + pixel[1] + pixel[2];
    }
  }
  return count == 0 ? 0.0 : static_cast<double>(sum) / (3.0 * static_cast<double>(count));
}

}  // namespace

Result<std::string> try_camera(const CaptureOptions& wanted, Milliseconds duration) {
  CaptureOptions options = wanted;
  options.fps = kEveryFrame;
  MAITRED_ASSIGN(const auto source, open_source(options));
  MAITRED_ASSIGN(auto first, source->read());
  const Timestamp begin = std::chrono::steady_clock::now();
  std::uint64_t frames = first ? 1 : 0;
  std::optional<SourceFrame> last = std::move(first);
  std::chrono::duration<double> lasted{0.0};
  while (last && lasted < duration) {
    MAITRED_ASSIGN(auto next, source->read());
    lasted = std::chrono::steady_clock::now() - begin;
    if (!next) break;
    ++frames;
    last = std::move(next);
  }
  const double seconds = lasted.count();
  nlohmann::json report = {
      {"frames", frames},
      {"fps", frames > 1 && seconds > 0.0 ? static_cast<double>(frames - 1) / seconds : 0.0},
      {"width", last ? last->image.view.width_px : 0},
      {"height", last ? last->image.view.height_px : 0},
      {"mean_light", last ? mean_light(last->image.view) : 0.0}};
  return report.dump();
}

}  // namespace maitred
