#include "maitred/eye/capture/capture_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "tests/unit/eye/capture/test_film.h"

namespace maitred {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr WallTime kStart{Milliseconds{1'700'000'000'000}};

CaptureThread::Options file_options(std::string source) {
  CaptureThread::Options options;
  options.capture.camera = "entrance";
  options.capture.source = std::move(source);
  options.capture.realtime = false;
  options.start = kStart;
  return options;
}

std::vector<Frame> drain(FrameSlot& slot, std::size_t at_most = 1000) {
  std::vector<Frame> frames;
  while (!slot.finished() && frames.size() < at_most) {
    if (auto frame = slot.take(seconds{20})) frames.push_back(std::move(*frame));
  }
  return frames;
}

TEST(CaptureThread, AFileAsFastAsItGoesLosesNothingAndEnds) {
  const test::ScratchFolder folder;
  FrameSlot slot(FrameSlot::Mode::kLossless);
  CaptureThread capture(file_options(test::write_film(folder.path(), 30, 10.0)), slot);
  capture.start();
  const std::vector<Frame> frames = drain(slot);
  ASSERT_EQ(frames.size(), 30U);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].sequence, i);
    EXPECT_EQ(test::number_of(frames[i].image), static_cast<int>(i));
    EXPECT_EQ(frames[i].at, kStart + frames[i].position);
  }
  EXPECT_NEAR(static_cast<double>(frames[7].position.count()), 700.0, 2.0);
  EXPECT_TRUE(capture.stop(seconds{60}));
  EXPECT_EQ(capture.status().state, EyeState::kEnded);
  EXPECT_EQ(capture.status().frames, 30U);
}

TEST(CaptureThread, ALoopedFileStartsAgainWhileItsTimeGoesOn) {
  const test::ScratchFolder folder;
  CaptureThread::Options options = file_options(test::write_film(folder.path(), 5, 10.0));
  options.capture.loop = true;
  FrameSlot slot(FrameSlot::Mode::kLossless);
  CaptureThread capture(options, slot);
  capture.start();
  const std::vector<Frame> frames = drain(slot, 12);
  ASSERT_EQ(frames.size(), 12U);
  EXPECT_EQ(frames[5].position, Milliseconds{0});
  EXPECT_EQ(test::number_of(frames[11].image), 1);
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_NEAR(static_cast<double>((frames[i].at - frames[i - 1].at).count()), 100.0, 3.0);
  }
  EXPECT_TRUE(capture.stop(seconds{60}));
}

TEST(CaptureThread, ARealtimeFileIsPacedByTheClock) {
  const test::ScratchFolder folder;
  CaptureThread::Options options = file_options(test::write_film(folder.path(), 6, 20.0));
  options.capture.fps = 20.0;
  options.capture.realtime = true;
  FrameSlot slot(FrameSlot::Mode::kLatest);
  CaptureThread capture(options, slot);
  const Timestamp from = std::chrono::steady_clock::now();
  capture.start();
  const std::vector<Frame> frames = drain(slot);
  const auto lasted = std::chrono::steady_clock::now() - from;
  EXPECT_EQ(frames.size() + slot.dropped(), 6U);
  EXPECT_GE(lasted, Milliseconds{240});
}

TEST(CaptureThread, AMissingFileEndsWithAReason) {
  FrameSlot slot(FrameSlot::Mode::kLossless);
  CaptureThread capture(file_options("/nowhere/film.mp4"), slot);
  capture.start();
  EXPECT_TRUE(drain(slot).empty());
  EXPECT_TRUE(capture.stop(seconds{60}));
  ASSERT_TRUE(capture.status().failure);
  EXPECT_EQ(capture.status().failure->code, "camera_absent");
  EXPECT_THAT(capture.status().note, HasSubstr("/nowhere/film.mp4"));
  EXPECT_NE(capture.status().state, EyeState::kEnded);
}

// A live camera that gives some frames and then fails, again and again.
class FailingSource final : public FrameSource {
 public:
  explicit FailingSource(int frames) : frames_(frames) {}
  Result<std::optional<SourceFrame>> read() override {
    if (frames_-- <= 0) return environment_error("camera_lost", "unplugged");
    return SourceFrame{};
  }
  Milliseconds end_position() const override { return Milliseconds{0}; }

 private:
  int frames_;
};

TEST(CaptureThread, ALostCameraIsOpenedAgain) {
  std::atomic<int> opened{0};
  CaptureThread::Options options = file_options("/dev/video98");
  FrameSlot slot(FrameSlot::Mode::kLossless);
  CaptureThread capture(options, slot,
                        [&](const CaptureOptions&) -> Result<std::unique_ptr<FrameSource>> {
                          const int time = opened++;
                          if (time == 0) return environment_error("camera_absent", "not there yet");
                          return std::make_unique<FailingSource>(2);
                        });
  capture.start();
  const std::vector<Frame> frames = drain(slot, 4);
  EXPECT_EQ(frames.size(), 4U);
  EXPECT_GE(opened.load(), 3);
  EXPECT_TRUE(capture.stop(seconds{60}));
  EXPECT_TRUE(slot.finished());
}

// A decoder that never comes back until it is let go.
class HangingSource final : public FrameSource {
 public:
  HangingSource(std::atomic<bool>& let_go, int frames) : let_go_(let_go), frames_(frames) {}
  Result<std::optional<SourceFrame>> read() override {
    if (frames_-- > 0) return SourceFrame{};
    let_go_.wait(false);
    return environment_error("camera_lost", "let go");
  }
  Milliseconds end_position() const override { return Milliseconds{0}; }

 private:
  std::atomic<bool>& let_go_;
  int frames_;
};

TEST(CaptureThread, AHangingDecoderShowsAsStalledAndDoesNotBlockStop) {
  std::atomic<bool> let_go{false};
  CaptureThread::Options options = file_options("/dev/video98");
  options.stalled_after = Milliseconds{50};
  FrameSlot slot(FrameSlot::Mode::kLatest);
  CaptureThread capture(options, slot,
                        [&](const CaptureOptions&) -> Result<std::unique_ptr<FrameSource>> {
                          return std::make_unique<HangingSource>(let_go, 1);
                        });
  capture.start();
  ASSERT_TRUE(slot.take(seconds{60}));
  const Timestamp from = std::chrono::steady_clock::now();
  while (capture.status().state != EyeState::kStalled &&
         std::chrono::steady_clock::now() - from < seconds{60}) {
    std::this_thread::yield();
  }
  EXPECT_EQ(capture.status().state, EyeState::kStalled);
  EXPECT_GE(capture.status().blocked_for, Milliseconds{40});
  EXPECT_FALSE(capture.stop(Milliseconds{50}));
  let_go = true;
  let_go.notify_all();
  EXPECT_TRUE(capture.stop(seconds{60}));
}

}  // namespace
}  // namespace maitred
