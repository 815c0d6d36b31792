#include "maitred/models/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "maitred/base/file.h"
#include "tests/unit/models/model_fixture.h"

namespace maitred::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

std::string error_of(const std::string& text) {
  const auto manifest = Manifest::parse(text);
  if (manifest) return "no error";
  EXPECT_EQ(manifest.error().code, "manifest_malformed");
  EXPECT_EQ(manifest.error().fault, Fault::kInput);
  return manifest.error().message;
}

const std::string kFile = file_row({"a.onnx", "content", ""});
const std::string kEngine = engine_row("embedder = [\"a.onnx\"]");

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(BuiltInManifest, HasTheFourEngines) {
  const Manifest& manifest = Manifest::built_in();
  for (const char* name : {"retail", "dlib", "sface", "demo"}) {
    const auto engine = manifest.engine(name);
    ASSERT_TRUE(engine) << name;
    EXPECT_EQ((*engine)->is_demo(), std::string(name) == "demo");
    EXPECT_TRUE((*engine)->files.contains(ModelRole::kEmbedder)) << name;
  }
  EXPECT_EQ((*manifest.engine("retail"))->template_length, 256);
  EXPECT_EQ((*manifest.engine("retail"))->input_width_px, 128);
  EXPECT_GE((*manifest.engine("retail"))->calibration.size(), 3U);
}

TEST(BuiltInManifest, OnlyShippedAndPackagedFilesLackAnUpstream) {
  for (const ModelFile& file : Manifest::built_in().files()) {
    EXPECT_EQ(file.url.empty(), file.shipped || file.by_hand || !file.package.empty()) << file.name;
    EXPECT_EQ(file.url.ends_with(".bz2"), file.archive.has_value()) << file.name;
  }
}

TEST(BuiltInManifest, NothingRealIsLoadedByTheDemoEngine) {
  const auto engine = Manifest::built_in().engine("demo");
  ASSERT_TRUE(engine);
  EXPECT_EQ((*engine)->detector, "dlib-frontal");
  EXPECT_FALSE((*engine)->files.contains(ModelRole::kDetector));
}

TEST(BuiltInManifest, AgreesWithTheModelFilesAtHand) {
  const char* shared = std::getenv("MAITRED_SHARED");
  const std::filesystem::path folder =
      (shared != nullptr ? std::filesystem::path(shared)
                         : std::filesystem::path(MAITRED_SOURCE_DIR) / ".." / "shared") /
      "models";
  int compared = 0;
  for (const ModelFile& file : Manifest::built_in().files()) {
    const auto path = folder / file.name;
    if (!std::filesystem::exists(path)) continue;
    EXPECT_EQ(std::filesystem::file_size(path), file.size_bytes) << file.name;
    EXPECT_EQ(sha256_of_file(path).value_or("unreadable"), file.sha256) << file.name;
    ++compared;
  }
  if (compared == 0) GTEST_SKIP() << "skipped: no model files in " << folder;
}

TEST(BuiltInManifest, AgreesWithDebiansLandmarksWhereTheyAreInstalled) {
  const ModelFile& file = Manifest::built_in().file("shape_predictor_68_face_landmarks.dat");
  const std::filesystem::path path = "/usr/share/dlib/" + file.name;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "skipped: no libdlib-data";
  EXPECT_EQ(std::filesystem::file_size(path), file.size_bytes);
  EXPECT_EQ(sha256_of_file(path).value_or("unreadable"), file.sha256);
}

TEST(Manifest, AnUnknownEngineIsAnsweredWithTheKnownOnes) {
  const auto engine = Manifest::built_in().engine("retial");
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, "unknown_engine");
  EXPECT_EQ(engine.error().fault, Fault::kInput);
  EXPECT_THAT(engine.error().message,
              AllOf(HasSubstr("retial"), HasSubstr("retail"), HasSubstr("sface")));
}

TEST(Manifest, RolesHaveNames) {
  for (const ModelRole role : {ModelRole::kDetector, ModelRole::kLandmarks, ModelRole::kEmbedder,
                               ModelRole::kEmbedderWeights}) {
    EXPECT_EQ(model_role_from_name(model_role_name(role)), role);
  }
  EXPECT_EQ(model_role_from_name("nose"), std::nullopt);
}

TEST(Manifest, ReadsARow) {
  const Manifest manifest = manifest_of(
      kFile + with(kEngine, "calibration = []", "calibration = [[0.3, 1e-3, 0], [0.4, 0, 1]]"));
  const auto engine = manifest.engine("small");
  ASSERT_TRUE(engine);
  EXPECT_EQ((*engine)->files.at(ModelRole::kEmbedder), std::vector<std::string>{"a.onnx"});
  ASSERT_EQ((*engine)->calibration.size(), 2U);
  EXPECT_DOUBLE_EQ((*engine)->calibration[0].fmr, 1e-3);
  EXPECT_DOUBLE_EQ((*engine)->calibration[1].threshold, 0.4);
  EXPECT_EQ(manifest.file("a.onnx").size_bytes, 7U);
}

