// A file system for SQLite between it and the real one: what the disk does is up to DiskHooks.
#pragma once

#include <sqlite3.h>

#include "src/shop/store/database/forwarding_disk.h"

namespace maitred::test {

inline sqlite3_vfs* real_disk() {
  static sqlite3_vfs* const real = sqlite3_vfs_find("unix");
  return real;
}

// Each answers an SQLite code and does the real work itself, or lets the base class do it. Bound to
// one thread.
class DiskHooks {
 public:
  virtual ~DiskHooks() = default;
  virtual int open() { return SQLITE_OK; }  // before the real open
  virtual int remove() { return SQLITE_OK; }
  virtual void about_to_remove(const char* /*name*/) {}
  virtual int read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) {
    return file->pMethods->xRead(file, into, count, offset);
  }
  virtual int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
    return file->pMethods->xWrite(file, from, count, offset);
  }
  virtual int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return file->pMethods->xTruncate(file, size);
  }
  virtual int sync(sqlite3_file* file, int flags) { return file->pMethods->xSync(file, flags); }
  virtual int close(sqlite3_file* file) { return file->pMethods->xClose(file); }
};

// The default file system of SQLite while it lives; one at a time.
class DiskShim {
 public:
  explicit DiskShim(DiskHooks& hooks) : vfs_(*real_disk()) {
    hooks_ = &hooks;
    vfs_.zName = "shim";
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(ForwardedFile)) + real_disk()->szOsFile;
    vfs_.xOpen = [](sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
      file->pMethods = nullptr;
      if (const int code = hooks_->open(); code != SQLITE_OK) return code;
      return open_forwarded(real_disk(), name, file, flags, out, methods());
    };
    vfs_.xDelete = [](sqlite3_vfs*, const char* name, int sync) {
      hooks_->about_to_remove(name);
      if (const int code = hooks_->remove(); code != SQLITE_OK) return code;
      return real_disk()->xDelete(real_disk(), name, sync);
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~DiskShim() {
    sqlite3_vfs_register(real_disk(), 1);
    sqlite3_vfs_unregister(&vfs_);
    hooks_ = nullptr;
  }
  DiskShim(const DiskShim&) = delete;
  DiskShim& operator=(const DiskShim&) = delete;

 private:
  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods table = [] {
      sqlite3_io_methods made = forwarding_methods();
      made.xClose = [](sqlite3_file* f) { return hooks_->close(below(f)); };
      made.xRead = [](sqlite3_file* f, void* into, int count, sqlite3_int64 offset) {
        return hooks_->read(below(f), into, count, offset);
      };
      made.xWrite = [](sqlite3_file* f, const void* from, int count, sqlite3_int64 offset) {
        return hooks_->write(below(f), from, count, offset);
      };
      made.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
        return hooks_->truncate(below(f), size);
      };
      made.xSync = [](sqlite3_file* f, int flags) { return hooks_->sync(below(f), flags); };
      return made;
    }();
    return &table;
  }

  inline static DiskHooks* hooks_ = nullptr;
  sqlite3_vfs vfs_;
};

}  // namespace maitred::test
