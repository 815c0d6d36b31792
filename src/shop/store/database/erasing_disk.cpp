#include "erasing_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "maitred/base/check.h"
#include "maitred/base/file.h"

namespace maitred {
namespace {

constexpr const char* kName = "maitred-erasing";
// Room for a file of the file system below.
constexpr int kRealFileBytes = 4096;

// The file system below is looked up each time, because the tests replace the default one.
sqlite3_vfs* below() { return sqlite3_vfs_find(nullptr); }

struct File {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }

int overwrite(sqlite3_file* file, sqlite3_int64 from, sqlite3_int64 to) {
  static constexpr std::array<std::uint8_t, 65536> kZeros{};
  while (from < to) {
    const auto count = std::min<sqlite3_int64>(to - from, kZeros.size());
    const int code = file->pMethods->xWrite(file, kZeros.data(), static_cast<int>(count), from);
    if (code != SQLITE_OK) return code;
    from += count;
  }
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  constexpr sqlite3_int64 kFirstBlock = 4096;
  sqlite3_int64 present = 0;
  int code = file->pMethods->xFileSize(file, &present);
  if (code == SQLITE_OK && size == 0 && present > 0) {
    code = overwrite(file, 0, std::min(present, kFirstBlock));
    size = std::min(present, kFirstBlock);
  }
  if (code == SQLITE_OK && size < present) code = overwrite(file, size, present);
  return code;
}

const sqlite3_io_methods* methods() {
  static const sqlite3_io_methods table = [] {
    sqlite3_io_methods made{};
    // Version 1 has no shared memory: the store is locked for one process.
    made.iVersion = 1;
    made.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
    made.xRead = [](sqlite3_file* f, void* into, int count, sqlite3_int64 offset) {
      return real(f)->pMethods->xRead(real(f), into, count, offset);
    };
    made.xWrite = [](sqlite3_file* f, const void* from, int count, sqlite3_int64 offset) {
      return real(f)->pMethods->xWrite(real(f), from, count, offset);
    };
    made.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      const int code = truncate(real(f), size);
      return code == SQLITE_OK ? real(f)->pMethods->xTruncate(real(f), size) : code;
    };
    made.xSync = [](sqlite3_file* f, int flags) {
      return real(f)->pMethods->xSync(real(f), flags);
    };
    made.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return real(f)->pMethods->xFileSize(real(f), size);
    };
    made.xLock = [](sqlite3_file* f, int level) {
      return real(f)->pMethods->xLock(real(f), level);
    };
    made.xUnlock = [](sqlite3_file* f, int level) {
      return real(f)->pMethods->xUnlock(real(f), level);
    };
    made.xCheckReservedLock = [](sqlite3_file* f, int* locked) {
      return real(f)->pMethods->xCheckReservedLock(real(f), locked);
    };
    made.xFileControl = [](sqlite3_file* f, int what, void* argument) {
      return real(f)->pMethods->xFileControl(real(f), what, argument);
    };
    made.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
    made.xDeviceCharacteristics = [](sqlite3_file* f) {
      return real(f)->pMethods->xDeviceCharacteristics(real(f));
    };
    return made;
  }();
  return &table;
}

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
  auto* own = reinterpret_cast<File*>(file);
  own->base.pMethods = nullptr;
  own->real = reinterpret_cast<sqlite3_file*>(own + 1);
  sqlite3_vfs* const disk = below();
  MAITRED_CHECK(disk->szOsFile <= kRealFileBytes);
  std::memset(own->real, 0, kRealFileBytes);
  const int code = disk->xOpen(disk, name, own->real, flags, out);
  if (own->real->pMethods != nullptr) own->base.pMethods = methods();
  return code;
}

int remove(sqlite3_vfs*, const char* name, int sync) {
  sqlite3_vfs* const disk = below();
  return overwrite_file(name) ? disk->xDelete(disk, name, sync) : SQLITE_IOERR_DELETE;
}

}  // namespace

const char* erasing_disk() {
  static sqlite3_vfs disk = [] {
    sqlite3_vfs made = *below();  // its clock, random numbers and names
    made.zName = kName;
    made.pNext = nullptr;
    made.szOsFile = static_cast<int>(sizeof(File)) + kRealFileBytes;
    made.xOpen = open;
    made.xDelete = remove;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&disk, 0);
  MAITRED_CHECK(registered == SQLITE_OK);
  return kName;
}

}  // namespace maitred
