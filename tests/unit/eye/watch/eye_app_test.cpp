// The eye against a real listener: what the core gets to hear.
#include "maitred/eye/watch/eye_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <future>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <thread>

#include "maitred/doors/eyes/eye_listener.h"
#include "tests/unit/eye/watch/scripted_engine.h"

namespace maitred {
namespace {

using std::chrono::seconds;
using test::Script;

// A core that only listens, on a thread of its own.
class ListeningCore {
 public:
  explicit ListeningCore(const std::filesystem::path& socket) {
    EyeListenerOptions options;
    options.socket = socket;
    EyeHandlers handlers;
    handlers.on_connected = [](EyeSession, pid_t) {};
    handlers.on_message = [this](EyeSession, EyeMessage message) {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    };
    handlers.on_closed = [this](EyeSession) { ++closed_; };
    auto opened = EyeListener::open(io_, options, handlers);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    if (opened) listener_ = std::move(*opened);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ListeningCore() {
    io_.stop();
    thread_.join();
    listener_.reset();
  }

  template <class T>
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(messages_.begin(), messages_.end(),
                      [](const EyeMessage& m) { return std::holds_alternative<T>(m); }));
  }
  // The last one; requires that there is one.
  template <class T>
  T last() {
    const std::lock_guard lock(mutex_);
    for (auto it = messages_.rbegin(); it != messages_.rend(); ++it) {
      if (auto* found = std::get_if<T>(&*it)) return std::move(*found);
    }
    ADD_FAILURE() << "no such message";
    return {};
  }
  bool first_is_hello() {
    const std::lock_guard lock(mutex_);
    return !messages_.empty() && std::holds_alternative<EyeHello>(messages_.front());
  }
  int closed() const { return closed_; }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<EyeListener> listener_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<EyeMessage> messages_;
  std::atomic<int> closed_{0};
};

template <class Condition>
bool soon(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + seconds{120};
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(Milliseconds{5});
  }
  return false;
}

