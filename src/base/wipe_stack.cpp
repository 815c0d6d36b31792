#include "maitred/base/wipe_stack.h"

#include <sodium.h>

#include <cstddef>

namespace maitred {

void wipe_stack() {
  constexpr std::size_t kDeepest_bytes = std::size_t{256} << 10U;
  sodium_stackzero(kDeepest_bytes);
}

}  // namespace maitred
