// A disk that fails the n-th read, write, sync, truncate, delete or open, once or from then on, for
// every n of every command: the store is the one before or the one after, and says so.
//
// $MAITRED_EVERY_FAULT tries every n instead of a sample.
#include <cstdlib>
#include <cstring>

#include "maitred/store/backup.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

// One plan for all files of the process; the tests are single-threaded.
struct FaultPlan {
  int operations = 0;
  int fail_at = 0;  // 0: never
  bool for_good = false;
  int failed = 0;

  bool fails() {
    ++operations;
    const bool now = fail_at != 0 && (for_good ? operations >= fail_at : operations == fail_at);
    failed += now ? 1 : 0;
    return now;
  }
};
FaultPlan g_plan;

struct FaultyFile {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_vfs* real_vfs() {
  static sqlite3_vfs* const real = sqlite3_vfs_find("unix");
  return real;
}

sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<FaultyFile*>(file)->real; }

const sqlite3_io_methods* faulty_methods() {
  static const sqlite3_io_methods methods = [] {
    sqlite3_io_methods table{};
    table.iVersion = 1;
    table.xClose = [](sqlite3_file* f) { return real_of(f)->pMethods->xClose(real_of(f)); };
    table.xRead = [](sqlite3_file* f, void* into, int count, sqlite3_int64 offset) {
      if (g_plan.fails()) return static_cast<int>(SQLITE_IOERR_READ);
      return real_of(f)->pMethods->xRead(real_of(f), into, count, offset);
    };
    table.xWrite = [](sqlite3_file* f, const void* from, int count, sqlite3_int64 offset) {
      if (g_plan.fails()) {
        // Half of it may be there.
        real_of(f)->pMethods->xWrite(real_of(f), from, count / 2, offset);
        return static_cast<int>(g_plan.fail_at % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE);
      }
      return real_of(f)->pMethods->xWrite(real_of(f), from, count, offset);
    };
    table.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      if (g_plan.fails()) return static_cast<int>(SQLITE_IOERR_TRUNCATE);
      return real_of(f)->pMethods->xTruncate(real_of(f), size);
    };
    table.xSync = [](sqlite3_file* f, int flags) {
      if (g_plan.fails()) return static_cast<int>(SQLITE_IOERR_FSYNC);
      return real_of(f)->pMethods->xSync(real_of(f), flags);
    };
    table.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return real_of(f)->pMethods->xFileSize(real_of(f), size);
    };
    table.xLock = [](sqlite3_file* f, int level) {
      return real_of(f)->pMethods->xLock(real_of(f), level);
    };
    table.xUnlock = [](sqlite3_file* f, int level) {
      return real_of(f)->pMethods->xUnlock(real_of(f), level);
    };
    table.xCheckReservedLock = [](sqlite3_file* f, int* locked) {
      return real_of(f)->pMethods->xCheckReservedLock(real_of(f), locked);
    };
    table.xFileControl = [](sqlite3_file* f, int what, void* argument) {
      return real_of(f)->pMethods->xFileControl(real_of(f), what, argument);
    };
    table.xSectorSize = [](sqlite3_file* f) {
      return real_of(f)->pMethods->xSectorSize(real_of(f));
    };
    table.xDeviceCharacteristics = [](sqlite3_file* f) {
      return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
    };
    return table;
  }();
  return &methods;
}

// The default file system of SQLite while it lives.
class FaultyDisk {
 public:
  FaultyDisk() : vfs_(*real_vfs()) {
    vfs_.zName = "faulty";
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + real_vfs()->szOsFile;
    vfs_.xOpen = [](sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
      auto* faulty = reinterpret_cast<FaultyFile*>(file);
      faulty->base.pMethods = nullptr;
      faulty->real = reinterpret_cast<sqlite3_file*>(faulty + 1);
      if (g_plan.fails()) return static_cast<int>(SQLITE_CANTOPEN);
      std::memset(faulty->real, 0, static_cast<std::size_t>(real_vfs()->szOsFile));
      const int code = real_vfs()->xOpen(real_vfs(), name, faulty->real, flags, out);
      if (faulty->real->pMethods != nullptr) faulty->base.pMethods = faulty_methods();
      return code;
    };
    vfs_.xDelete = [](sqlite3_vfs*, const char* name, int sync) {
      if (g_plan.fails()) return static_cast<int>(SQLITE_IOERR_DELETE);
      return real_vfs()->xDelete(real_vfs(), name, sync);
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultyDisk() {
    sqlite3_vfs_register(real_vfs(), 1);
    sqlite3_vfs_unregister(&vfs_);
  }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

 private:
  sqlite3_vfs vfs_;
};

using Command = std::function<Status(Store&, const KeyAccess&)>;

class FaultyDiskTest : public StoreTest {
 protected:
  FaultyDiskTest() {
    Store store = create();
    for (const char* name : {"First", "Second", "Third"}) {
      const CustomerId id = must(store.customers().enrol(new_customer(name, name), kActor));
      must(store.visits().commit_arrival(arrival_of(id), always, kActor));
      ids_.push_back(id);
    }
    { const Store closing = std::move(store); }
    base_ = folder_ / "base";
    fs::create_directory(base_);
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.is_regular_file()) fs::copy_file(entry.path(), base_ / entry.path().filename());
    }
  }
  ~FaultyDiskTest() override { g_plan = {}; }