class EyeApp : public testing::Test {
 protected:
  EyeApp() {
    std::string name = (std::filesystem::temp_directory_path() / "maitred-eye-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    script_.faces = {{2, 64, 48, 70}};
  }
  ~EyeApp() override { std::filesystem::remove_all(folder_); }

  std::string film(int frames) {
    const std::string file = (folder_ / "film.avi").string();
    cv::VideoWriter writer(file, cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                           10.0, {128, 96});
    cv::Mat picture(96, 128, CV_8UC3);
    cv::randu(picture, 0, 255);
    for (int i = 0; i < frames; ++i) writer.write(picture);
    return file;
  }

  EyeOptions options(std::string source) {
    EyeOptions made;
    made.camera = "entrance";
    made.socket = folder_ / "eye.sock";
    made.capture.capture.camera = "entrance";
    made.capture.capture.source = std::move(source);
    made.capture.capture.realtime = false;
    made.analysis.from_file = true;
    return made;
  }

  // The eye on a thread, as the program runs it on its main thread.
  std::future<Status> run(EyeOptions eye_options) {
    return std::async(std::launch::async, [this, eye_options] {
      return run_eye(eye_options, test::scripted_engine(script_), stop_);
    });
  }

  std::filesystem::path folder_;
  Script script_;
  std::atomic<bool> stop_{false};
};

TEST_F(EyeApp, TellsTheCoreEverythingAndEndsWithTheFile) {
  ListeningCore core(folder_ / "eye.sock");
  std::future<Status> eye = run(options(film(40)));
  ASSERT_TRUE(soon([&] { return core.closed() == 1; }));
  EXPECT_TRUE(eye.get());
  EXPECT_TRUE(core.first_is_hello());
  const auto hello = core.last<EyeHello>();
  EXPECT_EQ(hello.camera, "entrance");
  EXPECT_EQ(hello.engine, "scripted");
  EXPECT_EQ(hello.template_length, static_cast<std::uint32_t>(test::kTemplateLength));
  EXPECT_EQ(hello.pid, static_cast<std::int32_t>(::getpid()));
  EXPECT_GE(core.count<Sighting>(), 3U);
  EXPECT_EQ(core.count<TrackEnded>(), 1U);
  const auto health = core.last<EyeHealth>();
  EXPECT_EQ(health.state, EyeState::kEnded);
  EXPECT_EQ(health.frames, 40U);
  EXPECT_EQ(health.dropped, 0U);
  EXPECT_GE(health.faces, 10U);
  EXPECT_EQ(health.faces, static_cast<std::uint64_t>(script_.detected.load())) << "one a look";
  EXPECT_EQ(health.tracks, 1U);
  EXPECT_EQ(health.embeddings, core.count<Sighting>());
}

TEST_F(EyeApp, WaitsForTheCoreBeforeItReadsAFile) {
  std::future<Status> eye = run(options(film(10)));
  std::this_thread::sleep_for(Milliseconds{300});
  EXPECT_EQ(script_.detected, 0);
  ListeningCore core(folder_ / "eye.sock");
  EXPECT_TRUE(eye.get());
  EXPECT_GT(script_.detected, 0);
}

TEST_F(EyeApp, GoesOnWhenTheCoreComesBack) {
  auto core = std::make_unique<ListeningCore>(folder_ / "eye.sock");
  EyeOptions looped = options(film(20));
  looped.capture.capture.loop = true;
  looped.capture.capture.realtime = true;
  looped.analysis.repeat = Milliseconds{200};
  std::future<Status> eye = run(looped);
  ASSERT_TRUE(soon([&] { return core->count<Sighting>() >= 1; }));
  core.reset();
  core = std::make_unique<ListeningCore>(folder_ / "eye.sock");
  EXPECT_TRUE(soon([&] { return core->count<EyeHello>() == 1 && core->count<EyeHealth>() >= 2; }));
  EXPECT_TRUE(core->first_is_hello());
  EXPECT_EQ(core->last<EyeHealth>().state, EyeState::kRunning);
  stop_ = true;
  EXPECT_TRUE(eye.get());
}

TEST_F(EyeApp, StopsWhenAskedAndSaysSo) {
  ListeningCore core(folder_ / "eye.sock");
  EyeOptions looped = options(film(20));
  looped.capture.capture.loop = true;
  looped.capture.capture.realtime = true;
  std::future<Status> eye = run(looped);
  ASSERT_TRUE(soon([&] { return core.count<EyeHealth>() >= 2; }));
  stop_ = true;
  EXPECT_TRUE(eye.get());
  ASSERT_TRUE(soon([&] { return core.closed() == 1; }));
  EXPECT_EQ(core.last<EyeHealth>().state, EyeState::kEnded);
  EXPECT_EQ(core.count<TrackEnded>(), 1U);
}

TEST_F(EyeApp, StopsWithoutACoreToo) {
  std::future<Status> eye = run(options(film(10)));
  stop_ = true;
  EXPECT_TRUE(eye.get());
}

TEST_F(EyeApp, EndsWithItsParent) {
  ListeningCore core(folder_ / "eye.sock");
  EyeOptions orphan = options(film(20));
  orphan.capture.capture.loop = true;
  orphan.capture.capture.realtime = true;
  orphan.parent_pid = ::getppid() + 100000;  // not our parent
  EXPECT_TRUE(run(orphan).get());
}

TEST_F(EyeApp, AMissingFileIsAnErrorThatTheCoreHearsToo) {
  ListeningCore core(folder_ / "eye.sock");
  const Status ended = run(options("/nowhere/film.mp4")).get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, "camera_absent");
  ASSERT_TRUE(soon([&] { return core.closed() == 1; }));
  const auto health = core.last<EyeHealth>();
  EXPECT_NE(health.state, EyeState::kEnded);
  EXPECT_THAT(health.note, testing::HasSubstr("/nowhere/film.mp4"));
}

TEST_F(EyeApp, AFailingAnalysisIsAnError) {
  ListeningCore core(folder_ / "eye.sock");
  script_.fail = true;
  const Status ended = run(options(film(10))).get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, "inference_failed");
}

}  // namespace
}  // namespace maitred
