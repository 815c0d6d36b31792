// What every server does with its connections, seen from real Unix sockets.
#include "maitred/base/net/session_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <set>

#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;

// What the sessions have done; it outlives them.
struct Doings {
  std::set<SessionId> started, finished, closed, checked;
  std::vector<SessionId> gone;  // as the server says
};

// Holds its client's socket until it is told to end.
class HoldingSession : public Session {
 public:
  HoldingSession(UniqueFd socket, Doings& doings) : socket_(std::move(socket)), doings_(doings) {}
  void start() override { doings_.started.insert(id()); }
  void finish() override {
    doings_.finished.insert(id());
    if (!stubborn) close();
  }
  void close() override {
    if (!socket_) return;
    doings_.closed.insert(id());
    socket_.reset();
    leave();
    leave();  // only the first counts
  }
  bool is_open() const override { return static_cast<bool>(socket_); }
  Claim claim() const override { return {.since = since}; }
  void check_time(Timestamp) override { doings_.checked.insert(id()); }

  bool stubborn = false;
  std::optional<Timestamp> since;

 private:
  UniqueFd socket_;
  Doings& doings_;
};

class SessionServerTest : public testing::Test {
 protected:
  void TearDown() override {
    if (server_) server_->abandon();
  }

  void serve(SessionServerOptions options) {
    auto listener = UnixListener::open(path(), SOCK_STREAM, 0600);
    ASSERT_TRUE(listener) << listener.error().message;
    server_ = SessionServer::create(io_, std::move(options));
    server_->set_on_closed([this](SessionId id) { doings_.gone.push_back(id); });
    server_->listen(std::move(*listener),
                    [this](UniqueFd socket, bool full) -> std::shared_ptr<Session> {
                      if (full) ++refused_;
                      if (full) return nullptr;
                      auto session = std::make_shared<HoldingSession>(std::move(socket), doings_);
                      session->stubborn = stubborn_;
                      session->since = since_;
                      sessions_.push_back(session);
                      return session;
                    });
  }
  std::filesystem::path path() const { return folder_.path() / "socket"; }
  UniqueFd connect() {
    auto client = connect_unix(path(), SOCK_STREAM, Milliseconds{0});
    EXPECT_TRUE(client) << client.error().message;
    return std::move(*client);
  }
  // A client whose session has started.
  UniqueFd client() {
    const std::size_t before = doings_.started.size();
    UniqueFd client = connect();
    EXPECT_TRUE(run_until([&] { return doings_.started.size() > before; }));
    return client;
  }
  template <class Predicate>
  bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return done();
  }
  void run_for(Milliseconds time) {
    io_.restart();
    io_.run_for(time);
  }
  static bool has_ended(const UniqueFd& client) {
    char byte = 0;
    return ::recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  TemporaryFolder folder_;
  boost::asio::io_context io_;
  Doings doings_;
  std::vector<std::shared_ptr<HoldingSession>> sessions_;
  std::shared_ptr<SessionServer> server_;
  bool stubborn_ = false;
  std::optional<Timestamp> since_;
  int refused_ = 0;
};

TEST_F(SessionServerTest, SessionsAreNumberedCountedAndForgotten) {
  serve({.client = "client"});
  const UniqueFd one = client();
  const UniqueFd two = client();
  EXPECT_EQ(server_->open_sessions(), 2U);
  EXPECT_EQ(doings_.started, (std::set<SessionId>{1, 2}));
  server_->close(1);
  EXPECT_TRUE(doings_.gone.empty());  // not within the call
  ASSERT_TRUE(run_until([&] { return !doings_.gone.empty(); }));
  EXPECT_EQ(doings_.gone, std::vector<SessionId>{1});
  EXPECT_TRUE(has_ended(one));
  EXPECT_FALSE(has_ended(two));
  server_->close(1);
  server_->close(99);
  const UniqueFd three = client();
  EXPECT_TRUE(doings_.started.contains(3));  // an id never comes again
  EXPECT_EQ(doings_.gone.size(), 1U);
}

