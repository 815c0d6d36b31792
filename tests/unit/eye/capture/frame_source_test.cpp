#include "maitred/eye/capture/frame_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "tests/unit/eye/capture/test_film.h"

namespace maitred {
namespace {

using test::number_of;
using test::ScratchFolder;
using test::write_film;
using test::write_images;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

CaptureOptions options_for(std::string source, double fps) {
  CaptureOptions options;
  options.camera = "entrance";
  options.source = std::move(source);
  options.fps = fps;
  return options;
}

struct Seen {
  std::vector<int> numbers;
  std::vector<std::int64_t> positions_ms;
};

Seen read_all(FrameSource& source) {
  Seen seen;
  for (;;) {
    auto read = source.read();
    if (!read || !*read) return seen;
    seen.numbers.push_back(number_of((*read)->image));
    seen.positions_ms.push_back((*read)->position.count());
  }
}

TEST(SourceKind, IsReadFromTheWords) {
  EXPECT_EQ(source_kind("/dev/video0"), SourceKind::kDevice);
  EXPECT_EQ(source_kind("0"), SourceKind::kDevice);
  EXPECT_EQ(source_kind("/dev/v4l/by-id/usb-Camera-video-index0"), SourceKind::kDevice);
  EXPECT_EQ(source_kind("rtsp://10.0.0.2/live"), SourceKind::kStream);
  EXPECT_EQ(source_kind("https://example.org/cam.mjpg"), SourceKind::kStream);
  EXPECT_EQ(source_kind("gst:videotestsrc ! appsink"), SourceKind::kPipeline);
  EXPECT_EQ(source_kind("/tmp"), SourceKind::kFolder);
  EXPECT_EQ(source_kind("/tmp/film.mp4"), SourceKind::kFile);
  EXPECT_TRUE(is_live(SourceKind::kStream));
  EXPECT_FALSE(is_live(SourceKind::kFolder));
}

TEST(OpenSource, ReadsEveryFrameOfAFilmAtItsOwnRate) {
  const ScratchFolder folder;
  auto source = open_source(options_for(write_film(folder.path(), 12, 10.0), 10.0));
  ASSERT_TRUE(source) << source.error().message;
  const Seen seen = read_all(**source);
  EXPECT_THAT(seen.numbers, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  ASSERT_EQ(seen.positions_ms.size(), 12U);
  EXPECT_EQ(seen.positions_ms.front(), 0);
  EXPECT_NEAR(static_cast<double>(seen.positions_ms[5]), 500.0, 2.0);
  EXPECT_NEAR(static_cast<double>((*source)->end_position().count()), 1200.0, 3.0);
}

TEST(OpenSource, SkipsTheFramesBetweenAtALowerRate) {
  const ScratchFolder folder;
  auto source = open_source(options_for(write_film(folder.path(), 25, 25.0), 5.0));
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_THAT(read_all(**source).numbers, ElementsAre(0, 5, 10, 15, 20));
}

TEST(OpenSource, HandsTheFramesBetweenOnAsExtraOnes) {
  const ScratchFolder folder;
  CaptureOptions options = options_for(write_film(folder.path(), 20, 20.0), 5.0);
  options.burst = 2.0;
  auto source = open_source(options);
  ASSERT_TRUE(source) << source.error().message;
  std::vector<int> regular;
  std::vector<int> extra;
  for (;;) {
    auto read = (*source)->read();
    ASSERT_TRUE(read);
    if (!*read) break;
    ((*read)->extra ? extra : regular).push_back(number_of((*read)->image));
  }
  EXPECT_THAT(regular, ElementsAre(0, 4, 8, 12, 16));
  EXPECT_THAT(extra, ElementsAre(2, 6, 10, 14, 18));
}

TEST(OpenSource, ReadsAFolderOfImagesInTheOrderOfTheirNames) {
  const ScratchFolder folder;
  const std::string images = write_images(folder.path(), 4);
  std::ofstream(std::filesystem::path(images) / "frame101b.jpg") << "not an image";
  std::ofstream(std::filesystem::path(images) / "notes.txt") << "not a frame";
  auto source = open_source(options_for(images, 4.0));
  ASSERT_TRUE(source) << source.error().message;
  const Seen seen = read_all(**source);
  EXPECT_THAT(seen.numbers, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(seen.positions_ms, ElementsAre(0, 250, 750, 1000));  // the bad one keeps its place
}

TEST(OpenSource, AnAbsentSourceNamesCameraAndSource) {
  for (const char* absent : {"/nowhere/film.mp4", "/dev/video98"}) {
    const auto source = open_source(options_for(absent, 10.0));
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, "camera_absent");
    EXPECT_EQ(source.error().fault, Fault::kEnvironment);
    EXPECT_THAT(source.error().message, HasSubstr("entrance"));
    EXPECT_THAT(source.error().message, HasSubstr(absent));
  }
}

TEST(OpenSource, AFileThatIsNoFilmIsRefused) {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path() / "film.mp4";
  std::ofstream(file) << "this is a text and not a film";
  const auto source = open_source(options_for(file.string(), 10.0));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, "camera_absent");
}

TEST(OpenSource, AnEmptyFolderIsRefusedAndOneOfJunkFailsAtTheFirstRead) {
  const ScratchFolder folder;
  EXPECT_FALSE(open_source(options_for(folder.path().string(), 10.0)));
  std::ofstream(folder.path() / "a.jpg") << "junk";
  auto source = open_source(options_for(folder.path().string(), 10.0));
  ASSERT_TRUE(source);
  const auto read = (*source)->read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "camera_unreadable");
}

TEST(OpenSource, APasswordIsNotInTheError) {
  CaptureOptions options = options_for("rtsp://admin:secret@127.0.0.1:1/live", 10.0);
  options.open_timeout = Milliseconds{500};
  const auto source = open_source(options);
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace maitred
