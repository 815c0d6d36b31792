// Reduces an image into the upper left corner of a network's input. Private to this module.
#pragma once

#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "area_rows.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// Converts BGR bytes to float planes, ordered B, G, R or R, G, B: value = (byte - mean) * scale.
struct PlaneOptions {
  bool rgb = false;
  float mean = 0.0F;
  float scale = 1.0F;
};
// The planes are `plane_columns` x `plane_rows`; values that the image does not cover stay
// unchanged. Requires planes.size() >= 3 * plane_rows * plane_columns.
void write_planes(const cv::Mat& bgr, int plane_columns, int plane_rows,
                  const PlaneOptions& options, std::span<float> planes);

// Keeps its buffers between calls. Thread-compatible.
class Letterbox {
 public:
  // Fills planes of width x height with the image reduced by `factor`, on black. Each pixel is the
  // average of the area that it covers.
  void fill(const ImageView& image, float factor, int width_px, int height_px,
            std::span<float> planes);
  // Maps a face from the input of the last fill() back to the image.
  void to_image(Face& face) const;

 private:
  // The pixels that each pixel of the result covers, along one side.
  struct Axis {
    int from_px = 0;
    std::vector<Cover> covers;
    std::vector<float> weights;
    void prepare(int length_px, int reduced_px);
  };
  void reduce(const cv::Mat& source, const cv::Size& size, int plane_columns, int plane_rows,
              std::span<float> planes);

  Axis across_;
  Axis down_;
  std::vector<float> row_;
  float columns_per_px_ = 1.0F;
  float rows_per_px_ = 1.0F;
};

}  // namespace maitred
