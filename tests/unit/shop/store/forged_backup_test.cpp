// Somebody has the clear head of a backup, or an old key, and makes a backup of his own.
#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/file.h"
#include "maitred/shop/store/backup.h"
#include "raw_rows.h"
#include "src/shop/store/backup/backup_stream.h"
#include "src/shop/store/backup/backup_trust.h"
#include "src/shop/store/database/schema.h"
#include "src/shop/store/keys/certificates.h"
#include "src/shop/store/store_access.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class ForgedBackupTest : public StoreTest {
 protected:
  void SetUp() override {
    Store store = create();
    must(store.customers().enrol(new_customer("Customer", ""), kActor));
    must(store.keys().add(passphrase("rescue"), "safe", kActor));
    token_ = must(store.staff().add("till", kActor));
    signature_ = back_up(store, genuine_);
    head_ = must(BackupSource::open(genuine_)).head();
  }

  // Returns the fingerprint of the signature.
  static std::string back_up(Store& store, const fs::path& target,
                             const std::optional<KeyAccess>& key = std::nullopt) {
    const auto backup = must(Backup::begin(store, target, key, kActor));
    while (!must(backup->step()).finished) {
    }
    return backup->signed_by();
  }

  // A store of the victim's id, with the forger's key and a token of his.
  Store forged_store() {
    const fs::path file = folder_ / "forger.db";
    const KeyAccess key = forger_key();
    must(provide_key_pair(key));
    {
      auto database = must(Database::open(file, Database::Mode::kCreate));
      must(create_schema(*database));
      must(Query(*database, "INSERT INTO meta VALUES ('store_id', ?1), ('created', ?2)",
                 head_.store, format_time(kNow))
               .run());
      SecretBytes root = SecretBytes::random(kKeyBytes);
      must(insert_slot(*database, must(make_slot(key, head_.store, kSlotsTable, 1, root, {}))));
      Vault vault(std::move(database), head_.store, std::move(root),
                  SecretBytes::random(kKeyBytes));
      must(vault.begin());
    }
    Store store = must(Store::open(file, key));
    must(store.customers().enrol(new_customer("Planted", ""), kActor));
    forged_token_ = must(store.staff().add("till", kActor));
    return store;
  }

  KeyAccess forger_key() { return key_file("forger.key"); }
  KeyAccess victims_public_key() {
    KeyAccess key;
    key.source = {KeyKind::kPublic, to_base64(head_.slots.at(0).public_key)};
    return key;
  }

  // As `backup --to-key` writes it.
  void forge() {
    Store store = forged_store();
    back_up(store, forged_, victims_public_key());
  }

  // The same, with this much of the genuine head copied into it.
  void forge_with(const std::function<void(BackupHead& head)>& edit) {
    Store store = forged_store();
    const Vault& vault = StoreAccess::vault(store);
    must(StoreAccess::vault(store).database().truncate_wal());
    const std::string content = content_of(folder_ / "forger.db");
    const SecretBytes key = SecretBytes::random(kKeyBytes);
    BackupHead head{head_.store, kNow, kSchemaVersion, {}, {}, backup_signer(vault)};
    head.slots.push_back(
        must(make_slot(victims_public_key(), head_.store, kBackupTable, 1, key, head.signer)));
    edit(head);
    BackupSink sink = must(BackupSink::create(forged_, head, key));
    BackupSecrets secrets;
    secrets.root = SecretBytes::copy_of(vault.root().span());
    secrets.database_bytes = content.size();
    must(sink.write(encode_backup_secrets(secrets), false));
    Digest hash{};
    crypto_generichash(hash.data(), hash.size(), bytes_of(content).data(), content.size(), nullptr,
                       0);
    for (std::size_t offset = 0; offset < content.size(); offset += kBackupChunkBytes) {
      const auto piece =
          bytes_of(content).subspan(offset, std::min(kBackupChunkBytes, content.size() - offset));
      const bool end = offset + piece.size() == content.size();
      must(sink.write(piece, end && head.version == 1));
    }
    if (head.version > 1) {
      const BackupContent signed_content{sink.head_digest(), vault.root(), content.size(), hash};
      must(sink.write(sign_backup(vault, signed_content), true));
    }
    must(sink.finish());
  }

  RestoreOptions options(const fs::path& backup) {
    RestoreOptions options;
    options.backup = backup;
    options.store = path_;
    options.store_key = copy_of(key_);
    return options;
  }
  std::string restore_code(const RestoreOptions& options) {
    return code_of(restore_backup(options, nullptr, kActor));
  }

  void lose_the_store() {
    for (const char* tail : {"", ".erasures", ".generation", ".lock"}) {
      fs::remove(path_.string() + tail);
    }
  }

  // With the store in its place and without it, and whatever signature is asked for.
  void expect_refused() {
    RestoreOptions asked = options(forged_);
    asked.signed_by = signature_;
    const std::string before = content_of(path_);
    EXPECT_EQ(restore_code(options(forged_)), "backup_not_authenticated");
    EXPECT_EQ(restore_code(asked), "backup_not_authenticated");
    EXPECT_EQ(must(open().customers().list()).at(0).name, "Customer");
    lose_the_store();
    EXPECT_EQ(restore_code(options(forged_)), "backup_not_authenticated");
    EXPECT_EQ(restore_code(asked), "backup_not_authenticated");
    EXPECT_FALSE(fs::exists(path_));
  }

  const fs::path genuine_ = folder_ / "genuine";
  const fs::path forged_ = folder_ / "forged";
  std::string token_, forged_token_, signature_;
  BackupHead head_;
};

