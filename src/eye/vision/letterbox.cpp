#include "letterbox.h"

#include <algorithm>
#include <cmath>

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
  const cv::Mat source = mat_of(image);
  columns_per_px_ = static_cast<float>(size.width) / static_cast<float>(image.width_px);
  rows_per_px_ = static_cast<float>(size.height) / static_cast<float>(image.height_px);
  if (size.width < width_px || size.height < height_px) {
    std::fill(planes.begin(), planes.end(), 0.0F);
  }
  if (size == source.size()) {
    write_planes(source, width_px, height_px, {}, planes);
  } else {
    reduce(source, size, width_px, height_px, planes);
  }
}

void Letterbox::Axis::prepare(int length_px, int reduced_px) {
  if (from_px == length_px && covers.size() == static_cast<std::size_t>(reduced_px)) return;
  constexpr double kNothing = 1e-6;  // a smaller part of a pixel is a rounding error
  from_px = length_px;
  covers.clear();
  weights.clear();
  const double step = static_cast<double>(length_px) / reduced_px;
  for (int x = 0; x < reduced_px; ++x) {
    const double begin = x * step;
    const double end = std::min((x + 1) * step, static_cast<double>(length_px));
    Cover cover;
    cover.first = static_cast<int>(begin + kNothing);
    const int last = std::min(static_cast<int>(std::ceil(end - kNothing)), length_px);
    cover.count = std::max(last - cover.first, 1);
    for (int i = cover.first; i < cover.first + cover.count; ++i) {
      const double share = std::min(end, i + 1.0) - std::max(begin, static_cast<double>(i));
      weights.push_back(static_cast<float>(share / (end - begin)));
    }
    covers.push_back(cover);
  }
  const float* weight = weights.data();
  for (Cover& cover : covers) {
    cover.weights = weight;
    weight += cover.count;
  }
}

void Letterbox::reduce(const cv::Mat& source, const cv::Size& size, int plane_columns,
                       int plane_rows, std::span<float> planes) {
  across_.prepare(source.cols, size.width);
  down_.prepare(source.rows, size.height);
  const auto plane = static_cast<std::size_t>(plane_columns) * static_cast<std::size_t>(plane_rows);
  MAITRED_CHECK(planes.size() >= 3 * plane);
  row_.resize(3 * static_cast<std::size_t>(source.cols));
  std::vector<const std::uint8_t*> rows;
  for (int y = 0; y < size.height; ++y) {
    const Cover& cover = down_.covers[static_cast<std::size_t>(y)];
    rows.clear();
    for (int i = 0; i < cover.count; ++i) rows.push_back(source.ptr(cover.first + i));
    blend_rows(rows.data(), cover.weights, rows.size(), row_.size(), row_.data());
    float* const at =
        planes.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(plane_columns);
    blend_columns(row_.data(), across_.covers.data(), across_.covers.size(), at, at + plane,
                  at + 2 * plane);
  }
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
