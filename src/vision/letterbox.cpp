#include "letterbox.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "maitred/base/check.h"
#include "mat.h"

namespace maitred {

void write_planes(const cv::Mat& bgr, int plane_columns, int plane_rows,
                  const PlaneOptions& options, std::span<float> planes) {
  const auto plane = static_cast<std::size_t>(plane_columns) * static_cast<std::size_t>(plane_rows);
  MAITRED_CHECK(planes.size() >= 3 * plane && bgr.cols <= plane_columns && bgr.rows <= plane_rows);
  float* const first = planes.data() + (options.rgb ? 2 * plane : 0);
  float* const second = planes.data() + plane;
  float* const third = planes.data() + (options.rgb ? 0 : 2 * plane);
  for (int y = 0; y < bgr.rows; ++y) {
    const std::uint8_t* pixel = bgr.ptr<std::uint8_t>(y);
    const auto row = static_cast<std::size_t>(y) * static_cast<std::size_t>(plane_columns);
    for (int x = 0; x < bgr.cols; ++x, pixel += 3) {
      const std::size_t at = row + static_cast<std::size_t>(x);
      first[at] = (static_cast<float>(pixel[0]) - options.mean) * options.scale;
      second[at] = (static_cast<float>(pixel[1]) - options.mean) * options.scale;
      third[at] = (static_cast<float>(pixel[2]) - options.mean) * options.scale;
    }
  }
}

void Letterbox::fill(const ImageView& image, float factor, int width_px, int height_px,
                     std::span<float> planes) {
  const auto side = [&](int image_px, int limit_px) {
    const auto reduced_px = static_cast<int>(std::lround(static_cast<float>(image_px) * factor));
    return std::clamp(reduced_px, 1, limit_px);
  };
  const cv::Size size(side(image.width_px, width_px), side(image.height_px, height_px));
  cv::Mat source = mat_of(image);
  if (size != source.size()) {
    cv::resize(source, reduced_, size, 0, 0, cv::INTER_AREA);
    source = reduced_;
  }
  columns_per_px_ = static_cast<float>(size.width) / static_cast<float>(image.width_px);
  rows_per_px_ = static_cast<float>(size.height) / static_cast<float>(image.height_px);
  if (size.width < width_px || size.height < height_px) {
    std::fill(planes.begin(), planes.end(), 0.0F);
  }
  write_planes(source, width_px, height_px, {}, planes);
}

void Letterbox::to_image(Face& face) const {
  face.box.x_px /= columns_per_px_;
  face.box.width_px /= columns_per_px_;
  face.box.y_px /= rows_per_px_;
  face.box.height_px /= rows_per_px_;
  for (Point& point : face.landmarks) {
    point.x_px /= columns_per_px_;
    point.y_px /= rows_per_px_;
  }
}

}  // namespace maitred
