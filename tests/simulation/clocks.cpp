#include "clocks.h"

#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace maitred::simulation {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

bool simulated = false;
std::int64_t wall_ms = 0;
std::int64_t steady_ms = 0;

void set(timespec* out, std::int64_t ms) {
  out->tv_sec = ms / 1000;
  out->tv_nsec = (ms % 1000) * kMillion;
}

}  // namespace

void pass(Milliseconds span) {
  wall_ms += span.count();
  steady_ms += span.count();
}

void set_wall_clock(Milliseconds span) { wall_ms += span.count(); }

void reset_clocks(WallTime wall) {
  simulated = true;
  wall_ms = wall.time_since_epoch().count();
  steady_ms = 1'000'000;
}

extern "C" int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  const bool steady =
      clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME;
  if (!simulated || (!wall && !steady)) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  }
  set(out, wall ? wall_ms : steady_ms);
  return 0;
}

// Asio's timers would wait for the kernel's clock. Without this call Asio compares them with ours.
extern "C" int timerfd_create(int, int) noexcept {
  errno = ENOSYS;
  return -1;
}

// The simulated disk decides what a power failure loses; the real one need not be waited for.
extern "C" int fsync(int) { return 0; }
extern "C" int fdatasync(int) { return 0; }

}  // namespace maitred::simulation