TEST(Manifest, SaysLineAndKeyOfWhatIsWrong) {
  const std::string head = "format = 1\n";
  EXPECT_THAT(error_of(head + with(kFile, "size_bytes = 7", "size_bytes = \"7\"") + kEngine),
              AllOf(HasSubstr("line 5"), HasSubstr("file.size_bytes"), HasSubstr("whole number")));
  EXPECT_THAT(error_of(head + kFile + with(kEngine, "template_length", "template_lenght")),
              AllOf(HasSubstr("engine.template_length"), HasSubstr("missing")));
  EXPECT_THAT(error_of(head + kFile + with(kEngine, "detector =", "colour = 1\ndetector =")),
              AllOf(HasSubstr("line 11"), HasSubstr("engine.colour"), HasSubstr("not known")));
  EXPECT_THAT(error_of("format = 2\n" + kFile + kEngine), HasSubstr("format"));
  EXPECT_THAT(error_of(kFile + kEngine), HasSubstr("format"));
  EXPECT_THAT(error_of(head + "[[file]\n"), HasSubstr("line 2"));
}

struct BadCase {
  std::string from;
  std::string to;
  std::string said;
};

TEST(Manifest, RefusesWhatWouldBeDangerousOrUseless) {
  const std::string digest = sha256_of("content");
  const std::vector<BadCase> cases = {
      {"name = \"a.onnx\"", "name = \"../a.onnx\"", "plain file name"},
      {"name = \"a.onnx\"", "name = \".a\"", "plain file name"},
      {"name = \"a.onnx\"", "name = \"-rf\"", "plain file name"},
      {"name = \"a.onnx\"", "name = \"\"", "1 to"},
      {"https://", "http://", "https"},
      {"https://", "file://", "https"},
      {digest, digest.substr(1), "64 digits"},
      {digest, std::string(64, 'A'), "lower-case"},
      {"size_bytes = 7", "size_bytes = -7", "whole number"},
      {"size_bytes = 7", "size_bytes = 99999999999", "whole number"},
      {"url =", "archive = {format = \"zip\", size_bytes = 1}\nurl =", "bzip2"},
      {"url =", "archive = {format = \"bzip2\", size_bytes = 1}\nurl =", "git_blob"},
      {"url = \"https://models.invalid/a.onnx\"", "", "nobody could get it"},
      {"embedder = [\"a.onnx\"]", "embedder = [\"b.onnx\"]", "no [[file]] row"},
      {"embedder = [\"a.onnx\"]", "embedder = []", "array of file names"},
      {"embedder = [\"a.onnx\"]", "embedder = [3]", "array of file names"},
      {"embedder = [\"a.onnx\"]", "detector = [\"a.onnx\"]", "embedder"},
      {"embedder = [\"a.onnx\"]", "nose = [\"a.onnx\"]", "not known"},
      {"detector = \"yunet\"", "detector = \"guess\"", "one of"},
      {"standing = \"production\"", "standing = \"fine\"", "one of"},
      {"input = [112, 112]", "input = [112]", "width, height"},
      {"input = [112, 112]", "input = [112, 100000]", "width, height"},
      {"calibration = []", "calibration = [[0.3, 1.5, 0]]", "threshold, fmr"},
      {"calibration = []", "calibration = [[nan, 0.5, 0]]", "threshold, fmr"},
      {"calibration = []", "calibration = [[0.3, 0.1]]", "threshold, fmr"},
      {"calibration = []", "calibration = [[0.3, 0.1, 0], [0.2, 0.01, 0]]", "rising"},
      {"calibration = []", "calibration = [[0.3, 0.1, 0], [0.4, 0.2, 0]]", "falling"},
      {"[[engine]]", kFile + "[[engine]]", "twice"},
      {"[[engine]]", kEngine + "[[engine]]", "twice"},
      {"format = 1", "format = 1\nfile = 3", "array"},
      {"licence = \"MIT\"", "licence = \"\\u0007\"", "control"},
  };
  const std::string good = "format = 1\n" + kFile + kEngine;
  ASSERT_TRUE(Manifest::parse(good));
  for (const BadCase& bad : cases) {
    SCOPED_TRACE(bad.to);
    std::string text = good;
    if (bad.to == "format = 1\nfile = 3") text = "format = 1\n" + kEngine;
    EXPECT_THAT(error_of(with(text, bad.from, bad.to)), HasSubstr(bad.said));
  }
}

TEST(Manifest, IsNotConfusedByRubbish) {
  error_of("");
  error_of(std::string("format = 1\0", 11));
  error_of("\xff\xfe\x00");
  error_of("format = 1\nfile = " + std::string(5000, '['));
  EXPECT_THAT(error_of("format = 1\n\"a\\nb\" = 1\nfile = []\nengine = []"),
              AllOf(HasSubstr("a?b"), HasSubstr("not known")));
  EXPECT_THAT(error_of(std::string((1U << 20U) + 1, '#')), HasSubstr("limit"));
}

}  // namespace
}  // namespace maitred::test
