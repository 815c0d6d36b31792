// The setting store.key, and where a passphrase comes from.
#include "maitred/shop/desk/key_access.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

class KeyAccessTest : public testing::Test {
 protected:
  std::string file_with(const std::string& text) {
    const auto path = folder_.path() / "passphrase";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return path.string();
  }
  static std::string text_of(const SecretBytes& secret) {
    return {secret.span().begin(), secret.span().end()};
  }
  TemporaryFolder folder_;
};

TEST_F(KeyAccessTest, AFileAndACredentialAreNamedAndNotRead) {
  const auto file = key_access("file:/etc/no/such.key", {});
  ASSERT_TRUE(file);
  EXPECT_EQ(file->source.kind, KeyKind::kFile);
  EXPECT_EQ(file->source.where, "/etc/no/such.key");
  const auto credential =
      key_access("credential:store", {.credentials_folder = "/run/credentials"});
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->source.kind, KeyKind::kCredential);
  EXPECT_EQ(credential->credentials_folder, "/run/credentials");
}

TEST_F(KeyAccessTest, AnythingElseIsRefused) {
  for (const char* word : {"", "file:", "credential:", "credential:a/b", "password", "FILE:/x"}) {
    const auto access = key_access(word, {});
    ASSERT_FALSE(access) << word;
    EXPECT_EQ(access.error().code, "key_source_invalid") << word;
    EXPECT_EQ(access.error().fault, Fault::kInput) << word;
  }
}

TEST_F(KeyAccessTest, APassphraseIsTheFirstLineOfItsFile) {
  const std::string file = file_with("four unrelated words\nsecond line\n");
  const auto access = key_access("passphrase", {.passphrase_file = file.c_str()});
  ASSERT_TRUE(access);
  EXPECT_EQ(access->source.kind, KeyKind::kPassphrase);
  EXPECT_EQ(text_of(access->passphrase), "four unrelated words");
}

TEST_F(KeyAccessTest, AnEmptyOrMissingPassphraseFileIsReported) {
  const std::string empty = file_with("\nsecond line\n");
  const auto access = key_access("passphrase", {.passphrase_file = empty.c_str()});
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code, "key_missing");
  const auto missing = key_access("passphrase", {.passphrase_file = "/no/such/file"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "key_missing");
  EXPECT_EQ(missing.error().fault, Fault::kEnvironment);
  EXPECT_NE(missing.error().message.find("MAITRED_PASSPHRASE_FILE"), std::string::npos);
}

TEST_F(KeyAccessTest, OnlyANewPassphraseMustBeLong) {
  const std::string file = file_with("short\n");
  EXPECT_TRUE(key_access("passphrase", {.passphrase_file = file.c_str()}));
  const auto fresh = key_access("passphrase", {.passphrase_file = file.c_str(), .confirm = true});
  ASSERT_FALSE(fresh);
  EXPECT_EQ(fresh.error().code, "passphrase_short");
  EXPECT_EQ(fresh.error().fault, Fault::kInput);
}

TEST_F(KeyAccessTest, LengthIsCountedInCharacters) {
  const auto check = [](std::string_view text) {
    return check_new_passphrase(
        SecretBytes::copy_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  };
  EXPECT_TRUE(check("twelve chars"));
  EXPECT_FALSE(check("eleven char"));
  EXPECT_FALSE(check("ääääääääääü")) << "eleven characters in 22 bytes";
  EXPECT_TRUE(check("äääääääääääü"));
}

}  // namespace
}  // namespace maitred
