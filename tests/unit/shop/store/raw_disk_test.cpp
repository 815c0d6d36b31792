// Who has the raw disk and the present key finds no wrapped key of somebody erased: not in files,
// not in what SQLite cut off or deleted, not in free blocks of the disk.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "disk_shim.h"
#include "maitred/base/file.h"
#include "maitred/shop/store/backup.h"
#include "maitred/shop/store/restore.h"
#include "src/shop/store/store_access.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

// Keeps every byte that SQLite gives back to the disk.
class KeepingDisk : public test::DiskHooks {
 public:
  int truncate(sqlite3_file* file, sqlite3_int64 size) override {
    sqlite3_int64 present = 0;
    file->pMethods->xFileSize(file, &present);
    if (size < present) {
      std::string lost(static_cast<std::size_t>(present - size), '\0');
      file->pMethods->xRead(file, lost.data(), static_cast<int>(lost.size()), size);
      given_back += lost;
    }
    return DiskHooks::truncate(file, size);
  }
  void about_to_remove(const char* name) override { given_back += content_of(name); }

  std::string given_back;
};

// What a store's keys looked like on disk at any time so far.
struct WrappedKeys {
  std::set<std::string> above;                                // epoch and group keys
  std::map<std::string, std::set<std::string>> of_customers;  // by id

  void note(Store& store) {
    Database& database = StoreAccess::vault(store).database();
    for (const char* sql : {"SELECT wrapped FROM epochs", "SELECT wrapped FROM key_groups"}) {
      Query rows(database, sql);
      while (must(rows.next())) above.insert(text_of(rows.blob(0)));
    }
    Query rows(database, "SELECT customer, wrapped FROM customer_keys");
    while (must(rows.next())) of_customers[rows.text(0)].insert(text_of(rows.blob(1)));
  }
  static std::string text_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
};

class RawDiskTest : public StoreTest {
 protected:
  // People come and go in every way; two are erased. Returns how the present keys are wrapped.
  WrappedKeys live(const KeyAccess& key) {
    Store store = must(Store::create(path_, key, kActor));
    for (int n = 0; n < 40; ++n) {
      NewCustomer customer = new_customer(fmt::format("Name {}", n), fmt::format("L{}", n));
      customer.photos.push_back(Bytes(20000, 7));
      ids_.push_back(must(store.customers().enrol(customer, kActor)));
      must(store.visits().commit_arrival(arrival_of(ids_.back()), always, kActor));
      before_.note(store);
    }
    back_up(store);
    must(store.forget(ids_[3], kActor));
    before_.note(store);
    // An interrupted one leaves a part, and the next erasure drops it.
    const auto interrupted = must(Backup::begin(store, folder_ / "other", std::nullopt, kActor));
    for (int step = 0; step < 4; ++step) must(interrupted->step());
    must(store.forget_all({ids_[5], ids_[6]}, kActor));
    WrappedKeys now;
    now.note(store);
    return now;
  }

  // Keeps the plain copy open, to see what is left of it.
  void back_up(Store& store) {
    const auto backup = must(Backup::begin(store, folder_ / "backup", std::nullopt, kActor));
    do {
      if (!copy_) copy_ = UniqueFd(::open((path_.string() + ".backing-up").c_str(), O_RDONLY));
    } while (!must(backup->step()).finished);
    ASSERT_TRUE(copy_);
  }

