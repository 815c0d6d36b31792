// A file system for SQLite that overwrites what it gives back to the disk.
#pragma once

namespace maitred {

// The name of SQLite's default file system with one difference: bytes that a file loses, because it
// is cut off or deleted, are overwritten with zeros first, durably. So no earlier page of the
// database and no frame of its log, with the keys of somebody who is erased, stays in free blocks.
// The first block of a log goes first: what is left of a log without it is not replayed after a
// crash. Registers it at the first call. Thread-safe.
const char* erasing_disk();

}  // namespace maitred
