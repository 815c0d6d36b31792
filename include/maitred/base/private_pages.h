// Pages that stay out of core files and, as far as the limit of locked memory allows, out of swap:
// for more secret memory than sodium_malloc is made for.
#pragma once

#include <cstddef>

namespace maitred {

// Zero-filled. Throws std::bad_alloc. To be wiped before they are given back.
void* map_private_pages(std::size_t bytes);
void unmap_private_pages(void* memory, std::size_t bytes);

}  // namespace maitred