  static std::string content_of_open(const UniqueFd& fd) {
    std::string content(static_cast<std::size_t>(::lseek(fd.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fd.get(), content.data(), content.size(), 0),
              static_cast<ssize_t>(content.size()));
    return content;
  }

  // The keys above that are gone, and all keys of these customers, are nowhere in it.
  void expect_erased(const std::string& content, const WrappedKeys& now, const std::string& where) {
    for (const std::string& wrapped : before_.above) {
      if (now.above.contains(wrapped)) continue;
      EXPECT_EQ(content.find(wrapped), std::string::npos) << where << ": a key of a former epoch";
    }
    for (const int index : {3, 5, 6}) {
      for (const std::string& wrapped : before_.of_customers.at(ids_.at(index).value)) {
        EXPECT_EQ(content.find(wrapped), std::string::npos) << where << ": customer " << index;
      }
    }
  }

  std::vector<CustomerId> ids_;
  WrappedKeys before_;
  UniqueFd copy_;
};

TEST_F(RawDiskTest, NothingThatSqliteGivesBackHoldsAKeyOfSomebodyErased) {
  KeepingDisk disk;
  const test::DiskShim shim(disk);
  const WrappedKeys now = live(key_);
  EXPECT_GT(disk.given_back.size(), 100000U);
  expect_erased(disk.given_back, now, "given back by SQLite");
  expect_erased(content_of_open(copy_), now, "the copy for the backup");
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename() == "backup") continue;
    expect_erased(content_of(entry.path()), now, entry.path().string());
  }
}

TEST_F(RawDiskTest, TheStoreThatARestoreReplacesIsOverwritten) {
  live(key_);
  const UniqueFd replaced(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  RestoreOptions options;
  options.store = path_;
  options.backup = folder_ / "backup";
  options.store_key = copy_of(key_);
  must(restore_backup(options, nullptr, kActor));
  const std::string left = content_of_open(replaced);
  EXPECT_GT(left.size(), 4096U);
  EXPECT_EQ(left.find_first_not_of('\0'), std::string::npos);
  EXPECT_FALSE(fs::exists(path_.string() + ".replaced"));
}

// A crash between the two names of the store must not cost the store.
TEST_F(RawDiskTest, ASecondNameOfTheStoreIsNotOverwritten) {
  { const Store store = create(); }
  fs::create_hard_link(path_, path_.string() + ".replaced");
  EXPECT_EQ(open_code(), "");
  EXPECT_FALSE(fs::exists(path_.string() + ".replaced"));
}

bool run(const std::string& command) {
  const int status = std::system((command + " >/dev/null 2>&1").c_str());
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A file system of its own in a file, for as long as it lives.
class Ext4Test : public RawDiskTest {
 protected:
  Ext4Test() {
    place_ = folder_ / "mounted";
    image_ = folder_ / "image";
    fs::create_directory(place_);
    mounted_ = ::geteuid() == 0 && run("truncate -s 48M " + image_.string()) &&
               run("mkfs.ext4 -q -F " + image_.string()) &&
               run(fmt::format("mount -o loop {} {}", image_.string(), place_.string()));
  }
  ~Ext4Test() override { unmount(); }

  bool unmount() {
    if (!mounted_) return true;
    mounted_ = false;
    return run("umount " + place_.string());
  }

  fs::path place_;
  fs::path image_;
  bool mounted_ = false;
};

TEST_F(Ext4Test, TheRawImageHoldsNoKeyOfSomebodyErased) {
  if (!mounted_) GTEST_SKIP() << "needs root, mkfs.ext4 and a loop device";
  const fs::path outside = std::exchange(folder_, place_);
  path_ = folder_ / "store.db";
  const WrappedKeys now = live(key_);
  copy_.reset();
  ASSERT_TRUE(unmount());
  folder_ = outside;
  const std::string image = content_of(image_);
  // What is there is found.
  for (const std::string& wrapped : now.above) {
    EXPECT_NE(image.find(wrapped), std::string::npos);
  }
  expect_erased(image, now, "the image");
}

TEST_F(Ext4Test, ADiskThatBecomesReadOnlyIsNoticed) {
  if (!mounted_) GTEST_SKIP() << "needs root, mkfs.ext4 and a loop device";
  path_ = place_ / "store.db";
  {
    Store store = create();
    EXPECT_EQ(code_of(store.check_in_place()), "");
    // As the kernel does it after an error of the disk.
    static_cast<void>(run("mount -o remount,abort " + place_.string()));
    const auto enrolled = store.customers().enrol(new_customer("Name", "L"), kActor);
    EXPECT_EQ(code_of(enrolled), "store_failed");
    EXPECT_EQ(must(store.customers().count()), 0U);
  }
  ASSERT_TRUE(unmount());
}

}  // namespace
}  // namespace maitred
