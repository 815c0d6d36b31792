#include "maitred/models/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/models/model_fixture.h"

namespace maitred::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// An engine with two detectors to choose from, a network and its weights.
class Locate : public ModelFolders {
 protected:
  Result<EngineFiles> locate_small() const {
    return locate(manifest_, "small", models_, {shipped_});
  }
  ModelState state_of(const std::vector<ModelRow>& rows, const std::string& file) const {
    for (const ModelRow& row : rows) {
      if (row.file == file) return row.state;
    }
    ADD_FAILURE() << "no row for " << file;
    return ModelState::kMissing;
  }
  void put_network(const std::filesystem::path& folder) const {
    write_text(folder / "net.xml", "network");
    write_text(folder / "net.bin", "weights");
  }

  const Manifest manifest_ =
      manifest_of(file_row({"better.onnx", "better", ""}) + file_row({"other.onnx", "other", ""}) +
                  file_row({"net.xml", "network", ""}) + file_row({"net.bin", "weights", ""}) +
                  file_row({"mark.dat", "mark", "package = \"libdlib-data\""}) +
                  engine_row("detector = [\"better.onnx\", \"other.onnx\"]\n"
                             "embedder = [\"net.xml\"]\nembedder_weights = [\"net.bin\"]") +
                  engine_row("embedder = [\"mark.dat\"]", "packaged"));
};

TEST_F(Locate, FindsEveryRole) {
  put_network(models_);
  write_text(models_ / "better.onnx", "better");
  write_text(models_ / "other.onnx", "other");
  const auto files = locate_small();
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->engine.name, "small");
  EXPECT_EQ(files->path(ModelRole::kDetector), models_ / "better.onnx");
  EXPECT_EQ(files->path(ModelRole::kEmbedderWeights), models_ / "net.bin");
  EXPECT_FALSE(files->has(ModelRole::kLandmarks));
  EXPECT_EQ(files->by_role_name().at("embedder"), models_ / "net.xml");
}

TEST_F(Locate, AnAlternativeServesWhereThePreferredIsAbsent) {
  put_network(models_);
  write_text(models_ / "other.onnx", "other");
  const auto files = locate_small();
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->path(ModelRole::kDetector), models_ / "other.onnx");
}

TEST_F(Locate, ShippedFoldersServeAndTheOperatorsComesFirst) {
  put_network(shipped_);
  write_text(shipped_ / "better.onnx", "better");
  EXPECT_EQ(locate_small()->path(ModelRole::kDetector), shipped_ / "better.onnx");
  write_text(models_ / "better.onnx", "better");
  EXPECT_EQ(locate_small()->path(ModelRole::kDetector), models_ / "better.onnx");
}

TEST_F(Locate, AMissingFileIsNamedWithItsFolderAndTheWayToGetIt) {
  put_network(models_);
  const auto files = locate_small();
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, "model_missing");
  EXPECT_EQ(files.error().fault, Fault::kEnvironment);
  EXPECT_THAT(files.error().message,
              AllOf(HasSubstr("better.onnx"), HasSubstr(models_.string()),
                    HasSubstr("maitredctl models fetch small"), HasSubstr("engine small")));
}

TEST_F(Locate, AMissingPackagedFileNamesThePackage) {
  const auto files = locate(manifest_, "packaged", models_, {shipped_});
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message, HasSubstr("apt-get install libdlib-data"));
}

TEST_F(Locate, WeightsWithoutTheirNetworkBesideThemAreMissing) {
  write_text(models_ / "better.onnx", "better");
  write_text(models_ / "net.xml", "network");
  write_text(shipped_ / "net.bin", "weights");
  const auto files = locate_small();
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, "model_missing");
  EXPECT_THAT(files.error().message, HasSubstr("net.bin"));
}

TEST_F(Locate, AnAlteredFileIsRefusedWithBothDigests) {
  put_network(models_);
  write_text(models_ / "better.onnx", "Better");
  write_text(shipped_ / "better.onnx", "better");  // a right one elsewhere does not hide it
  const auto files = locate_small();
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, "model_altered");
  EXPECT_EQ(files.error().fault, Fault::kEnvironment);
  EXPECT_THAT(files.error().message,
              AllOf(HasSubstr((models_ / "better.onnx").string()),
                    HasSubstr(sha256_of("better").substr(0, 12)),
                    HasSubstr(sha256_of("Better").substr(0, 12)), HasSubstr("models fetch")));
}

TEST_F(Locate, ALongerShorterOrEmptyFileIsAltered) {
  put_network(models_);
  for (const char* content : {"better and longer", "bet", ""}) {
    write_text(models_ / "better.onnx", content);
    const auto files = locate_small();
    ASSERT_FALSE(files) << content;
    EXPECT_EQ(files.error().code, "model_altered");
  }
}

TEST_F(Locate, AFolderInTheFilesPlaceIsAnErrorAndNotAModel) {
  put_network(models_);
  std::filesystem::create_directory(models_ / "better.onnx");
  const auto files = locate_small();
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().fault, Fault::kEnvironment);
  EXPECT_THAT(files.error().message, HasSubstr("better.onnx"));
}

TEST_F(Locate, AnUnknownEngineIsTheUsersError) {
  const auto files = locate(manifest_, "tiny", models_, {});
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, "unknown_engine");
  EXPECT_EQ(files.error().fault, Fault::kInput);
}

TEST_F(Locate, RowsTellWhatIsPresentMissingAndAltered) {
  put_network(models_);
  write_text(models_ / "net.bin", "Weights");  // right size
  write_text(shipped_ / "other.onnx", "other");
  const auto listed = list_models(manifest_, models_, {shipped_});
  EXPECT_EQ(listed.size(), 5U);
  EXPECT_EQ(state_of(listed, "better.onnx"), ModelState::kMissing);
  EXPECT_EQ(state_of(listed, "other.onnx"), ModelState::kPresent);
  EXPECT_EQ(state_of(listed, "net.bin"), ModelState::kPresent);  // a quick look cannot tell
  EXPECT_TRUE(engine_is_complete(listed, "small"));
  EXPECT_FALSE(engine_is_complete(listed, "packaged"));
  EXPECT_FALSE(engine_is_complete(listed, "unheard-of"));

  const auto verified = verify_models(manifest_, models_, {shipped_});
  EXPECT_EQ(state_of(verified, "net.bin"), ModelState::kAltered);
  EXPECT_EQ(state_of(verified, "net.xml"), ModelState::kPresent);
  EXPECT_FALSE(engine_is_complete(verified, "small"));
  for (const ModelRow& row : verified) {
    EXPECT_EQ(row.alternative, row.file == "other.onnx");
    EXPECT_EQ(row.licence, "MIT");
    EXPECT_EQ(row.path.empty(), row.state == ModelState::kMissing);
  }
  EXPECT_EQ(model_state_name(ModelState::kAltered), "altered");
}

TEST(ShippedModelFolders, IncludeTheDemoFolderOfTheSourceTree) {
  const auto demo = std::filesystem::path(MAITRED_SOURCE_DIR) / "models" / "demo";
  if (!std::filesystem::is_directory(demo)) GTEST_SKIP() << "skipped: no models/demo";
  // Only from a build folder within the source tree, where build/release/bin is.
  const auto folders = shipped_model_folders();
  const bool in_tree = std::filesystem::read_symlink("/proc/self/exe")
                           .string()
                           .starts_with(std::string(MAITRED_SOURCE_DIR) + "/");
  if (!in_tree) GTEST_SKIP() << "skipped: built elsewhere";
  EXPECT_THAT(folders, ::testing::Contains(demo));
}

}  // namespace
}  // namespace maitred::test
