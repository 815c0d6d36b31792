// Eyes that die, hang, end and come back. Shell scripts stand in for maitred-eye.
#include "maitred/doors/eyes/eye_supervisor.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "tests/support/script.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;

// Each eye appends its camera, its word $5, to the file `started`.
constexpr const char* kNote = R"(echo "$5" >> started; )";

class EyeSupervision : public testing::Test {
 protected:
  void supervise(const std::string& script, std::vector<std::string> cameras = {"door"}) {
    options_.program =
        write_script(folder_.path() / "eye", "cd " + folder_.path().string() + "; " + script);
    options_.settings = folder_.path() / "maitred.toml";
    options_.cameras = std::move(cameras);
    supervisor_ = std::make_unique<EyeSupervisor>(io_, options_);
    supervisor_->start();
  }

  template <class Predicate>
  bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < deadline) io_.run_one_for(10ms);
    return done();
  }

  std::vector<std::string> started() const { return lines_of(folder_.path() / "started"); }
  std::size_t starts_of(const std::string& camera) const {
    const auto all = started();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), camera));
  }

  TemporaryFolder folder_;
  boost::asio::io_context io_;
  EyeSupervisorOptions options_{.check_every = 5ms, .first_pause = 10ms, .longest_pause = 40ms};
  std::unique_ptr<EyeSupervisor> supervisor_;
};

TEST_F(EyeSupervision, ADeadEyeIsStartedAgainAfterLongerAndLongerPauses) {
  options_.first_pause = 20ms;
  options_.longest_pause = 60ms;
  supervise("exit 3");
  std::vector<Timestamp> times = {std::chrono::steady_clock::now()};
  for (std::uint64_t restart = 1; restart <= 4; ++restart) {
    ASSERT_TRUE(run_until([&] { return supervisor_->restarts() == restart; }));
    times.push_back(std::chrono::steady_clock::now());
  }
  // A pause may be longer on a busy machine, never shorter.
  EXPECT_GE(times[1] - times[0], 20ms);
  EXPECT_GE(times[2] - times[1], 40ms);
  EXPECT_GE(times[3] - times[2], 60ms);
  EXPECT_GE(times[4] - times[3], 60ms);
}

TEST_F(EyeSupervision, AnEyeThatSaidHelloWaitsNoLongerThanTwoSeconds) {
  options_.first_pause = options_.longest_pause = 1h;
  supervise(std::string(kNote) + "echo $$ > pid; while [ ! -e die ]; do sleep 0.02; done; exit 1");
  ASSERT_TRUE(run_until([&] { return !lines_of(folder_.path() / "pid").empty(); }));
  supervisor_->hello_received("door", std::stoi(lines_of(folder_.path() / "pid").front()));
  std::ofstream(folder_.path() / "die") << "now";
  EXPECT_TRUE(run_until([&] { return supervisor_->restarts() == 1; }));
}

TEST_F(EyeSupervision, AHelloOfAnotherProcessDoesNotCount) {
  options_.first_pause = options_.longest_pause = 1h;
  supervise(std::string(kNote) + "while [ ! -e die ]; do sleep 0.02; done; exit 1");
  ASSERT_TRUE(run_until([&] { return starts_of("door") == 1; }));
  supervisor_->hello_received("door", 1);
  std::ofstream(folder_.path() / "die") << "now";
  ASSERT_TRUE(run_until([&] { return supervisor_->is_gone("door"); }));
  io_.run_for(50ms);
  EXPECT_EQ(supervisor_->restarts(), 0U);
}

TEST_F(EyeSupervision, AnEyeWhoseFileHasEndedIsNotStartedAgain) {
  supervise(std::string(kNote) + "exit 0");
  ASSERT_TRUE(run_until([&] { return supervisor_->is_gone("door"); }));
  io_.run_for(100ms);
  EXPECT_EQ(supervisor_->restarts(), 0U);
  EXPECT_EQ(starts_of("door"), 1U);
}

TEST_F(EyeSupervision, ASilentEyeIsKilledAndStartedAgain) {
  options_.first_silence = 200ms;
  supervise("echo $$ >> pids; trap '' TERM; exec sleep 1000");
  ASSERT_TRUE(run_until([&] { return lines_of(folder_.path() / "pids").size() >= 2; }));
  EXPECT_GE(supervisor_->restarts(), 1U);
  const pid_t first = std::stoi(lines_of(folder_.path() / "pids").front());
  EXPECT_EQ(::kill(first, 0), -1);
}

TEST_F(EyeSupervision, AProgramThatCannotStartIsTriedAgain) {
  options_.program = folder_.path() / "absent";
  options_.cameras = {"door"};
  supervisor_ = std::make_unique<EyeSupervisor>(io_, options_);
  supervisor_->start();
  EXPECT_TRUE(run_until([&] { return supervisor_->restarts() >= 3; }));
}

TEST_F(EyeSupervision, OtherCamerasStartAndEndEyes) {
  supervise(std::string(kNote) + "trap 'exit 0' TERM; while :; do sleep 0.02; done",
            {"door", "till"});
  ASSERT_TRUE(run_until([&] { return starts_of("door") == 1 && starts_of("till") == 1; }));
  supervisor_->hello_received("till", 1);
  supervisor_->reconfigure({"till", "garden"}, {"till"});
  ASSERT_TRUE(run_until([&] { return starts_of("till") == 2 && starts_of("garden") == 1; }));
  ASSERT_TRUE(run_until([&] { return supervisor_->is_gone("door"); }));
  io_.run_for(50ms);
  EXPECT_EQ(starts_of("door"), 1U);
  EXPECT_FALSE(supervisor_->is_gone("till"));
}

TEST_F(EyeSupervision, APausedEyeEndsAndComesBack) {
  supervise(std::string(kNote) + "trap 'exit 0' TERM; while :; do sleep 0.02; done");
  ASSERT_TRUE(run_until([&] { return starts_of("door") == 1; }));
  EXPECT_FALSE(supervisor_->pause("garden", 1h));
  ASSERT_TRUE(supervisor_->pause("door", 1h));
  ASSERT_TRUE(run_until([&] { return supervisor_->is_gone("door"); }));
  supervisor_->resume("door");
  ASSERT_TRUE(run_until([&] { return starts_of("door") == 2; }));
  // Whoever paused it may have died: it comes back by itself.
  ASSERT_TRUE(supervisor_->pause("door", 100ms));
  EXPECT_TRUE(run_until([&] { return starts_of("door") == 3; }));
}

TEST_F(EyeSupervision, StoppingEndsEvenAnEyeThatDoesNotWantTo) {
  options_.stop_patience = 50ms;
  supervise(std::string(kNote) + "trap '' TERM; while :; do sleep 0.02; done", {"door", "till"});
  ASSERT_TRUE(run_until([&] { return started().size() == 2; }));
  bool stopped = false;
  supervisor_->stop([&] { stopped = true; });
  EXPECT_FALSE(stopped);
  ASSERT_TRUE(run_until([&] { return stopped; }));
  EXPECT_TRUE(no_child_is_left());
}

TEST_F(EyeSupervision, NoEyeOutlivesItsSupervisor) {
  supervise(std::string(kNote) + "trap '' TERM; exec sleep 1000");
  ASSERT_TRUE(run_until([&] { return starts_of("door") == 1; }));
  supervisor_.reset();
  EXPECT_TRUE(no_child_is_left());
}

}  // namespace
}  // namespace maitred
