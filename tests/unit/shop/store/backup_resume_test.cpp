// A backup that was interrupted goes on, and only where it may.
#include <sodium.h>

#include "maitred/base/file.h"
#include "maitred/shop/store/backup.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPhotoBytes = 300 << 10;

struct BackUpOutcome {
  std::string code;
  std::uint64_t resumed = 0;
  std::string why_restarted;
};

class BackupResumeTest : public StoreTest {
 protected:
  BackupResumeTest() {
    backup_ = folder_ / "backup";
    part_ = folder_ / "backup.part";
    note_ = path_.string() + ".unfinished";
  }

  // A store of some megabytes.
  Store shop(int customers = 16) {
    Store store = create();
    for (int i = 0; i < customers; ++i) {
      NewCustomer customer = new_customer("Customer " + std::to_string(i), "");
      customer.consent = consent_to({Scope::kRecognition, Scope::kPhotos});
      std::vector<std::uint8_t> photo(kPhotoBytes);
      randombytes_buf(photo.data(), photo.size());
      customer.photos.push_back(std::move(photo));
      ids_.push_back(must(store.customers().enrol(customer, kActor)));
    }
    return store;
  }

  std::unique_ptr<Backup> begin(Store& store, const std::optional<KeyAccess>& key = {}) {
    return must(Backup::begin(store, backup_, key, kActor));
  }

  BackUpOutcome back_up(Store& store, const std::optional<KeyAccess>& key = {}) {
    const auto backup = begin(store, key);
    for (;;) {
      const auto progress = backup->step();
      if (!progress) return {progress.error().code, 0, ""};
      signature_ = backup->signed_by();
      if (progress->finished) return {"", backup->resumed_bytes(), backup->why_restarted()};
    }
  }

  // Until so much of the work is done.
  void interrupt(Store& store, double share, const std::optional<KeyAccess>& key = {}) {
    const auto backup = begin(store, key);
    for (;;) {
      const StepProgress progress = must(backup->step());
      ASSERT_FALSE(progress.finished);
      const bool sealing = fs::exists(part_);
      if (sealing &&
          static_cast<double>(progress.done) >= share * static_cast<double>(progress.total)) {
        return;
      }
    }
  }

  // What is restored from the backup to another place.
  std::uint64_t customers_in_backup(const std::optional<KeyAccess>& key = {}) {
    RestoreOptions options;
    options.backup = backup_;
    options.store = folder_ / "other" / "store.db";
    options.store_key = copy_of(key_);
    if (key) options.backup_key = copy_of(*key);
    options.signed_by = signature_;
    const std::uint64_t customers = must(restore_backup(options, nullptr, kActor)).customers;
    EXPECT_EQ(code_of(must(Store::open(options.store, key_)).check()), "");
    fs::remove_all(folder_ / "other");
    return customers;
  }

  fs::path backup_, part_, note_;
  std::string signature_;  // of the last backup
  std::vector<CustomerId> ids_;
};

constexpr const char* kChangedSince = "the store has changed since";

TEST_F(BackupResumeTest, GoesOnWhereItWasInterrupted) {
  static_cast<void>(shop());
  for (const double share : {0.34, 0.6, 0.85}) {
    {
      Store store = open();
      interrupt(store, share);
    }
    const std::string before = content_of(part_);
    Store store = open();
    const BackUpOutcome done = back_up(store);
    EXPECT_EQ(done.code, "");
    EXPECT_EQ(done.why_restarted, "");
    EXPECT_GT(done.resumed + (64 << 10), before.size() * 99 / 100) << share;
    const std::string whole = content_of(backup_);
    EXPECT_TRUE(whole.starts_with(before)) << share;
    EXPECT_FALSE(fs::exists(part_));
    EXPECT_FALSE(fs::exists(note_));
    EXPECT_EQ(customers_in_backup(), 16U);
    // The next one is another one, with a key of its own.
    EXPECT_EQ(back_up(store).resumed, 0U);
    EXPECT_NE(content_of(backup_).substr(0, 2000), whole.substr(0, 2000));
  }
}

TEST_F(BackupResumeTest, APartCutOffAnywhereIsGoneOnWith) {
  Store store = shop(4);
  std::mt19937 random(7);
  for (int turn = 0; turn < 6; ++turn) {
    interrupt(store, 0.7);
    const std::string whole = content_of(part_);
    const std::string left = whole.substr(0, random() % whole.size());
    overwrite(part_, left);
    const BackUpOutcome done = back_up(store);
    EXPECT_EQ(done.code, "");
    EXPECT_LE(done.resumed, left.size());
    EXPECT_GE(done.resumed + (64 << 10) + 8192, left.size());
    EXPECT_TRUE(content_of(backup_).starts_with(done.resumed > 0 ? left : ""));
    EXPECT_EQ(customers_in_backup(), 4U);
  }
}