  void put_back_base() {
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.is_regular_file()) fs::remove(entry.path());
    }
    for (const auto& entry : fs::directory_iterator(base_)) {
      fs::copy_file(entry.path(), folder_ / entry.path().filename());
    }
  }

  // What a user sees of the store.
  static std::string seen(const Store& store) {
    std::string text;
    for (const CustomerSummary& one : must(store.customers().list())) {
      text += one.name + (one.withdrawn ? "-" : "+") +
              std::to_string(must(store.visits().list(VisitQuery{one.id, {}, false, 0})).size()) +
              " ";
    }
    return text;
  }

  // Fails every n-th operation of the command; counts what was seen.
  void try_all(const std::string& name, const Command& command) {
    const int stride = std::getenv("MAITRED_EVERY_FAULT") != nullptr ? 1 : 29;
    put_back_base();
    std::string before, after;
    {
      Store store = open();
      before = seen(store);
      must(command(store, key_));
      after = seen(store);
    }
    int faults = 0;
    int kept = 0;
    for (const bool for_good : {false, true}) {
      for (int n = 1; n < 5000; n += stride) {
        put_back_base();
        Status done;
        {
          Store store = open();
          g_plan = {0, n, for_good, 0};
          done = command(store, key_);
          // Closing writes as well.
          { const Store closing = std::move(store); }
        }
        const bool hit = g_plan.failed > 0;
        g_plan = {};
        if (!hit) break;
        ++faults;
        if (!done) {
          EXPECT_NE(done.error().message, "");
          EXPECT_EQ(done.error().fault, Fault::kEnvironment) << done.error().code;
        }
        const auto store = Store::open(path_, key_);
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

  const FaultyDisk disk_;
  fs::path base_;
  std::vector<CustomerId> ids_;
};

template <class Value>
Status only_status(const Result<Value>& result) {
  if (!result) return tl::unexpected(result.error());
  return {};
}

TEST_F(FaultyDiskTest, Enrol) {
  try_all("enrol", [](Store& store, const KeyAccess&) {
    return only_status(store.customers().enrol(new_customer("Fourth", "L4"), kActor));
  });
}

TEST_F(FaultyDiskTest, Withdraw) {
  try_all("withdraw", [this](Store& store, const KeyAccess&) {
    return only_status(store.withdraw(ids_[1], kActor));
  });
}

TEST_F(FaultyDiskTest, Forget) {
  try_all("forget", [this](Store& store, const KeyAccess&) {
    return only_status(store.forget(ids_[1], kActor));
  });
}

TEST_F(FaultyDiskTest, Arrival) {
  try_all("arrival", [this](Store& store, const KeyAccess&) {
    return only_status(store.visits().commit_arrival(arrival_of(ids_[0]), always, kActor));
  });
}

TEST_F(FaultyDiskTest, Rotate) {
  try_all("rotate", [](Store& store, const KeyAccess& key) -> Status {
    MAITRED_TRY(store.keys().begin_rotation(key, false, kActor));
    for (;;) {
      MAITRED_ASSIGN(const auto progress, store.keys().rotate_some(key, 2, kActor));
      if (progress.finished) return {};
    }
  });
}

TEST_F(FaultyDiskTest, Backup) {
  try_all("backup", [this](Store& store, const KeyAccess&) -> Status {
    MAITRED_ASSIGN(const auto backup,
                   Backup::begin(store, folder_ / "backup", std::nullopt, kActor));
    for (;;) {
      MAITRED_ASSIGN(const auto progress, backup->step());
      if (progress.finished) return {};
    }
  });
}

// Where no daemon runs: the store is closed, and made anew.
TEST_F(FaultyDiskTest, Restore) {
  {
    put_back_base();
    Store store = open();
    const auto backup =
        must(Backup::begin(store, base_ / "backup", std::nullopt, kActor));
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
  const int stride = std::getenv("MAITRED_EVERY_FAULT") != nullptr ? 1 : 29;
  int faults = 0;
  for (const bool for_good : {false, true}) {
    for (int n = 1; n < 5000; n += stride) {
      put_back_base();
      g_plan = {0, n, for_good, 0};
      const auto report = restore_backup(options, nullptr, kActor);
      const bool hit = g_plan.failed > 0;
      g_plan = {};
      if (!hit) break;
      ++faults;
      const auto store = Store::open(path_, key_);
      ASSERT_TRUE(store) << "n = " << n << ": " << store.error().message;
      EXPECT_EQ(code_of(store->check()), "") << "n = " << n;
      EXPECT_EQ(must(store->customers().count()), 2U) << "n = " << n;
      EXPECT_EQ(code_of(store->customers().find(ids_[2])), "unknown_customer") << "n = " << n;
    }
  }
  EXPECT_GT(faults, 0);
}

}  // namespace
}  // namespace maitred
