// The power fails at the n-th sync of a command, for every n: of what was written since a file's
// last sync, sectors are there, or not, or in part, as the disk pleases. The store is the one
// before or the one after; what was acknowledged is there.
//
// $MAITRED_EVERY_FAULT tries more draws of what is lost at each sync.
#include <cstdlib>
#include <map>
#include <random>

#include "disk_commands.h"
#include "disk_shim.h"

namespace maitred {
namespace {

constexpr sqlite3_int64 kSector = 512;

// Remembers what each file held before the writes that were not synced yet.
class TornDisk : public test::DiskHooks {
 public:
  // The power fails when the n-th sync from now on is asked for; 0: never.
  void plan(int sync, unsigned seed) {
    left_ = sync;
    random_.seed(seed);
    dead_ = false;
  }
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
    unsynced_.erase(file);
    return DiskHooks::sync(file, flags);
  }
  int close(sqlite3_file* file) override {
    unsynced_.erase(file);
    return DiskHooks::close(file);
  }

 private:
  struct Before {
    sqlite3_int64 size = 0;
    std::map<sqlite3_int64, std::string> sectors;  // by offset; shorter than a sector at the end
  };

  static sqlite3_int64 size_of(sqlite3_file* file) {
    sqlite3_int64 size = 0;
    file->pMethods->xFileSize(file, &size);
    return size;
  }

  void remember(sqlite3_file* file, sqlite3_int64 from, sqlite3_int64 to) {
    const auto [found, fresh] = unsynced_.try_emplace(file);
    Before& before = found->second;
    if (fresh) before.size = size_of(file);
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
      file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    }
  }

  std::map<sqlite3_file*, Before> unsynced_;
  std::mt19937 random_;
  int left_ = 0;
  bool dead_ = false;
};

class TornDiskTest : public DiskTest {
 protected:
  void try_all(const NamedCommand& command) {
    const int draws = std::getenv("MAITRED_EVERY_FAULT") != nullptr ? 100 : 1;
    const auto [before, after] = undisturbed(command);
    int failures = 0;
    int kept = 0;
    bool hit = true;
    for (int sync = 1; hit && sync < 1000; ++sync) {
      for (int draw = 0; hit && draw < draws; ++draw) {
        put_back_base();
        Status done;
        {
          Store store = open();
          disk_.plan(sync, static_cast<unsigned>(1000 * sync + draw));
          done = command.run(store, key_);
          { const Store closing = std::move(store); }
        }
        hit = disk_.dead();
        disk_.plan(0, 0);
        if (!hit) break;
        ++failures;
        const std::string where =
            command.name + ", sync " + std::to_string(sync) + ", draw " + std::to_string(draw);
        auto store = Store::open(path_, key_);
        ASSERT_TRUE(store) << where << ": " << store.error().message;
        EXPECT_EQ(code_of(store->check()), "") << where;
        const std::string now = seen(*store);
        EXPECT_TRUE(now == after || (!done && now == before)) << where << ": " << now;
        kept += now == before ? 1 : 0;
      }
    }
    std::printf("%s: %d power failures, %d times as before\n", command.name.c_str(), failures,
                kept);
    EXPECT_GT(failures, 0) << command.name;
  }

  TornDisk disk_;
  const test::DiskShim shim_{disk_};
};

TEST_F(TornDiskTest, EveryCommandIsDoneOrNot) {
  for (const NamedCommand& command : commands()) try_all(command);
}

}  // namespace
}  // namespace maitred
