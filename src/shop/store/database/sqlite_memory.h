// Wipes memory that SQLite frees, because ids of customers stand in it in clear.
#pragma once

namespace maitred {

// Call it before the first use of SQLite; later calls do nothing. Thread-safe.
void wipe_freed_sqlite_memory();

}  // namespace maitred
