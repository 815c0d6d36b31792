// The `demo` engine at its edges: missing and wrong files, pictures without a face, small faces;
// and its network against dlib's, which trained it.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "models/demo/golden_face.h"
#include "tests/support/drawn_face.h"
#include "tests/unit/drawn/engines.h"

namespace maitred::drawn {
namespace {

namespace fs = std::filesystem;

// A file with the given content, removed at the end of the test.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& content, const std::string& ending)
      : path_(fs::temp_directory_path() / ("maitred-" + std::to_string(std::rand()) + ending)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~ScratchFile() { fs::remove(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(DemoEngineFiles, SaysWhichFileIsMissing) {
  const auto detector = make_dlib_detector("/nowhere/landmarks.dat");
  ASSERT_FALSE(detector);
  EXPECT_EQ(detector.error().code, "model_missing");
  EXPECT_NE(detector.error().message.find("/nowhere/landmarks.dat"), std::string::npos);
  const auto embedder = make_demo_embedder("/nowhere/demo.onnx");
  ASSERT_FALSE(embedder);
  EXPECT_EQ(embedder.error().code, "model_missing");
}

TEST(DemoEngineFiles, RefusesFilesThatHoldSomethingElse) {
  for (const std::string content : {"this is not a model\n", ""}) {
    const ScratchFile landmarks(content, ".dat");
    const auto detector = make_dlib_detector(landmarks.path());
    ASSERT_FALSE(detector);
    EXPECT_EQ(detector.error().code, "model_invalid");
    const ScratchFile network(content, ".onnx");
    const auto embedder = make_demo_embedder(network.path());
    ASSERT_FALSE(embedder);
    EXPECT_EQ(embedder.error().code, "model_invalid");
  }
  // Each other's file.
  EXPECT_EQ(make_demo_embedder(kLandmarksModel).error().code, "model_invalid");
  EXPECT_EQ(make_dlib_detector(source_file("models/demo/demo.onnx")).error().code, "model_invalid");
}

TEST(DemoEngineFiles, RefusesWeightsThatAreCutShort) {
  const std::string whole = content_of(source_file("models/demo/demo.onnx"));
  ASSERT_GT(whole.size(), 1000U);
  EXPECT_LT(whole.size(), std::size_t{1} << 20U);
  for (const std::size_t kept : {std::size_t{40}, whole.size() / 2, whole.size() - 1}) {
    const ScratchFile cut(whole.substr(0, kept), ".onnx");
    const auto embedder = make_demo_embedder(cut.path());
    ASSERT_FALSE(embedder) << kept << " bytes of " << whole.size();
    EXPECT_EQ(embedder.error().code, "model_invalid");
  }
}

// Templates enrolled when dlib ran the network stay valid: the eye gives the same numbers. Recorded
// by models/demo/export_demo.cpp.
TEST(DemoEngineFiles, GivesTheTemplatesOfDlib) {
  std::ifstream lines(source_file("tests/golden/demo_templates.txt"));
  for (const Backend backend : {Backend::kOneDnn, Backend::kOpenCv}) {
    const auto embedder = make_demo_embedder(source_file("models/demo/demo.onnx"), backend);
    ASSERT_TRUE(embedder) << embedder.error().message;
    lines.clear();
    lines.seekg(0);
    int faces = 0;
    for (std::string line; std::getline(lines, line); ++faces) {
      std::istringstream words(line);
      std::uint64_t seed = 0;
      words >> seed;
      const demo::GoldenFace face = demo::golden_face(seed);
      const auto made = (*embedder)->embed(view_of(face.picture), face.landmarks);
      ASSERT_TRUE(made) << made.error().message;
      for (const float value : made->values()) {
        float wanted = 0.0F;
        ASSERT_TRUE(words >> wanted);
        EXPECT_NEAR(value, wanted, 1e-3F) << (*embedder)->backend() << ", face " << seed;
      }
    }
    EXPECT_GE(faces, 10);
  }
}

class DlibDetector : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(demo_engine()) << demo_engine().error().message;
    detector_ = demo_engine()->detector.get();
  }
  FaceDetector* detector_ = nullptr;
};

Look straight(double face_width_px) {
  Look look;
  look.face_width_px = face_width_px;
  look.noise = 2.0;
  return look;
}

TEST_F(DlibDetector, FindsOneFaceWithItsLandmarksInOrder) {
  const cv::Mat picture = draw_portrait(make_person(12), straight(160.0), 400);
  const auto faces = detector_->detect(view_of(picture), 80);
  ASSERT_TRUE(faces);
  ASSERT_EQ(faces->size(), 1U);
  const Face& face = faces->front();
  const auto& [left, right, nose, mouth_left, mouth_right] = face.landmarks;
  EXPECT_LT(left.x_px, nose.x_px);
  EXPECT_LT(nose.x_px, right.x_px);
  EXPECT_LT(mouth_left.x_px, mouth_right.x_px);
  EXPECT_LT(left.y_px, nose.y_px);
  EXPECT_LT(nose.y_px, mouth_left.y_px);
  EXPECT_NEAR(face.box.centre().x_px, 200.0F, 20.0F);
  EXPECT_GT(face.score, 0.5F);
  EXPECT_LE(face.score, 1.0F);
}

TEST_F(DlibDetector, FindsSmallFacesWhenAskedTo) {
  const cv::Mat picture = draw_portrait(make_person(12), straight(64.0), 320);
  EXPECT_EQ(detector_->detect(view_of(picture), 50)->size(), 1U);
}

TEST_F(DlibDetector, LeavesOutFacesBelowTheLeastWidth) {
  const cv::Mat picture = draw_portrait(make_person(12), straight(90.0), 320);
  EXPECT_EQ(detector_->detect(view_of(picture), 200)->size(), 0U);
}

TEST_F(DlibDetector, FindsLargeFacesInLargePictures) {
  const cv::Mat picture = draw_portrait(make_person(12), straight(620.0), 1600);
  const auto faces = detector_->detect(view_of(picture), 60);
  ASSERT_TRUE(faces);
  ASSERT_EQ(faces->size(), 1U);
  EXPECT_NEAR(faces->front().box.centre().x_px, 800.0F, 60.0F);
}

TEST_F(DlibDetector, TakesTinyAndEmptyPictures) {
  const cv::Mat pixel(1, 1, CV_8UC3, cv::Scalar::all(9));
  EXPECT_TRUE(detector_->detect(view_of(pixel), 60)->empty());
  EXPECT_TRUE(detector_->detect(ImageView{}, 60)->empty());
}

TEST_F(DlibDetector, TheDemoEmbedderAgreesOnPartsOfALargerPicture) {
  FaceEmbedder& embedder = *demo_engine()->embedder;
  cv::Mat wide(400, 900, CV_8UC3, cv::Scalar::all(120));
  const cv::Mat portrait = draw_portrait(make_person(12), straight(160.0), 400);
  portrait.copyTo(wide(cv::Rect(450, 0, 400, 400)));
  const auto faces = detector_->detect(view_of(wide), 80);
  ASSERT_EQ(faces->size(), 1U);
  const auto whole = embedder.embed(view_of(wide), faces->front().landmarks);
  Landmarks moved = faces->front().landmarks;
  for (Point& point : moved) point.x_px -= 450.0F;
  const cv::Mat part = wide(cv::Rect(450, 0, 400, 400));  // rows are not dense
  const auto cut = embedder.embed(view_of(part), moved);
  ASSERT_TRUE(whole);
  ASSERT_TRUE(cut);
  EXPECT_GT(similarity(*whole, *cut).value, 0.995F);
}

}  // namespace
}  // namespace maitred::drawn
