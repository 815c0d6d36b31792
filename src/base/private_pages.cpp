#include "maitred/base/private_pages.h"

#include <sys/mman.h>

#include <new>

namespace maitred {
namespace {

constexpr std::size_t kHugePage_bytes = std::size_t{2} << 20U;

}  // namespace

void* map_private_pages(std::size_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::madvise(memory, bytes, MADV_DONTDUMP);
  if (bytes >= kHugePage_bytes) ::madvise(memory, bytes, MADV_HUGEPAGE);
  ::mlock(memory, bytes);
  return memory;
}

void unmap_private_pages(void* memory, std::size_t bytes) { ::munmap(memory, bytes); }

}  // namespace maitred
