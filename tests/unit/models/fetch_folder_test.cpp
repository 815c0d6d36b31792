// Model files from a folder, and where they are put.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "maitred/models/fetch.h"
#include "maitred/models/verify.h"
#include "tests/unit/models/model_fixture.h"

namespace maitred::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FetchFromFolder : public ModelFolders {
 protected:
  FetchFromFolder() : stick_(scratch_ / "stick") { std::filesystem::create_directory(stick_); }

  Result<std::vector<FetchedFile>> fetch(const std::string& engine) const {
    FetchOptions options;
    options.destination = models_;
    options.from_folder = stick_;
    options.shipped = {shipped_};
    return fetch_models(manifest_, engine, options);
  }

  const std::filesystem::path stick_;
  const Manifest manifest_ =
      manifest_of(file_row({"better.onnx", "better", ""}) + file_row({"other.onnx", "other", ""}) +
                  file_row({"net.onnx", "network", ""}) +
                  file_row({"mark.dat", "mark", "package = \"libdlib-data\""}) +
                  file_row({"large.onnx", "large", ""}) +
                  engine_row("detector = [\"better.onnx\", \"other.onnx\"]\n"
                             "embedder = [\"net.onnx\"]") +
                  engine_row("embedder = [\"mark.dat\"]", "packaged") +
                  engine_row("embedder = [\"large.onnx\"]", "large"));
};

TEST_F(FetchFromFolder, CopiesWhatTheEngineNeeds) {
  write_text(stick_ / "better.onnx", "better");
  write_text(stick_ / "net.onnx", "network");
  write_text(stick_ / "holiday.jpg", "not a model");
  const auto fetched = fetch("small");
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_THAT(names_in(models_), ElementsAre("better.onnx", "net.onnx"));
  EXPECT_TRUE(locate(manifest_, "small", models_, {}));
  for (const FetchedFile& file : *fetched) EXPECT_FALSE(file.was_there);
}

TEST_F(FetchFromFolder, TakesTheAlternativeTheFolderHas) {
  write_text(stick_ / "other.onnx", "other");
  write_text(stick_ / "net.onnx", "network");
  ASSERT_TRUE(fetch("small"));
  EXPECT_THAT(names_in(models_), ElementsAre("net.onnx", "other.onnx"));
}

TEST_F(FetchFromFolder, AMissingFileIsNamedWithTheFolder) {
  write_text(stick_ / "better.onnx", "better");
  const auto fetched = fetch("small");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "model_missing");
  EXPECT_EQ(fetched.error().fault, Fault::kEnvironment);
  EXPECT_THAT(fetched.error().message, AllOf(HasSubstr("net.onnx"), HasSubstr(stick_.string())));
}

TEST_F(FetchFromFolder, AnAlteredFileIsRefused) {
  write_text(stick_ / "better.onnx", "Better");
  write_text(stick_ / "net.onnx", "network");
  const auto fetched = fetch("small");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "model_altered");
  EXPECT_THAT(names_in(models_), ::testing::Not(::testing::Contains(HasSubstr("better"))));
}

TEST_F(FetchFromFolder, PackedFilesAreUnpacked) {
  const std::string packed = bzip2_of("network");
  const std::string more =
      "url = \"https://models.invalid/net.dat.bz2\"\narchive = { format = "
      "\"bzip2\", size_bytes = " +
      std::to_string(packed.size()) + ", sha256 = \"" + sha256_of(packed) + "\" }";
  const auto manifest =
      manifest_of(file_row({"net.dat", "network", more}) + engine_row("embedder = [\"net.dat\"]"));
  write_text(stick_ / "net.dat.bz2", packed);
  FetchOptions options;
  options.destination = models_;
  options.from_folder = stick_;
  const auto fetched = fetch_models(manifest, "small", options);
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(read_text(models_ / "net.dat"), "network");
  EXPECT_EQ(read_text(stick_ / "net.dat.bz2"), packed);
}

TEST_F(FetchFromFolder, EverythingMeansEverythingTheFolderHas) {
  write_text(stick_ / "better.onnx", "better");
  write_text(stick_ / "net.onnx", "network");
  const auto fetched = fetch("");
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_THAT(names_in(models_), ElementsAre("better.onnx", "net.onnx"));
}

TEST_F(FetchFromFolder, AFolderWithNothingOfUseIsAnError) {
  const auto fetched = fetch("");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "model_missing");
}

TEST_F(FetchFromFolder, NobodyDownloadsADebianPackagesFile) {
  FetchOptions options;
  options.destination = models_;
  const auto fetched = fetch_models(manifest_, "packaged", options);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "model_missing");
  EXPECT_THAT(fetched.error().message, HasSubstr("apt-get install libdlib-data"));
}

TEST_F(FetchFromFolder, AnUnwritableDestinationIsSaidAndNothingElseChanged) {
  write_text(stick_ / "better.onnx", "better");
  write_text(stick_ / "net.onnx", "network");
  std::filesystem::permissions(models_, std::filesystem::perms(0555));
  std::filesystem::permissions(scratch_, std::filesystem::perms(0755));
  const bool root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  if (root && ::seteuid(kNobody) != 0) GTEST_SKIP() << "skipped: cannot become an ordinary user";
  const auto fetched = fetch("small");
  ASSERT_TRUE(!root || ::seteuid(0) == 0);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "file_unwritable");
  EXPECT_EQ(fetched.error().fault, Fault::kEnvironment);
  EXPECT_THAT(fetched.error().message, HasSubstr(models_.string()));
  EXPECT_THAT(names_in(models_), IsEmpty());
}

TEST_F(FetchFromFolder, ADestinationBelowAFileIsSaid) {
  write_text(scratch_ / "file", "");
  models_ = scratch_ / "file" / "models";
  const auto fetched = fetch("small");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "file_unwritable");
}

}  // namespace
}  // namespace maitred::test
