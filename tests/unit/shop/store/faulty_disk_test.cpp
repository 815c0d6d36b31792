// A disk that fails the n-th read, write, sync, truncate, delete or open, once or from then on, for
// every n of every command: the store is the one before or the one after, and says so.
//
// $MAITRED_EVERY_FAULT tries every n instead of a sample.
#include <cstdlib>

#include "disk_commands.h"
#include "disk_shim.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class FaultyDisk : public test::DiskHooks {
 public:
  // 0: never.
  void plan(int fail_at, bool for_good) {
    operations_ = failed_ = 0;
    fail_at_ = fail_at;
    for_good_ = for_good;
  }
  bool has_failed() const { return failed_ > 0; }

  int open() override { return fails() ? SQLITE_CANTOPEN : SQLITE_OK; }
  int remove() override { return fails() ? SQLITE_IOERR_DELETE : SQLITE_OK; }
  int read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) override {
    return fails() ? SQLITE_IOERR_READ : DiskHooks::read(file, into, count, offset);
  }
  int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) override {
    if (!fails()) return DiskHooks::write(file, from, count, offset);
    DiskHooks::write(file, from, count / 2, offset);  // half of it may be there
    return fail_at_ % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  int truncate(sqlite3_file* file, sqlite3_int64 size) override {
    return fails() ? SQLITE_IOERR_TRUNCATE : DiskHooks::truncate(file, size);
  }
  int sync(sqlite3_file* file, int flags) override {
    return fails() ? SQLITE_IOERR_FSYNC : DiskHooks::sync(file, flags);
  }

 private:
  bool fails() {
    ++operations_;
    const bool now =
        fail_at_ != 0 && (for_good_ ? operations_ >= fail_at_ : operations_ == fail_at_);
    failed_ += now ? 1 : 0;
    return now;
  }

  int operations_ = 0;
  int fail_at_ = 0;
  int failed_ = 0;
  bool for_good_ = false;
};

class FaultyDiskTest : public DiskTest {
 protected:
  // Fails every n-th operation of the command; counts what was seen.
  void try_all(const NamedCommand& command) {
    const std::string& name = command.name;
    const auto [before, after] = undisturbed(command);
    int faults = 0;
    int kept = 0;
    for (const bool for_good : {false, true}) {
      for (int n = 1; n < 5000; n += stride()) {
        put_back_base();
        Status done;
        {
          Store store = open();
          disk_.plan(n, for_good);
          done = command.run(store, key_);
          // Closing writes as well.
          { const Store closing = std::move(store); }
        }
        const bool hit = disk_.has_failed();
        disk_.plan(0, false);
        if (!hit) break;
        ++faults;
        if (!done) {
          EXPECT_NE(done.error().message, "");
          EXPECT_EQ(done.error().fault, Fault::kEnvironment) << done.error().code;
        }
        auto store = Store::open(path_, key_);
        ASSERT_TRUE(store) << name << ", n = " << n << ": " << store.error().message;
        EXPECT_EQ(code_of(store->check()), "") << name << ", n = " << n;
        const std::string now = seen(*store);
        if (done) {
          EXPECT_EQ(now, after) << name << ", n = " << n;
        } else {
          EXPECT_TRUE(now == before || now == after) << name << ", n = " << n << ": " << now;
          kept += now == before ? 1 : 0;
        }
      }
    }
    std::printf("%s: %d faults, %d times as before\n", name.c_str(), faults, kept);
    EXPECT_GT(faults, 0) << name;
  }

  static int stride() { return std::getenv("MAITRED_EVERY_FAULT") != nullptr ? 1 : 29; }

  FaultyDisk disk_;
  const test::DiskShim shim_{disk_};
};

TEST_F(FaultyDiskTest, EveryCommandIsDoneOrNot) {
  for (const NamedCommand& command : commands()) try_all(command);
}

TEST_F(FaultyDiskTest, OpeningSaysSoAndHarmsNothing) {
  put_back_base();
  const std::string before = [this] {
    Store store = open();
    return seen(store);
  }();
  int faults = 0;
  for (const bool for_good : {false, true}) {
    for (int n = 1; n < 5000; n += stride()) {
      put_back_base();
      disk_.plan(n, for_good);
      const Status opened = only_status(Store::open(path_, key_));
      const bool hit = disk_.has_failed();
      disk_.plan(0, false);
      if (!hit) break;
      ++faults;
      if (!opened) {
        EXPECT_EQ(opened.error().fault, Fault::kEnvironment) << opened.error().code;
      }
      auto store = Store::open(path_, key_);
      ASSERT_TRUE(store) << "n = " << n << ": " << store.error().message;
      EXPECT_EQ(code_of(store->check()), "") << "n = " << n;
      EXPECT_EQ(seen(*store), before) << "n = " << n;
    }
  }
  std::printf("open: %d faults\n", faults);
  EXPECT_GT(faults, 0);
}

// Where no daemon runs: the store is closed, and made anew.
TEST_F(FaultyDiskTest, Restore) {
  {
    put_back_base();
    Store store = open();
    const auto backup = must(Backup::begin(store, base_ / "backup", std::nullopt, kActor));
    while (!must(backup->step()).finished) {
    }
    must(store.forget(ids_[2], kActor));
  }
  for (const char* tail : {"", ".erasures", ".generation"}) {
    fs::copy_file(path_.string() + tail, base_ / ("store.db" + std::string(tail)),
                  fs::copy_options::overwrite_existing);
  }
  RestoreOptions options;
  options.store = path_;
  options.backup = folder_ / "backup";
  options.store_key = copy_of(key_);
  int faults = 0;
  for (const bool for_good : {false, true}) {
    for (int n = 1; n < 5000; n += stride()) {
      put_back_base();
      disk_.plan(n, for_good);
      const auto report = restore_backup(options, nullptr, kActor);
      const bool hit = disk_.has_failed();
      disk_.plan(0, false);
      if (!hit) break;
      ++faults;
      auto store = Store::open(path_, key_);
      ASSERT_TRUE(store) << "n = " << n << ": " << store.error().message;
      EXPECT_EQ(code_of(store->check()), "") << "n = " << n;
      EXPECT_EQ(must(store->customers().count()), 2U) << "n = " << n;
      EXPECT_EQ(code_of(store->customers().find(ids_[2])), "unknown_customer") << "n = " << n;
    }
  }
  std::printf("restore: %d faults\n", faults);
  EXPECT_GT(faults, 0);
}

}  // namespace
}  // namespace maitred
