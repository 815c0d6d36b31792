#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <thread>

#include "maitred/base/unix_socket.h"
#include "maitred/doors/eyes/eye_listener.h"
#include "maitred/link/eye_sender.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

EyeHello hello() { return {"entrance", "retail", 2, 1}; }

Sighting sighting(std::uint64_t track, std::string engine = "retail", std::size_t length = 2) {
  Sighting out;
  out.track = TrackId{track};
  out.probe = Template(std::move(engine), std::vector<float>(length, 1.0F));
  return out;
}

class EyeLink : public testing::Test {
 protected:
  std::filesystem::path socket() const { return folder_.path() / "eye.sock"; }

  Status listen(EyeListenerOptions options) {
    auto listener = EyeListener::open(io_, std::move(options),
                                      {[this](EyeSession session, pid_t pid) {
                                         connected_.push_back(session);
                                         pid_ = pid;
                                       },
                                       [this](EyeSession session, const EyeMessage& message) {
                                         last_session_ = session;
                                         if (const auto* one = std::get_if<Sighting>(&message))
                                           tracks_.push_back(one->track.value);
                                         ++messages_;
                                       },
                                       [this](EyeSession session) { closed_.push_back(session); }});
    if (!listener) return tl::unexpected(listener.error());
    listener_ = std::move(*listener);
    return {};
  }
  Status listen() { return listen({.socket = socket()}); }

  EyeSender connect() {
    auto sender = EyeSender::connect(socket(), 0ms);
    EXPECT_TRUE(sender) << sender.error().message;
    return std::move(*sender);
  }

  // Runs the core until `done`; gives up after a minute.
  template <class Predicate>
  bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < deadline) io_.run_one_for(5ms);
    return done();
  }

  TemporaryFolder folder_;
  boost::asio::io_context io_;
  std::unique_ptr<EyeListener> listener_;
  std::vector<EyeSession> connected_;
  std::vector<EyeSession> closed_;
  std::vector<std::uint64_t> tracks_;
  EyeSession last_session_ = 0;
  pid_t pid_ = 0;
  int messages_ = 0;
};

TEST_F(EyeLink, SightingsArriveInOrder) {
  ASSERT_TRUE(listen());
  EyeSender eye = connect();
  ASSERT_TRUE(eye.send(hello()));
  for (const std::uint64_t track : {1U, 2U, 3U}) ASSERT_TRUE(eye.send(sighting(track)));
  ASSERT_TRUE(run_until([&] { return messages_ == 4; }));
  EXPECT_THAT(tracks_, ElementsAre(1, 2, 3));
  EXPECT_EQ(pid_, ::getpid());
  EXPECT_EQ(listener_->eyes(), 1U);
}

TEST_F(EyeLink, TheCoreLearnsThatAnEyeIsGone) {
  ASSERT_TRUE(listen());
  {
    EyeSender eye = connect();
    ASSERT_TRUE(eye.send(hello()));
    ASSERT_TRUE(eye.send(sighting(9)));
  }
  ASSERT_TRUE(run_until([&] { return !closed_.empty(); }));
  EXPECT_THAT(tracks_, ElementsAre(9));  // what it said before it died counts
  EXPECT_EQ(closed_, connected_);
  EXPECT_EQ(listener_->eyes(), 0U);
}

TEST_F(EyeLink, AnEyeThatTalksNonsenseIsClosedAndOthersAreNot) {
  ASSERT_TRUE(listen());
  EyeSender good = connect();
  ASSERT_TRUE(good.send(hello()));
  ASSERT_TRUE(run_until([&] { return messages_ == 1; }));
  const auto bad = connect_unix(socket(), SOCK_SEQPACKET, 0ms);
  ASSERT_TRUE(bad);
  ASSERT_EQ(::send(bad->get(), "garbage", 7, MSG_NOSIGNAL), 7);
  ASSERT_TRUE(run_until([&] { return closed_.size() == 1; }));
  EXPECT_EQ(closed_[0], connected_[1]);
  ASSERT_TRUE(good.send(sighting(1)));
  ASSERT_TRUE(run_until([&] { return messages_ == 2; }));
}

