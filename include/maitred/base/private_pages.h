// Memory pages that stay out of core files and, as far as the limit of locked memory allows, out of
// swap. They serve larger secrets than sodium_malloc is made for.
#pragma once

#include <cstddef>

namespace maitred {

// The pages are zero-filled. Throws std::bad_alloc. The caller wipes them before releasing them.
void* map_private_pages(std::size_t bytes);
void unmap_private_pages(void* memory, std::size_t bytes);

}  // namespace maitred
