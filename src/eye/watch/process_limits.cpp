#include <spdlog/fmt/fmt.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "maitred/eye/watch/photo_report.h"

namespace maitred {
namespace {

Status limit(__rlimit_resource what, const char* name, rlim_t value) {
  struct rlimit now {};
  ::getrlimit(what, &now);
  // Never raises a limit that the administrator has set.
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) value = now.rlim_max;
  const struct rlimit wanted { value, value };
  if (::setrlimit(what, &wanted) == 0) return {};
  return environment_error("limits_failed", fmt::format("cannot limit {} of this process: {}", name,
                                                        std::strerror(errno)));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The current size of the address space of this process.
rlim_t reserved_bytes() {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}
#endif

}  // namespace

Status limit_this_process(int photos) {
  // Added to what the libraries have reserved by now, which depends on the machine. The largest
  // allowed photo, 50 million 16-bit pixels with transparency, takes 400 MiB.
  constexpr rlim_t kMemoryBytes = rlim_t{1280} << 20U;
  // Enough for one large photo; in an import most photos are small.
  const rlim_t processor_seconds = photos > 1 ? 60 : 20;
  constexpr rlim_t kOpenFiles = 64;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return environment_error("limits_failed", "cannot give up new privileges (no_new_privs)");
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // Sanitizers map terabytes.
  MAITRED_TRY(limit(RLIMIT_AS, "the memory", reserved_bytes() + kMemoryBytes));
#else
  (void)kMemoryBytes;
#endif
  MAITRED_TRY(limit(RLIMIT_CPU, "the processor time", processor_seconds));
  MAITRED_TRY(limit(RLIMIT_NOFILE, "the open files", kOpenFiles));
  MAITRED_TRY(limit(RLIMIT_FSIZE, "the written files", rlim_t{16} << 20U));
  return {};
}

void hide_this_process() {
  const struct rlimit none { 0, 0 };
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace maitred