TEST_F(BackupResumeTest, ADamagedPartNeverGetsIntoTheBackup) {
  Store store = shop(4);
  std::mt19937 random(11);
  for (int turn = 0; turn < 6; ++turn) {
    interrupt(store, 0.6);
    std::string part = content_of(part_);
    const std::size_t place = turn == 0 ? 40 : random() % part.size();
    part[place] = static_cast<char>(part[place] ^ (1 << random() % 8));
    overwrite(part_, part);
    const BackUpOutcome done = back_up(store);
    EXPECT_EQ(done.code, "");
    EXPECT_LE(done.resumed, place);
    if (place < 500) {
      EXPECT_FALSE(done.why_restarted.empty());
    }
    EXPECT_EQ(customers_in_backup(), 4U);
  }
}

TEST_F(BackupResumeTest, AChangeOfTheStoreHasItBeginAnew) {
  Store store = shop(8);
  interrupt(store, 0.8);
  must(store.customers().enrol(new_customer("A Late One", "", 99), kActor));
  const BackUpOutcome done = back_up(store);
  EXPECT_EQ(done.code, "");
  EXPECT_EQ(done.resumed, 0U);
  EXPECT_EQ(done.why_restarted, kChangedSince);
  EXPECT_EQ(customers_in_backup(), 9U);
}

TEST_F(BackupResumeTest, AnErasureBetweenThrowsThePartAway) {
  Store store = shop(8);
  interrupt(store, 0.8);
  const std::string part = content_of(part_);
  const std::string note = content_of(note_);
  must(store.forget(ids_[3], kActor));
  EXPECT_FALSE(fs::exists(part_));
  EXPECT_FALSE(fs::exists(note_));
  // Not even when somebody puts both back.
  overwrite(part_, part);
  overwrite(note_, note);
  const BackUpOutcome done = back_up(store);
  EXPECT_EQ(done.code, "");
  EXPECT_EQ(done.resumed, 0U);
  EXPECT_EQ(done.why_restarted, kChangedSince);
  EXPECT_EQ(customers_in_backup(), 7U);
}

TEST_F(BackupResumeTest, WhoIsErasedMeanwhileIsNotInIt) {
  for (const double share : {0.34, 0.6, 0.9}) {
    fs::remove(backup_);
    std::vector<CustomerId>().swap(ids_);
    {
      Store store = shop(8);
      const auto backup = begin(store);
      bool erased = false;
      for (StepProgress progress; !progress.finished;) {
        progress = must(backup->step());
        if (erased || !fs::exists(part_) ||
            static_cast<double>(progress.done) < share * static_cast<double>(progress.total)) {
          continue;
        }
        must(store.forget(ids_[2], kActor));
        erased = true;
      }
      EXPECT_TRUE(erased);
      EXPECT_EQ(customers_in_backup(), 7U) << share;
    }
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path() != backup_) fs::remove(entry.path());
    }
  }
}

TEST_F(BackupResumeTest, OnlyTheSameKeyGoesOn) {
  Store store = shop(8);
  interrupt(store, 0.7, passphrase("correct horse"));
  BackUpOutcome done = back_up(store, passphrase("battery staple"));
  EXPECT_EQ(done.resumed, 0U);
  EXPECT_EQ(done.why_restarted, "it is sealed with another key");
  KeyAccess other = passphrase("battery staple");
  EXPECT_EQ(customers_in_backup(copy_of(other)), 8U);

  interrupt(store, 0.7, passphrase("correct horse"));
  EXPECT_EQ(back_up(store).why_restarted, "it is sealed with another key");
  EXPECT_EQ(customers_in_backup(), 8U);

  interrupt(store, 0.7, passphrase("correct horse"));
  done = back_up(store, passphrase("correct horse"));
  EXPECT_GT(done.resumed, 0U);
  KeyAccess same = passphrase("correct horse");
  EXPECT_EQ(customers_in_backup(copy_of(same)), 8U);

  // The box cannot open it, and goes on all the same.
  KeyAccess secret;
  secret.source = {KeyKind::kFile, (folder_ / "elsewhere.key").string()};
  KeyAccess open_half;
  open_half.source = {KeyKind::kPublic, must(provide_key_pair(secret))};
  interrupt(store, 0.7, copy_of(open_half));
  done = back_up(store, copy_of(open_half));
  EXPECT_GT(done.resumed, 0U);
  EXPECT_EQ(customers_in_backup(copy_of(secret)), 8U);
}

TEST_F(BackupResumeTest, AFileOfAnotherKindIsNotGoneOnWith) {
  Store store = shop(4);
  overwrite(part_, "something else");
  BackUpOutcome done = back_up(store);
  EXPECT_EQ(done.code, "");
  EXPECT_FALSE(done.why_restarted.empty());
  // Nor is it thrown away with the erasure, as a part would be.
  interrupt(store, 0.7);
  overwrite(part_, "something else");
  must(store.forget(ids_[0], kActor));
  EXPECT_EQ(content_of(part_), "something else");
  EXPECT_EQ(customers_in_backup(), 4U);
}

}  // namespace
}  // namespace maitred
