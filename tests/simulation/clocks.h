// The clocks of a simulated box. They stand still until the simulation moves them: the program that
// links clocks.cpp has its own clock_gettime, so every clock of the core reads these.
#pragma once

#include "maitred/base/time.h"

namespace maitred::simulation {

// Both clocks go on by `span`.
void pass(Milliseconds span);
// Somebody sets the wall clock: it jumps by `span`, also back.
void set_wall_clock(Milliseconds span);
// Both clocks begin again.
void reset_clocks(WallTime wall);

}  // namespace maitred::simulation
