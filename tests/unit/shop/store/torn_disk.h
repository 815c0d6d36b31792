// A disk whose power fails: of what was written since a file's last sync, sectors are there, or
// not, or in part.
#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "disk_shim.h"

namespace maitred::test {

// Remembers what each file held before the writes that were not synced yet, and takes half of them
// back when the power fails. Bound to one thread.
class TornDisk : public DiskHooks {
 public:
  // Whether a sync reaches the real disk. Without that it takes no time.
  enum class RealSync { kYes, kNo };
  explicit TornDisk(RealSync real = RealSync::kYes) : real_(real) {}

  // The power fails when the n-th sync from now on is asked for; 0: never.
  void plan(int sync, unsigned seed) {
    left_ = sync;
    random_.seed(seed);
    dead_ = false;
  }
  // It fails now.
  void fail(unsigned seed) {
    random_.seed(seed);
    fail();
  }
  // Nothing is written any more; what was written stays, as when the process is killed.
  void stop() { dead_ = true; }
  // From now on syncs are answered and not done.
  void lie(bool lies) { lies_ = lies; }
  bool dead() const { return dead_; }

  int open() override { return dead_ ? SQLITE_CANTOPEN : SQLITE_OK; }
  int remove() override { return dead_ ? SQLITE_IOERR_DELETE : SQLITE_OK; }
  int read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) override {
    return dead_ ? SQLITE_IOERR_READ : DiskHooks::read(file, into, count, offset);
  }
  int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) override {
    if (dead_) return SQLITE_IOERR_WRITE;
    remember(file, offset, offset + count);
    return DiskHooks::write(file, from, count, offset);
  }
  int truncate(sqlite3_file* file, sqlite3_int64 size) override {
    if (dead_) return SQLITE_IOERR_TRUNCATE;
    remember(file, size, size_of(file));
    return DiskHooks::truncate(file, size);
  }
  int sync(sqlite3_file* file, int flags) override {
    if (dead_) return SQLITE_IOERR_FSYNC;
    if (left_ > 0 && --left_ == 0) {
      fail();
      return SQLITE_IOERR_FSYNC;
    }
    if (lies_) return SQLITE_OK;
    drop(file);
    return real_ == RealSync::kYes ? DiskHooks::sync(file, flags) : SQLITE_OK;
  }
  int close(sqlite3_file* file) override {
    drop(file);
    return DiskHooks::close(file);
  }

 private:
  static constexpr sqlite3_int64 kSector = 512;

  struct Before {
    sqlite3_int64 size = 0;
    std::map<sqlite3_int64, std::string> sectors;  // by offset; shorter than a sector at the end
  };

  static sqlite3_int64 size_of(sqlite3_file* file) {
    sqlite3_int64 size = 0;
    file->pMethods->xFileSize(file, &size);
    return size;
  }

  void drop(sqlite3_file* file) {
    std::erase_if(unsynced_, [file](const auto& one) { return one.first == file; });
  }

  void remember(sqlite3_file* file, sqlite3_int64 from, sqlite3_int64 to) {
    auto found = std::find_if(unsynced_.begin(), unsynced_.end(),
                              [file](const auto& one) { return one.first == file; });
    if (found == unsynced_.end()) {
      found = unsynced_.insert(found, {file, Before{size_of(file), {}}});
    }
    Before& before = found->second;
    for (sqlite3_int64 at = from / kSector * kSector; at < to; at += kSector) {
      if (before.sectors.contains(at)) continue;
      std::string held(static_cast<std::size_t>(kSector), '\0');
      const int code = file->pMethods->xRead(file, held.data(), static_cast<int>(kSector), at);
      if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) held.clear();
      before.sectors.emplace(at, std::move(held));
    }
  }

  // Half of the sectors get back what they held, some are torn in the middle; the file's size may
  // be the old one.
  void fail() {
    dead_ = true;
    for (auto& [file, before] : unsynced_) {
      for (const auto& [at, held] : before.sectors) {
        const unsigned fate = random_() % 4;
        if (fate >= 2) continue;
        const auto length = fate == 0 ? held.size() : held.size() / 2;
        file->pMethods->xWrite(file, held.data(), static_cast<int>(length), at);
      }
      if (random_() % 2 == 0) file->pMethods->xTruncate(file, before.size);
      if (real_ == RealSync::kYes) file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    }
  }

  const RealSync real_;
  // In the order of the first write, not of addresses: a seed must give the same failure again.
  std::vector<std::pair<sqlite3_file*, Before>> unsynced_;
  std::mt19937 random_;
  int left_ = 0;
  bool dead_ = false;
  bool lies_ = false;
};

}  // namespace maitred::test
