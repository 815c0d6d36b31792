// The alignment target of the retail engine at another size. Private to this module.
#pragma once

#include "maitred/eye/vision/align.h"

namespace maitred {

inline AlignTarget scaled_target(int side_px) {
  AlignTarget target = retail_target();
  const float factor = static_cast<float>(side_px) / static_cast<float>(target.width_px);
  for (Point& point : target.points) point = {point.x_px * factor, point.y_px * factor};
  target.width_px = side_px;
  target.height_px = side_px;
  return target;
}

}  // namespace maitred
