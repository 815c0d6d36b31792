#include "sqlite_memory.h"

#include <sodium.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace maitred {
namespace {

// SQLite's own functions, which ours call.
sqlite3_mem_methods& plain_memory() {
  static sqlite3_mem_methods methods{};
  return methods;
}

void free_wiped(void* memory) {
  if (memory == nullptr) return;
  sodium_memzero(memory, static_cast<std::size_t>(plain_memory().xSize(memory)));
  plain_memory().xFree(memory);
}

void* move_wiped(void* memory, int size_bytes) {
  void* moved = plain_memory().xMalloc(size_bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory,
              static_cast<std::size_t>(std::min(plain_memory().xSize(memory), size_bytes)));
  free_wiped(memory);
  return moved;
}

bool install() {
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory()) != SQLITE_OK) return false;
  sqlite3_mem_methods wiping = plain_memory();
  wiping.xFree = free_wiped;
  wiping.xRealloc = move_wiped;
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &wiping) == SQLITE_OK &&
         // A lookaside pool would reuse small blocks without calling xFree.
         sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
}

}  // namespace

void wipe_freed_sqlite_memory() { [[maybe_unused]] static const bool installed = install(); }

}  // namespace maitred
