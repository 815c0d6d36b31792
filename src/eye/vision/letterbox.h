// An image reduced into the upper left corner of a network's input. Private to this module.
#pragma once

#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "area_rows.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// BGR bytes to float planes; plane order B, G, R or R, G, B; value = (byte - mean) * scale.
struct PlaneOptions {
  bool rgb = false;
  float mean = 0.0F;
  float scale = 1.0F;
};
// Requires planes.size() >= 3 * rows * columns; the planes are `plane_columns` x `plane_rows`, and
// what the image does not cover is left as it is.
void write_planes(const cv::Mat& bgr, int plane_columns, int plane_rows,
                  const PlaneOptions& options, std::span<float> planes);

// Thread-compatible; its buffers are kept from call to call.
class Letterbox {
 public:
  // Fills planes of width x height with the image reduced by `factor`, each pixel the average of
  // the area it stands for, black around it.
  void fill(const ImageView& image, float factor, int width_px, int height_px,
            std::span<float> planes);
  // From the input of the last fill() back to the image.
  void to_image(Face& face) const;

 private:
  // Along one side: what each pixel of the result covers.
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