TEST_F(SessionServerTest, WhoComesWhenAllPlacesAreTakenIsRefused) {
  serve({.client = "client", .sessions = 2});
  const UniqueFd one = client();
  UniqueFd two = client();
  const UniqueFd three = connect();
  ASSERT_TRUE(run_until([&] { return refused_ == 1; }));
  EXPECT_TRUE(has_ended(three));
  EXPECT_EQ(server_->open_sessions(), 2U);
  server_->close(2);  // counts no more, even before it is forgotten
  const UniqueFd four = client();
  EXPECT_EQ(refused_, 1);
}

TEST_F(SessionServerTest, TheLongestIdleMakesRoom) {
  const Timestamp now = std::chrono::steady_clock::now();
  serve({.client = "client", .sessions = 3, .grace = 1h});
  const UniqueFd working = client();
  since_ = now - 2h;
  const UniqueFd older = client();
  since_ = now - 90min;
  const UniqueFd newer = client();
  since_ = now;
  const UniqueFd fourth = client();
  EXPECT_EQ(doings_.closed, std::set<SessionId>{2});
  const UniqueFd fifth = client();
  EXPECT_EQ(doings_.closed, (std::set<SessionId>{2, 3}));
  const UniqueFd sixth = connect();  // the others are younger than the grace, or work
  ASSERT_TRUE(run_until([&] { return refused_ == 1; }));
  EXPECT_FALSE(has_ended(working));
}

TEST_F(SessionServerTest, ItPausesWhileThereIsNoDescriptorAndGoesOn) {
  serve({.client = "client"});
  const UniqueFd waiting = connect();
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const UniqueFd lowest(::dup(0));
  const rlimit none{static_cast<rlim_t>(lowest.get()), usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  run_for(50ms);
  EXPECT_TRUE(doings_.started.empty());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_TRUE(run_until([&] { return doings_.started.size() == 1; }));
}

TEST_F(SessionServerTest, TimeIsCheckedUntilTheEnd) {
  serve({.client = "client", .check_every = 1ms});
  const UniqueFd one = client();
  ASSERT_TRUE(run_until([&] { return doings_.checked.contains(1); }));
  server_->abandon();
  doings_.checked.clear();
  run_for(20ms);
  EXPECT_TRUE(doings_.checked.empty());
}

TEST_F(SessionServerTest, AnotherSessionTakesAPlaceUnderTheSameId) {
  serve({.client = "client", .sessions = 1});
  const UniqueFd one = client();
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd other(ends[0]);
  const auto next = std::make_shared<HoldingSession>(UniqueFd(ends[1]), doings_);
  server_->replace(1, next);
  EXPECT_EQ(next->id(), 1U);
  sessions_[0]->close();  // the first has nothing to do with the server any more
  run_for(10ms);
  EXPECT_TRUE(doings_.gone.empty());
  next->close();
  EXPECT_TRUE(run_until([&] { return doings_.gone == std::vector<SessionId>{1}; }));
}

TEST_F(SessionServerTest, DrainingWaitsForSessionsAndNoLongerThanItsPatience) {
  serve({.client = "client"});
  const UniqueFd quick = client();
  stubborn_ = true;
  const UniqueFd slow = client();
  int drained = 0;
  server_->drain(50ms, [&] { ++drained; });
  EXPECT_FALSE(std::filesystem::exists(path()));  // nobody else comes in
  EXPECT_EQ(doings_.finished.size(), 2U);
  EXPECT_EQ(doings_.closed, std::set<SessionId>{1});
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(run_until([&] { return drained == 1; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 40ms);
  EXPECT_TRUE(has_ended(slow));
  io_.restart();
  io_.run();  // nothing of the server is left to wait for
  EXPECT_EQ(drained, 1);
}

TEST_F(SessionServerTest, WithoutSessionsItIsDrainedAtOnceButNotWithinTheCall) {
  serve({.client = "client"});
  int drained = 0;
  server_->drain(1h, [&] { ++drained; });
  EXPECT_EQ(drained, 0);
  io_.restart();
  io_.run();
  EXPECT_EQ(drained, 1);
}

TEST_F(SessionServerTest, AfterItsEndNothingIsCalled) {
  serve({.client = "client", .check_every = 1ms});
  const UniqueFd one = client();
  server_->drain(1h, [] { FAIL() << "drained after its end"; });
  server_->abandon();
  EXPECT_TRUE(has_ended(one));
  io_.restart();
  io_.run();
  EXPECT_TRUE(doings_.gone.empty());
}

}  // namespace
}  // namespace maitred
