// Making and opening a store, its keys, and everything that can be wrong with them.
#include <sys/stat.h>
#include <unistd.h>

#include "maitred/base/file.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class OpenTest : public StoreTest {};

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

SecretBytes secret(std::string_view text) {
  return SecretBytes::copy_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST_F(OpenTest, MakesKeyAndStoreForTheOwnerAlone) {
  const Store store = create();
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(mode_of(folder_ / "store.key"), 0600U);
  EXPECT_EQ(mode_of(folder_ / "store.db.lock"), 0600U);
  EXPECT_EQ(fs::file_size(folder_ / "store.key"), 32U);
  EXPECT_EQ(store.id().size(), 36U);
  EXPECT_EQ(store.created(), kNow);
  EXPECT_FALSE(fs::exists(folder_ / "store.db.creating"));
}

TEST_F(OpenTest, KeepsEverythingOverReopening) {
  std::string id;
  CustomerId customer;
  {
    Store store = create();
    id = store.id();
    customer = must(store.customers().enrol(new_customer("A Name", "L1"), kActor));
  }
  Store store = open();
  EXPECT_EQ(store.id(), id);
  EXPECT_EQ(must(store.customers().find(customer)).profile.name, "A Name");
  EXPECT_GT(must(store.check()), 4U);
}

TEST_F(OpenTest, MakesMissingFoldersForTheOwnerAlone) {
  path_ = folder_ / "var" / "store.db";
  key_.source.where = (folder_ / "etc" / "store.key").string();
  create();
  EXPECT_EQ(mode_of(folder_ / "var"), 0700U);
  EXPECT_EQ(mode_of(folder_ / "etc"), 0700U);
}

TEST_F(OpenTest, RefusesToTouchAnExistingStore) {
  create();
  const std::string before = content_of(path_);
  const auto again = Store::create(path_, key_, kActor);
  EXPECT_EQ(code_of(again), "store_exists");
  EXPECT_EQ(content_of(path_), before);
}

TEST_F(OpenTest, UsesAValidKeyFileThatIsThereAndNeverOverwritesAnother) {
  overwrite(key_.source.where, std::string(32, 'k'));
  ::chmod(key_.source.where.c_str(), 0600);
  create();
  EXPECT_EQ(content_of(key_.source.where), std::string(32, 'k'));

  fs::remove(path_);
  overwrite(key_.source.where, "my shopping list");
  EXPECT_EQ(code_of(Store::create(path_, key_, kActor)), "key_invalid");
  EXPECT_EQ(content_of(key_.source.where), "my shopping list");
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(OpenTest, ALogLeftByADeletedStoreDoesNotLeakIntoANewOne) {
  create();
  fs::remove(path_);
  overwrite(folder_ / "store.db-wal", std::string(4096, 'x'));
  const Store store = create();
  EXPECT_EQ(must(store.customers().count()), 0U);
}

TEST_F(OpenTest, SaysWhatIsMissing) {
  EXPECT_EQ(open_code(), "store_missing");
  create();
  fs::remove(key_.source.where);
  const auto opened = Store::open(path_, key_);
  EXPECT_EQ(code_of(opened), "key_missing");
  EXPECT_NE(opened.error().message.find(key_.source.where), std::string::npos);
}

TEST_F(OpenTest, NamesTheKeyFileThatIsWrong) {
  create();
  overwrite(key_.source.where, std::string(32, 'w'));
  const auto opened = Store::open(path_, key_);
  ASSERT_EQ(code_of(opened), "key_wrong");
  EXPECT_EQ(opened.error().fault, Fault::kEnvironment);
  EXPECT_NE(opened.error().message.find(key_.source.where), std::string::npos);
}

TEST_F(OpenTest, RefusesAKeyFileOthersMayRead) {
  create();
  ::chmod(key_.source.where.c_str(), 0640);
  EXPECT_EQ(open_code(), "key_permissions");
  ::chmod(key_.source.where.c_str(), 0400);
  EXPECT_EQ(open_code(), "");
}

TEST_F(OpenTest, RefusesAKeyThatIsNotOne) {
  create();
  for (const std::string& content : {std::string(), std::string(31, 'a'), std::string(33, 'a'),
                                     std::string(64, 'g'), std::string(100000, 'a')}) {
    overwrite(key_.source.where, content);
    EXPECT_EQ(open_code(), "key_invalid") << content.size();
  }
  fs::remove(key_.source.where);
  fs::create_directory(key_.source.where);
  EXPECT_EQ(open_code(), "key_invalid");
}

TEST_F(OpenTest, ReadsAHexadecimalKeyFile) {
  overwrite(key_.source.where, std::string(32, 'k'));
  ::chmod(key_.source.where.c_str(), 0600);
  create();
  std::string hex;
  for (int byte = 0; byte < 32; ++byte) hex += "6b";
  overwrite(key_.source.where, hex + "\n");
  EXPECT_EQ(open_code(), "");
}

TEST_F(OpenTest, OpensByCredential) {
  key_.source = {KeyKind::kCredential, "store-key"};
  key_.credentials_folder = folder_ / "credentials";
  EXPECT_EQ(code_of(Store::create(path_, key_, kActor)), "key_missing");
  fs::create_directory(key_.credentials_folder);
  overwrite(key_.credentials_folder / "store-key", std::string(32, 'c'));
  create();
  EXPECT_EQ(open_code(), "");
}

TEST_F(OpenTest, OpensByPassphraseOnly) {
  key_.source = {KeyKind::kPassphrase, ""};
  key_.cost = {1, 8192};
  EXPECT_EQ(code_of(Store::create(path_, key_, kActor)), "key_missing");
  key_.passphrase = secret("correct horse");
  create();
  EXPECT_EQ(open_code(), "");
  key_.passphrase = secret("correct hors");
  EXPECT_EQ(open_code(), "key_wrong");
  overwrite(folder_ / "file.key", std::string(32, 'k'));
  ::chmod((folder_ / "file.key").c_str(), 0600);
  KeyAccess by_file;
  by_file.source = {KeyKind::kFile, (folder_ / "file.key").string()};
  EXPECT_EQ(code_of(Store::open(path_, by_file)), "key_wrong");
}

TEST_F(OpenTest, IsOpenOnceAndNamesWhoHasIt) {
  const Store store = create();
  const auto second = Store::open(path_, key_);
  ASSERT_EQ(code_of(second), "store_locked");
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
}

TEST_F(OpenTest, LetsGoOfTheLockWhenClosed) {
  { const Store store = create(); }
  EXPECT_EQ(open_code(), "");
  EXPECT_FALSE(fs::exists(folder_ / "store.db-wal"));
}

TEST_F(OpenTest, RefusesAStoreOfANewerVersion) {
  create();
  raw_sql("PRAGMA user_version = 99");
  const auto opened = Store::open(path_, key_);
  EXPECT_EQ(code_of(opened), "store_too_new");
}

TEST_F(OpenTest, RefusesWhatIsNoStoreAndLeavesItAlone) {
  for (const std::string& content : {std::string(), std::string("name,photo\n"),
                                     std::string("SQLite format 3"), std::string(100000, '\0')}) {
    overwrite(path_, content);
    EXPECT_EQ(open_code(), "store_corrupt");
    EXPECT_EQ(content_of(path_), content);
  }
  fs::remove(path_);
  raw_sql("CREATE TABLE shopping (item TEXT)");
  const std::string before = content_of(path_);
  EXPECT_EQ(open_code(), "store_corrupt");
  EXPECT_EQ(content_of(path_), before);
}

TEST_F(OpenTest, RefusesATruncatedStore) {
  create();
  const std::string whole = content_of(path_);
  for (const std::size_t length : {whole.size() / 2, whole.size() - 4096, std::size_t{4096}}) {
    overwrite(path_, whole.substr(0, length));
    EXPECT_EQ(open_code(), "store_corrupt") << length;
  }
}

TEST(KeySource, ReadsTheThreeKinds) {
  EXPECT_EQ(must(KeySource::parse("file:/etc/maitred/store.key")).where, "/etc/maitred/store.key");
  EXPECT_EQ(must(KeySource::parse("credential:store-key")).kind, KeyKind::kCredential);
  EXPECT_EQ(must(KeySource::parse("passphrase")).kind, KeyKind::kPassphrase);
}

TEST(KeySource, RefusesAnythingElse) {
  for (const char* text : {"", "file:", "credential:", "credential:../key", "credential:..",
                           "passphrase:x", "/etc/key", "File:/x"}) {
    EXPECT_EQ(code_of(KeySource::parse(text)), "key_source_invalid") << text;
  }
}

TEST_F(OpenTest, NoticesThatTheOpenFileWasDeletedOrReplaced) {
  for (const char* tail : {"", "-wal"}) {
    for (const bool replaced : {false, true}) {
      const fs::path file = path_.string() + tail;
      const fs::path aside = folder_ / "aside";
      Store store = fs::exists(path_) ? open() : create();
      const auto count = must(store.customers().count());
      must(store.customers().enrol(new_customer("A Name", ""), kActor));
      EXPECT_EQ(code_of(store.check_in_place()), "");
      fs::rename(file, aside);
      if (replaced) fs::copy_file(aside, file);
      const auto enrolled = store.customers().enrol(new_customer("Lost", ""), kActor);
      ASSERT_EQ(code_of(enrolled), "store_failed") << file << replaced;
      EXPECT_NE(enrolled.error().message.find(file.string()), std::string::npos);
      EXPECT_EQ(enrolled.error().fault, Fault::kEnvironment);
      EXPECT_EQ(code_of(store.check_in_place()), "store_failed");
      // Put back, the store goes on.
      fs::rename(aside, file);
      EXPECT_EQ(code_of(store.check_in_place()), "");
      EXPECT_EQ(must(store.customers().count()), count + 1);
    }
  }
}

TEST_F(OpenTest, RefusesFilesThatOthersMayWrite) {
  {
    Store store = create();
    const CustomerId id = must(store.customers().enrol(new_customer("A Name", ""), kActor));
    must(store.forget(id, kActor));
  }
  for (const char* tail : {"", ".lock", ".generation", ".erasures"}) {
    const fs::path file = path_.string() + tail;
    for (const unsigned mode : {0666U, 0620U, 0602U}) {
      fs::permissions(file, static_cast<fs::perms>(mode));
      const auto opened = Store::open(path_, key_);
      ASSERT_EQ(code_of(opened), "store_exposed") << file << mode;
      EXPECT_NE(opened.error().message.find("chmod 600 " + file.string()), std::string::npos);
    }
    fs::permissions(file, static_cast<fs::perms>(0600));
    EXPECT_EQ(open_code(), "") << file;
  }
}

}  // namespace
}  // namespace maitred
