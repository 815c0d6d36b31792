#include "maitred/types/face.h"

#include <algorithm>

namespace maitred {

float overlap(const Box& a, const Box& b) {
  const float left = std::max(a.x_px, b.x_px);
  const float top = std::max(a.y_px, b.y_px);
  const float right = std::min(a.x_px + a.width_px, b.x_px + b.width_px);
  const float bottom = std::min(a.y_px + a.height_px, b.y_px + b.height_px);
  if (right <= left || bottom <= top) return 0.0F;
  const float shared_px2 = (right - left) * (bottom - top);
  const float joined_px2 = a.area_px2() + b.area_px2() - shared_px2;
  return joined_px2 > 0.0F ? shared_px2 / joined_px2 : 0.0F;
}

}  // namespace maitred