TEST_F(ForgedBackupTest, IsRefused) {
  forge();
  expect_refused();
}

TEST_F(ForgedBackupTest, NothingCopiedFromAGenuineHeadHelps) {
  forge_with([this](BackupHead& head) { head.slots[0].certificate = head_.slots[0].certificate; });
  expect_refused();
}

TEST_F(ForgedBackupTest, AGenuineSignersNameDoesNotFitAForgedSignature) {
  forge_with([this](BackupHead& head) {
    head.slots[0].certificate = head_.slots[0].certificate;
    head.signer = head_.signer;
    head.for_store = head_.for_store;
  });
  lose_the_store();
  EXPECT_EQ(restore_code(options(forged_)), "backup_not_authenticated");
}

TEST_F(ForgedBackupTest, OneWithoutSignatureIsRefused) {
  forge_with([](BackupHead& head) {
    head.version = 1;
    head.signer.clear();
  });
  expect_refused();
}

TEST_F(ForgedBackupTest, TakenOnPurposeItLetsNobodyIn) {
  forge();
  RestoreOptions how = options(forged_);
  how.accept_unsigned = true;
  const RestoreReport report = must(restore_backup(how, nullptr, kActor));
  EXPECT_EQ(report.customers, 1U);
  EXPECT_EQ(report.foreign_slots, std::vector<std::int64_t>{1});
  EXPECT_EQ(report.foreign_staff, std::vector<std::string>{"till"});
  EXPECT_EQ(code_of(Store::open(path_, forger_key())), "key_wrong");
  Store store = open();
  EXPECT_EQ(must(store.staff().check(forged_token_)), std::nullopt);
  EXPECT_EQ(must(store.keys().slots()).size(), 1U);
  // Nor does it make the forger known as a maker of backups.
  EXPECT_EQ(code_of(restore_backup(options(forged_), &store, kActor)), "backup_not_authenticated");
}

TEST_F(ForgedBackupTest, TakenOnPurposeOnAnEmptyBoxItLetsNobodyIn) {
  forge();
  lose_the_store();
  RestoreOptions how = options(forged_);
  how.accept_unsigned = true;
  must(restore_backup(how, nullptr, kActor));
  EXPECT_EQ(code_of(Store::open(path_, forger_key())), "key_wrong");
  EXPECT_EQ(must(open().staff().list()).size(), 0U);
}

TEST_F(ForgedBackupTest, AGenuineOneIsKnownByEachOfItsAnchors) {
  // By the store in its place; again by what that store remembers.
  EXPECT_EQ(restore_code(options(genuine_)), "");
  EXPECT_EQ(restore_code(options(genuine_)), "");
  EXPECT_EQ(must(open().staff().check(token_)), "till");
  // By the key, whose slot vouches for it.
  lose_the_store();
  EXPECT_EQ(restore_code(options(genuine_)), "");
  lose_the_store();
  RestoreOptions rescue = options(genuine_);
  rescue.backup_key = passphrase("rescue");
  EXPECT_EQ(restore_code(rescue), "");
  EXPECT_EQ(must(open().staff().check(token_)), "till");
  EXPECT_EQ(code_of(Store::open(path_, passphrase("rescue"))), "");
}

