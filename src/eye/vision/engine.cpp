#include "maitred/eye/vision/engine.h"

namespace maitred {

Result<std::vector<Face>> FaceDetector::detect_within(const ImageView& image, const ImageArea& part,
                                                      int min_face_px) {
  ImageView view = image;
  view.data += static_cast<std::size_t>(part.y_px) * image.stride_bytes +
               3 * static_cast<std::size_t>(part.x_px);
  view.width_px = part.width_px;
  view.height_px = part.height_px;
  MAITRED_ASSIGN(std::vector<Face> faces, detect(view, min_face_px));
  const Point shift{static_cast<float>(part.x_px), static_cast<float>(part.y_px)};
  for (Face& face : faces) {
    face.box.x_px += shift.x_px;
    face.box.y_px += shift.y_px;
    for (Point& point : face.landmarks) {
      point.x_px += shift.x_px;
      point.y_px += shift.y_px;
    }
  }
  return faces;
}

}  // namespace maitred
