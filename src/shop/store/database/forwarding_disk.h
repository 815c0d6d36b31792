// A file system for SQLite that hands every call on to the one below it. Whoever wants another
// behaviour replaces single calls of it.
#pragma once

#include <sqlite3.h>

#include <cstring>

namespace maitred {

// What SQLite has for an open file: the memory of the file below follows it.
struct ForwardedFile {
  sqlite3_file base;
  sqlite3_file* below;
};

inline sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<ForwardedFile*>(file)->below;
}

// Version 1 has no shared memory: the store is locked for one process.
inline sqlite3_io_methods forwarding_methods() {
  sqlite3_io_methods made{};
  made.iVersion = 1;
  made.xClose = [](sqlite3_file* f) { return below(f)->pMethods->xClose(below(f)); };
  made.xRead = [](sqlite3_file* f, void* into, int count, sqlite3_int64 offset) {
    return below(f)->pMethods->xRead(below(f), into, count, offset);
  };
  made.xWrite = [](sqlite3_file* f, const void* from, int count, sqlite3_int64 offset) {
    return below(f)->pMethods->xWrite(below(f), from, count, offset);
  };
  made.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
    return below(f)->pMethods->xTruncate(below(f), size);
  };
  made.xSync = [](sqlite3_file* f, int flags) {
    return below(f)->pMethods->xSync(below(f), flags);
  };
  made.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
    return below(f)->pMethods->xFileSize(below(f), size);
  };
  made.xLock = [](sqlite3_file* f, int level) {
    return below(f)->pMethods->xLock(below(f), level);
  };
  made.xUnlock = [](sqlite3_file* f, int level) {
    return below(f)->pMethods->xUnlock(below(f), level);
  };
  made.xCheckReservedLock = [](sqlite3_file* f, int* locked) {
    return below(f)->pMethods->xCheckReservedLock(below(f), locked);
  };
  made.xFileControl = [](sqlite3_file* f, int what, void* argument) {
    return below(f)->pMethods->xFileControl(below(f), what, argument);
  };
  made.xSectorSize = [](sqlite3_file* f) { return below(f)->pMethods->xSectorSize(below(f)); };
  made.xDeviceCharacteristics = [](sqlite3_file* f) {
    return below(f)->pMethods->xDeviceCharacteristics(below(f));
  };
  return made;
}

// Opens the file on `disk`; `file` has room for a ForwardedFile and a file of `disk`.
inline int open_forwarded(sqlite3_vfs* disk, sqlite3_filename name, sqlite3_file* file, int flags,
                          int* out, const sqlite3_io_methods* methods) {
  auto* own = reinterpret_cast<ForwardedFile*>(file);
  own->base.pMethods = nullptr;
  own->below = reinterpret_cast<sqlite3_file*>(own + 1);
  std::memset(own->below, 0, static_cast<std::size_t>(disk->szOsFile));
  const int code = disk->xOpen(disk, name, own->below, flags, out);
  if (own->below->pMethods != nullptr) own->base.pMethods = methods;
  return code;
}

}  // namespace maitred