TEST_F(ForgedBackupTest, ARestoreMakesANewRootKey) {
  SecretBytes root;
  {
    Store store = open();
    root = SecretBytes::copy_of(StoreAccess::vault(store).root().span());
  }
  must(restore_backup(options(genuine_), nullptr, kActor));
  {
    Store store = open();
    EXPECT_FALSE(std::ranges::equal(root.span(), StoreAccess::vault(store).root().span()));
    EXPECT_FALSE(store.keys().rotating());
    EXPECT_EQ(code_of(store.check()), "");
  }
  const std::string seed = raw_column(path_, "SELECT wrapped FROM subkey_seed").at(0);
  EXPECT_FALSE(unseal(root.span(), head_.store, {"subkey_seed", "1"}, bytes_of(seed)));
}

TEST_F(ForgedBackupTest, ABackupFromTheMiddleOfARotationGetsANewRootKeyToo) {
  SecretBytes root;
  {
    Store store = open();
    must(store.keys().begin_rotation(key_, false, kActor));
    must(store.keys().rotate_some(key_, 1, kActor));
    root = SecretBytes::copy_of(StoreAccess::vault(store).root().span());
    back_up(store, genuine_);
  }
  must(restore_backup(options(genuine_), nullptr, kActor));
  Store store = open();
  EXPECT_FALSE(store.keys().rotating());
  EXPECT_FALSE(std::ranges::equal(root.span(), StoreAccess::vault(store).root().span()));
  EXPECT_EQ(code_of(store.check()), "");
  EXPECT_EQ(must(store.staff().check(token_)), "till");
}

TEST_F(ForgedBackupTest, AfterARotationOnlyWhatTheStoreRemembersIsTakenOfTheOldSignature) {
  // With the old key and a copy, a backup of the old time can be forged: old signature, new rows.
  const fs::path copy = folder_ / "copy";
  fs::create_directory(copy);
  for (const char* name : {"store.db", "store.db.generation", "store.key"}) {
    fs::copy_file(folder_ / name, copy / name);
  }
  Store store = open();
  must(store.keys().begin_rotation(key_, false, kActor));
  while (!must(store.keys().rotate_some(key_, 4, kActor)).finished) {
  }
  {
    Store old = must(Store::open(copy / "store.db", key_file("copy/store.key")));
    must(old.customers().enrol(new_customer("Planted", ""), kActor));
    EXPECT_EQ(back_up(old, forged_), signature_);
  }
  EXPECT_EQ(code_of(restore_backup(options(forged_), &store, kActor)), "backup_not_authenticated");
  EXPECT_EQ(code_of(restore_backup(options(genuine_), &store, kActor)), "");
}

TEST_F(ForgedBackupTest, AfterARotationAnotherSlotVouchesOnceItHasOpenedTheStore) {
  const fs::path later = folder_ / "later";
  std::string signature;
  {
    Store store = open();
    must(store.keys().begin_rotation(key_, false, kActor));
    while (!must(store.keys().rotate_some(key_, 4, kActor)).finished) {
    }
    signature = back_up(store, later);
  }
  EXPECT_NE(signature, signature_);
  const auto restore_elsewhere = [&](const std::string& signed_by) {
    RestoreOptions how = options(later);
    how.store = folder_ / "elsewhere" / "store.db";
    how.store_key = passphrase("rescue");
    how.signed_by = signed_by;
    const std::string code = restore_code(how);
    fs::remove_all(folder_ / "elsewhere");
    return code;
  };
  EXPECT_EQ(restore_elsewhere(""), "backup_not_authenticated");
  EXPECT_EQ(restore_elsewhere(signature_), "backup_not_authenticated");
  EXPECT_EQ(restore_elsewhere(signature), "");
  {
    Store store = must(Store::open(path_, passphrase("rescue")));
    back_up(store, later);
  }
  EXPECT_EQ(restore_elsewhere(""), "");
}

}  // namespace
}  // namespace maitred
