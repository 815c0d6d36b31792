// Thresholds for enrolment on real faces and on bad photos made of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <opencv2/imgproc.hpp>
#include <string>

#include "maitred/base/file.h"
#include "maitred/eye/vision/photo.h"
#include "maitred/eye/vision/quality.h"
#include "maitred/eye/vision/yunet.h"
#include "tests/unit/eye/vision/test_media.h"

namespace maitred {
namespace {

using test::mat_of;
using test::shared_folder;
using test::view_of;

constexpr const char* kDetector = "models/yunet_n_640_640.onnx";

class Enrolment : public testing::Test {
 protected:
  void SetUp() override {
    MAITRED_NEEDS_SHARED(kDetector);
    MAITRED_NEEDS_SHARED("data/people/known");
    auto made = make_yunet_detector(shared_folder() / kDetector);
    ASSERT_TRUE(made) << made.error().message;
    detector_ = std::move(*made);
  }

  std::string verdict(const cv::Mat& picture) {
    const auto faces = detector_->detect(view_of(picture), 24);
    if (!faces) return faces.error().code;
    const MainFace main = choose_main_face(*faces, view_of(picture), Purpose::kEnrol);
    std::optional<PhotoFault> fault = main.fault;
    if (!fault) fault = enrolment_fault(measure_face(view_of(picture), (*faces)[*main.index]));
    return fault ? std::string(photo_fault_code(*fault)) : "good";
  }

  static cv::Mat read(const std::filesystem::path& file) {
    const auto bytes = read_file(file, std::size_t{16} << 20U);
    if (!bytes) return {};
    const auto decoded = decode_photo(*bytes);
    return decoded ? mat_of(decoded->view).clone() : cv::Mat();
  }

  // One photo of each of so many people.
  static std::vector<cv::Mat> people(std::size_t count, const char* which = "_0001.jpg") {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(shared_folder() / "data/people/known")) {
      if (entry.path().string().ends_with(which)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    files.resize(std::min(files.size(), count));
    std::vector<cv::Mat> pictures;
    for (const auto& file : files) pictures.push_back(read(file));
    return pictures;
  }

  std::unique_ptr<FaceDetector> detector_;
};

TEST_F(Enrolment, RefusesTheBlurredPhotoAndTakesGoodPortraits) {
  MAITRED_NEEDS_SHARED("data/photos");
  const auto photo = [&](const char* name) {
    return verdict(read(shared_folder() / "data/photos" / name));
  };
  EXPECT_EQ(photo("blur.jpg"), "blurred");
  EXPECT_EQ(photo("two_people.jpg"), "several_faces");
  EXPECT_EQ(photo("several-faces.jpg"), "several_faces");
  for (const char* good :
       {"alex-lacamoire.png", "alex-lacamoire2.jpg", "lin-manuel-miranda.png", "biden.jpg",
        "obama.jpg", "obama-240p.jpg", "obama_small.jpg", "32bit.png"}) {
    EXPECT_EQ(photo(good), "good") << good;
  }
}

TEST_F(Enrolment, RefusesFewOrdinaryPhotosOfOnePerson) {
  std::map<std::string, int> verdicts;
  for (const cv::Mat& picture : people(150)) ++verdicts[verdict(picture)];
  int single = 0;
  for (const auto& [verdict, count] : verdicts) single += verdict == "several_faces" ? 0 : count;
  const int refused = single - verdicts["good"] - verdicts["turned_away"];
  EXPECT_GE(single, 142);
  EXPECT_LE(refused, 3);                  // 2 %
  EXPECT_LE(verdicts["turned_away"], 6);  // there are some half profiles
  EXPECT_EQ(verdicts["no_face"], 0);
}

TEST_F(Enrolment, RefusesMadeBadPhotosWithTheirReason) {
  std::map<std::string, int> right;
  int people_seen = 0;
  for (const cv::Mat& picture : people(90)) {
    if (people_seen == 30 || verdict(picture) != "good") continue;
    ++people_seen;
    cv::Mat bad;
    cv::GaussianBlur(picture, bad, {}, 2.5);
    right["blurred"] += verdict(bad) == "blurred" ? 1 : 0;
    bad = picture * 0.22;
    right["dark"] += verdict(bad) == "too_dark" ? 1 : 0;
    bad = picture * 1.6 + cv::Scalar::all(60);
    right["bright"] += verdict(bad) == "too_bright" ? 1 : 0;
    cv::resize(picture, bad, {}, 0.4, 0.4, cv::INTER_AREA);
    right["small"] += verdict(bad) == "too_small" ? 1 : 0;
    cv::Mat mirrored;
    cv::flip(picture, mirrored, 1);
    cv::hconcat(picture, mirrored, bad);
    right["two"] += verdict(bad) == "several_faces" ? 1 : 0;
  }
  ASSERT_EQ(people_seen, 30);
  for (const auto& [kind, count] : right) EXPECT_GE(count, 26) << kind;
}

}  // namespace
}  // namespace maitred
