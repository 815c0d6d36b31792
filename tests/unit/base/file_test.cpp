#include "maitred/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "maitred/base/secret.h"

namespace maitred {
namespace {

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    initialise_crypto();
    std::string pattern = std::filesystem::temp_directory_path() / "maitred-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::vector<std::uint8_t> bytes(std::string_view text) {
    return {text.begin(), text.end()};
  }

  std::filesystem::path folder_;
};

TEST_F(FileTest, ReadsBackWhatItWrote) {
  const auto path = folder_ / "a";
  const std::vector<std::uint8_t> large(200000, 7);
  ASSERT_TRUE(write_file(path, bytes("first")));
  ASSERT_TRUE(write_file(path, large));
  EXPECT_EQ(read_file(path, 200000).value(), large);
  ASSERT_TRUE(write_file(path, {}));
  EXPECT_TRUE(read_file(path, 0).value().empty());
}

TEST_F(FileTest, LeavesNothingBesideTheFile) {
  ASSERT_TRUE(write_file(folder_ / "a", bytes("x")));
  EXPECT_FALSE(write_file(folder_ / "missing" / "a", bytes("x")));
  std::filesystem::create_directory(folder_ / "b");
  const auto failed = write_file(folder_ / "b", bytes("x"));  // a folder stands there
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "file_unwritable");
  EXPECT_EQ(failed.error().fault, Fault::kEnvironment);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++entries;
  EXPECT_EQ(entries, 2U);
}

TEST_F(FileTest, KeyFilesAreForTheOwnerEvenAfterACrash) {
  // What an earlier run left behind must not lend its rights to the new file.
  const auto beside = folder_ / "key.new";
  ASSERT_TRUE(write_file(beside, bytes("old"), 0666));
  ASSERT_TRUE(write_file(folder_ / "key", bytes("secret"), 0600));
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(FileTest, SaysWhyItCannotRead) {
  EXPECT_EQ(read_file(folder_ / "none", 10).error().code, "file_missing");
  EXPECT_EQ(read_file(folder_, 10).error().code, "file_unreadable");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder_ / "pipe", 10).error().code, "file_unreadable");
  ASSERT_TRUE(write_file(folder_ / "a", bytes("0123456789A")));
  EXPECT_EQ(read_file(folder_ / "a", 10).error().code, "file_too_large");
  EXPECT_EQ(read_file(folder_ / "none", 10).error().fault, Fault::kInput);
}

TEST_F(FileTest, HashesAsEverybodyDoes) {
  ASSERT_TRUE(write_file(folder_ / "a", bytes("abc")));
  EXPECT_EQ(sha256_of_file(folder_ / "a").value(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of_file(folder_ / "none").error().code, "file_missing");
}

TEST(Base64, ReadsBackWhatItWrote) {
  initialise_crypto();
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<std::uint8_t> data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 37 + 200);
    EXPECT_EQ(from_base64(to_base64(data)).value(), data);
  }
  EXPECT_EQ(to_base64(std::vector<std::uint8_t>{'M', 'a'}), "TWE=");
  for (const char* text : {"T", "TW", "TWE", "TWE!", "TWE=x", "====", "T W E ="}) {
    EXPECT_EQ(from_base64(text).error().code, "bad_base64") << text;
  }
}

TEST(Hex, IsLowerCase) {
  EXPECT_EQ(to_hex(std::vector<std::uint8_t>{0x00, 0xAB, 0xFF}), "00abff");
  EXPECT_EQ(to_hex({}), "");
}

TEST(UniqueFd, ClosesWhatItOwns) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  UniqueFd reader(fds[0]);
  {
    UniqueFd first(fds[1]);
    const UniqueFd second(std::move(first));
    EXPECT_FALSE(first);  // NOLINT: that it is empty is what is tested
    EXPECT_TRUE(second);
  }
  EXPECT_EQ(::fcntl(fds[1], F_GETFD), -1);
  const int raw = reader.release();
  EXPECT_FALSE(reader);
  EXPECT_EQ(::close(raw), 0);
}

TEST(ProgramFolder, IsWhereThisTestIs) {
  EXPECT_TRUE(std::filesystem::exists(program_folder() / "unit_base"));
}

}  // namespace
}  // namespace maitred
