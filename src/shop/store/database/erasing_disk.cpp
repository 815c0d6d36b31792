#include "erasing_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>

#include "forwarding_disk.h"
#include "maitred/base/check.h"
#include "maitred/base/file.h"

namespace maitred {
namespace {

constexpr const char* kName = "maitred-erasing";
// Room for a file of the file system below.
constexpr int kRealFileBytes = 4096;

// The file system below is looked up each time, because the tests replace the default one.
sqlite3_vfs* disk_below() { return sqlite3_vfs_find(nullptr); }

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
    sqlite3_io_methods made = forwarding_methods();
    made.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      const int code = truncate(below(f), size);
      return code == SQLITE_OK ? below(f)->pMethods->xTruncate(below(f), size) : code;
    };
    return made;
  }();
  return &table;
}

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
  sqlite3_vfs* const disk = disk_below();
  MAITRED_CHECK(disk->szOsFile <= kRealFileBytes);
  return open_forwarded(disk, name, file, flags, out, methods());
}

int remove(sqlite3_vfs*, const char* name, int sync) {
  sqlite3_vfs* const disk = disk_below();
  return overwrite_file(name) ? disk->xDelete(disk, name, sync) : SQLITE_IOERR_DELETE;
}

}  // namespace

const char* erasing_disk() {
  static sqlite3_vfs disk = [] {
    sqlite3_vfs made = *disk_below();  // its clock, random numbers and names
    made.zName = kName;
    made.pNext = nullptr;
    made.szOsFile = static_cast<int>(sizeof(ForwardedFile)) + kRealFileBytes;
    made.xOpen = open;
    made.xDelete = remove;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&disk, 0);
  MAITRED_CHECK(registered == SQLITE_OK);
  return kName;
}

}  // namespace maitred