TEST_F(EyeLink, AMessageLargerThanAllowedClosesTheEye) {
  ASSERT_TRUE(listen());
  const auto bad = connect_unix(socket(), SOCK_SEQPACKET, 0ms);
  ASSERT_TRUE(bad);
  const std::string big(100000, 'x');
  ASSERT_EQ(::send(bad->get(), big.data(), big.size(), MSG_NOSIGNAL), 100000);
  EXPECT_TRUE(run_until([&] { return closed_.size() == 1; }));
  EXPECT_EQ(messages_, 0);
}

TEST_F(EyeLink, AnEyeMustIntroduceItselfOnceAndKeepItsWord) {
  ASSERT_TRUE(listen());
  std::size_t ended = 0;
  const auto closes = [&](std::vector<EyeMessage> messages) {
    EyeSender eye = connect();
    for (const EyeMessage& message : messages) EXPECT_TRUE(eye.send(message));
    return run_until([&] { return closed_.size() == ended + 1; }) && ++ended != 0;
  };
  const auto list = [](auto... messages) {
    std::vector<EyeMessage> out;
    (out.push_back(std::move(messages)), ...);
    return out;
  };
  EXPECT_TRUE(closes(list(sighting(1))));
  EXPECT_TRUE(closes(list(hello(), hello())));
  EXPECT_TRUE(closes(list(hello(), sighting(1, "dlib"))));
  EXPECT_TRUE(closes(list(hello(), sighting(1, "retail", 3))));
  EXPECT_THAT(tracks_, IsEmpty());
}

TEST_F(EyeLink, ASourceThatDropsNothingWaitsForTheCore) {
  ASSERT_TRUE(listen());
  constexpr int kMany = 5000;  // far more than the kernel keeps
  std::thread eye([this] {
    auto sender = EyeSender::connect(socket(), 1s);
    ASSERT_TRUE(sender);
    ASSERT_TRUE(sender->send(hello()));
    for (int i = 1; i <= kMany; ++i) {
      ASSERT_TRUE(sender->send(sighting(static_cast<std::uint64_t>(i))));
    }
  });
  std::this_thread::sleep_for(20ms);  // the core is busy elsewhere
  EXPECT_TRUE(run_until([&] { return tracks_.size() == kMany; }));
  eye.join();
  EXPECT_TRUE(std::is_sorted(tracks_.begin(), tracks_.end()));
}

TEST_F(EyeLink, ASenderSaysWhenTheCoreIsStuckOrGone) {
  ASSERT_TRUE(listen());
  EyeSender eye = connect();
  ASSERT_TRUE(eye.send(hello()));
  Status status;
  for (int i = 0; i < 10000 && status; ++i) status = eye.send(sighting(1), 20ms);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "core_stalled");
  run_until([&] { return messages_ > 0; });
  listener_.reset();
  status = eye.send(sighting(1), 20ms);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "core_gone");
}

TEST_F(EyeLink, AStoppingEyeIsNotHeldByABusyCore) {
  ASSERT_TRUE(listen());
  EyeSender eye = connect();
  Status status;
  std::thread sending([&] {
    for (int i = 0; i < 100000 && status; ++i) status = eye.send(hello());
  });
  std::this_thread::sleep_for(50ms);
  eye.shut_down();
  sending.join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "core_gone");
}

TEST_F(EyeLink, NobodyListensIsToldApart) {
  const auto sender = EyeSender::connect(socket(), 30ms);
  ASSERT_FALSE(sender);
  EXPECT_EQ(sender.error().code, "socket_absent");
}

TEST_F(EyeLink, AnEyeMayStartBeforeTheCore) {
  Status late;
  std::thread core([&] {
    std::this_thread::sleep_for(50ms);
    late = listen();
  });
  const auto sender = EyeSender::connect(socket(), 60s);
  core.join();
  ASSERT_TRUE(late);
  EXPECT_TRUE(sender);
}

