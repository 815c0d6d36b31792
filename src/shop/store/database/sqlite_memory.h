// What SQLite gives back is overwritten: ids of customers stand in it in clear.
#pragma once

namespace maitred {

// Before SQLite is first used; later calls do nothing. Thread-safe.
void wipe_freed_sqlite_memory();

}  // namespace maitred
