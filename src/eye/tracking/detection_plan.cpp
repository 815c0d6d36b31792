#include "maitred/eye/tracking/detection_plan.h"

namespace maitred {

bool DetectionPlan::due(Demand demand, bool moved, WallTime at) const {
  if (!last_ || at < *last_) return true;
  const Milliseconds passed = at - *last_;
  if (demand == Demand::kQuick) return passed >= rules_.quick;
  if (demand == Demand::kFrames) return passed >= rules_.shortest;
  if (moved) return passed >= (demand == Demand::kNobody ? rules_.shortest : rules_.settled);
  return passed >= (demand == Demand::kNobody ? rules_.patience : rules_.still);
}

}  // namespace maitred