TEST_F(EyeLink, OnlySoManyEyes) {
  ASSERT_TRUE(listen({.socket = socket(), .max_eyes = 2}));
  std::vector<EyeSender> eyes;
  for (int i = 0; i < 3; ++i) eyes.push_back(connect());
  ASSERT_TRUE(run_until([&] { return connected_.size() == 2; }));
  io_.run_for(20ms);
  EXPECT_EQ(connected_.size(), 2U);
  EXPECT_EQ(eyes[2].send(hello()).error().code, "core_gone");
}

TEST_F(EyeLink, TheCoreCanDisconnectASilentEye) {
  ASSERT_TRUE(listen());
  EyeSender eye = connect();
  ASSERT_TRUE(run_until([&] { return connected_.size() == 1; }));
  listener_->disconnect(connected_[0]);
  EXPECT_TRUE(run_until([&] { return closed_.size() == 1; }));
  EXPECT_EQ(eye.send(hello()).error().code, "core_gone");
  listener_->disconnect(connected_[0]);  // again: nothing
  io_.run_for(10ms);
  EXPECT_EQ(closed_.size(), 1U);
}

TEST_F(EyeLink, StoppingLetsConnectedEyesFinish) {
  ASSERT_TRUE(listen());
  EyeSender eye = connect();
  ASSERT_TRUE(run_until([&] { return connected_.size() == 1; }));
  listener_->stop_accepting();
  EXPECT_FALSE(std::filesystem::exists(socket()));
  ASSERT_TRUE(eye.send(hello()));
  ASSERT_TRUE(eye.send(sighting(4)));
  EXPECT_TRUE(run_until([&] { return messages_ == 2; }));
}

TEST_F(EyeLink, AnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "skipped: needs root to become another user";
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  constexpr uid_t kNobody = 65534;
  const auto connect_as_nobody = [&] {
    EXPECT_EQ(::seteuid(kNobody), 0);
    auto sender = EyeSender::connect(socket(), 0ms);
    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_TRUE(sender) << sender.error().message;
    return std::move(*sender);
  };
  ASSERT_TRUE(listen({.socket = socket(), .mode = 0666}));
  EyeSender refused = connect_as_nobody();
  io_.run_for(30ms);
  EXPECT_THAT(connected_, IsEmpty());
  EXPECT_EQ(refused.send(hello()).error().code, "core_gone");
  listener_.reset();
  ASSERT_TRUE(listen({.socket = socket(), .mode = 0666, .allowed_uids = {kNobody}}));
  EyeSender allowed = connect_as_nobody();
  EXPECT_TRUE(run_until([&] { return connected_.size() == 1; }));
}

TEST_F(EyeLink, TheCallbackMayEndTheListener) {
  auto listener = EyeListener::open(io_, {.socket = socket()},
                                    {{},
                                     [this](EyeSession, const EyeMessage&) {
                                       ++messages_;
                                       listener_.reset();
                                     },
                                     {}});
  ASSERT_TRUE(listener);
  listener_ = std::move(*listener);
  EyeSender eye = connect();
  ASSERT_TRUE(eye.send(hello()));
  ASSERT_TRUE(eye.send(sighting(1)));
  EXPECT_TRUE(run_until([&] { return messages_ == 1; }));
  io_.run_for(10ms);
  EXPECT_EQ(messages_, 1);
}

TEST_F(EyeLink, AnEyeThatFloodsIsReadNoFasterThanAllowed) {
  ASSERT_TRUE(listen({.socket = socket(), .messages_per_second = 100, .burst = 10}));
  EyeSender eye = connect();
  ASSERT_TRUE(eye.send(hello()));
  std::thread flood([&] {
    for (std::uint64_t track = 1; track < 40; ++track) EXPECT_TRUE(eye.send(sighting(track), 60s));
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(run_until([&] { return messages_ == 40; }));  // late, and none is lost
  flood.join();
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 290ms);
  EXPECT_EQ(tracks_.size(), 39U);
  EXPECT_TRUE(closed_.empty());
}

}  // namespace
}  // namespace maitred
