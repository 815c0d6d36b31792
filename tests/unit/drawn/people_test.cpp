// The same seed is the same person and the same picture; other seeds are other people.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <opencv2/videoio.hpp>
#include <set>

#include "tests/support/drawn_cast.h"
#include "tests/support/drawn_film.h"

namespace maitred::drawn {
namespace {

double difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * 3);
}

TEST(DrawnPeople, TheSameSeedDrawsTheSamePicture) {
  const cv::Mat once = draw_face(make_person(5), everyday_look(9));
  const cv::Mat again = draw_face(make_person(5), everyday_look(9));
  EXPECT_EQ(cv::norm(once, again, cv::NORM_INF), 0.0);
}

TEST(DrawnPeople, NeighbouringSeedsAreDifferentPeople) {
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    const cv::Mat one = draw_portrait(make_person(seed), studio_look(1), 160);
    const cv::Mat next = draw_portrait(make_person(seed + 1), studio_look(1), 160);
    EXPECT_GT(difference(one, next), 4.0) << "seeds " << seed << " and " << seed + 1;
  }
}

TEST(DrawnPeople, ALookPastTheEdgeIsCutOff) {
  cv::Mat scene(120, 160, CV_8UC3, cv::Scalar::all(99));
  Look look;
  look.face_width_px = 90.0;
  draw_onto(scene, make_person(3), look, {-5.0, 118.0});
  draw_onto(scene, make_person(3), look, {-900.0, 60.0});
  EXPECT_EQ(scene.at<cv::Vec3b>(5, 155), cv::Vec3b(99, 99, 99));
  EXPECT_NE(scene.at<cv::Vec3b>(100, 5), cv::Vec3b(99, 99, 99));
}

TEST(DrawnFilm, ShowsEachOfTheCastOnce) {
  const Film film((FilmOptions()));
  std::multiset<std::string> shown;
  for (const Walk& walk : film.walks()) {
    shown.insert(walk.who.id);
    EXPECT_GE(walk.start_s, 0.0);
    EXPECT_GT(walk.end_s - walk.start_s, 3.0) << walk.who.id;
    EXPECT_LT(walk.end_s, film.frame_count() / film.fps());
  }
  for (const CastMember& member : demo_cast()) EXPECT_EQ(shown.count(member.id), 1U) << member.id;
}

TEST(DrawnFilm, PeopleComeCloserAndNeverMoreThanThreeAtATime) {
  const Film film((FilmOptions()));
  std::map<std::string, std::pair<double, double>> widths;  // first, largest
  for (int i = 0; i < film.frame_count(); ++i) {
    const auto faces = film.faces(i);
    EXPECT_LE(faces.size(), 3U);
    for (const SeenFace& face : faces) {
      auto& [first, largest] = widths.try_emplace(face.id, face.width_px, 0.0).first->second;
      EXPECT_LE(first, face.width_px + 1.0);
      largest = std::max(largest, face.width_px);
    }
  }
  EXPECT_EQ(widths.size(), demo_cast().size());
  for (const auto& [id, width] : widths) {
    EXPECT_LT(width.first, 80.0) << id;
    EXPECT_GT(width.second, 130.0) << id;
  }
}

TEST(DrawnFilm, TheFileHoldsTheFramesAndTheTruthSaysWhoIsInIt) {
  FilmOptions options;
  options.size = {320, 240};
  options.seconds = 3.0;
  const Film film(options);
  const auto file = std::filesystem::temp_directory_path() / "maitred-drawn-film.avi";
  const Status written = write_film(film, file);
  ASSERT_TRUE(written) << written.error().message;
  cv::VideoCapture video(file.string());
  ASSERT_TRUE(video.isOpened());
  int frames = 0;
  for (cv::Mat frame; video.read(frame); ++frames) {
    EXPECT_LT(difference(frame, film.frame(frames)), 12.0) << "frame " << frames;
  }
  EXPECT_EQ(frames, 30);
  std::filesystem::remove(file);
  const nlohmann::json truth = film.truth();
  EXPECT_EQ(truth["frames"], 30);
  EXPECT_EQ(truth["visits"].size(), demo_cast().size());
  EXPECT_EQ(truth["enroll"]["amber"], "amber.png");
  EXPECT_EQ(truth["faces"].size(), 30U);
}

TEST(DrawnFilm, SaysWhereItCannotBeWritten) {
  const Status written = write_film(Film(FilmOptions()), "/nowhere/at/all/film.avi");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, "film_not_written");
  EXPECT_NE(written.error().message.find("/nowhere/at/all/film.avi"), std::string::npos);
}

}  // namespace
}  // namespace maitred::drawn
