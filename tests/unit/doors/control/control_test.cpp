#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "maitred/base/unix_socket.h"
#include "maitred/doors/control/client.h"
#include "maitred/doors/control/server.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

using Answering = std::function<Result<json>(const json& request, const PeerCredentials& peer)>;

// A handler that answers within the call.
ControlHandler answer_at_once(Answering answering) {
  return [answering = std::move(answering)](const json& request, const PeerCredentials& peer,
                                            const ControlReply& reply) {
    reply.finish(answering(request, peer));
  };
}

// Runs the daemon's side in a thread of its own, for the client blocks.
class Control : public testing::Test {
 protected:
  std::filesystem::path socket() const { return folder_.path() / "control.sock"; }

  void serve(ControlServerOptions options, ControlHandler handler) {
    auto server = ControlServer::open(io_, std::move(options), std::move(handler));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    thread_ = std::thread([this] { io_.run(); });
  }
  void serve(Answering answering) {
    serve({.socket = socket()}, answer_at_once(std::move(answering)));
  }
  void serve_echo() {
    serve([](const json& request, const PeerCredentials&) -> Result<json> { return request; });
  }

  void TearDown() override { stop_serving(); }

  void stop_serving() {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this] { server_.reset(); });
    thread_.join();
  }

  // In batches, as the core does.
  void work(const ControlReply& reply, std::uint64_t done) {
    reply.progress(done, 3);
    if (done == 3) return reply.finish(json{{"done", true}});
    boost::asio::post(io_, [this, reply, done] { work(reply, done + 1); });
  }

  ControlClient client() {
    auto client = ControlClient::connect(socket());
    EXPECT_TRUE(client) << client.error().message;
    return std::move(*client);
  }

  // Sends bytes as they are and reads until the daemon closes or has said `lines` lines.
  std::string raw(const std::string& bytes, int lines = 1000) {
    const auto fd = connect_unix(socket(), SOCK_STREAM, 0ms);
    EXPECT_TRUE(fd);
    ::send(fd->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return read_lines(fd->get(), lines);
  }
  static std::string read_lines(int fd, int lines) {
    std::string out;
    char block[4096];
    while (std::count(out.begin(), out.end(), '\n') < lines) {
      pollfd poll{fd, POLLIN, 0};
      if (::poll(&poll, 1, 5000) <= 0) return out + "<nothing more, and not closed>";
      const ssize_t got = ::recv(fd, block, sizeof block, 0);
      if (got <= 0) return out + "<closed>";
      out.append(block, static_cast<std::size_t>(got));
    }
    return out;
  }

  TemporaryFolder folder_;
  boost::asio::io_context io_;
  std::unique_ptr<ControlServer> server_;
  std::thread thread_;
};

TEST_F(Control, AnAnswerComesBack) {
  pid_t asked_by = 0;
  serve([&](const json& request, const PeerCredentials& peer) -> Result<json> {
    asked_by = peer.pid;
    return json{{"verb was", request["verb"]}, {"name was", request["args"]["name"]}};
  });
  ControlClient asking = client();
  for (const std::string name : {"Ada", "Zoë"}) {
    const auto answer = asking.call("show", {{"name", name}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, (json{{"verb was", "show"}, {"name was", name}}));
  }
  EXPECT_EQ(asked_by, ::getpid());
}

TEST_F(Control, AnErrorKeepsItsFaultCodeAndMessage) {
  serve([](const json& request, const PeerCredentials&) -> Result<json> {
    if (request["verb"] == "no") return clean_no("no_match", "nobody");
    if (request["verb"] == "input") return input_error("unknown_id", "no customer of that id");
    return environment_error("locked", "the store is locked");
  });
  ControlClient asking = client();
  const auto no = asking.call("no", json::object());
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().fault, Fault::kNo);
  EXPECT_EQ(no.error().code, "no_match");
  EXPECT_EQ(no.error().message, "nobody");
  EXPECT_EQ(asking.call("input", json::object()).error().fault, Fault::kInput);
  EXPECT_EQ(asking.call("other", json::object()).error().fault, Fault::kEnvironment);
}

TEST_F(Control, LongWorkShowsItsProgress) {
  serve({.socket = socket()},
        [this](const json&, const PeerCredentials&, const ControlReply& reply) { work(reply, 0); });
  std::vector<std::uint64_t> seen;
  const auto answer =
      client().call("forget", json::object(), [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_EQ(total, 3U);
        seen.push_back(done);
      });
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)["done"], true);
  ASSERT_FALSE(seen.empty());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(Control, ARequestThatIsDroppedIsAnswered) {
  serve({.socket = socket()}, [](const json&, const PeerCredentials&, const ControlReply&) {});
  EXPECT_EQ(client().call("status", json::object()).error().code, "no_answer");
}

TEST_F(Control, WrongArgumentsAreTheCallersFault) {
  serve([](const json& request, const PeerCredentials&) -> Result<json> {
    return json(request["args"].at("id").get<std::string>());
  });
  ControlClient asking = client();
  for (const json& args : {json::object(), json{{"id", 7}}}) {
    const auto answer = asking.call("show", args);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "bad_request");
    EXPECT_EQ(answer.error().fault, Fault::kInput);
  }
  EXPECT_TRUE(asking.call("show", {{"id", "x"}}));
}

TEST_F(Control, AbsentDaemonsAreToldFromOtherTrouble) {
  EXPECT_EQ(ControlClient::connect(socket()).error().code, "daemon_absent");
  EXPECT_EQ(ControlClient::connect(folder_.path() / "none" / "x.sock").error().code,
            "daemon_absent");
  {
    const auto address = UnixPath::of(socket());
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(dead.get(), address->address(), address->size_bytes()), 0);
  }
  EXPECT_EQ(ControlClient::connect(socket()).error().code, "daemon_absent");
  serve_echo();  // takes the dead daemon's place
  EXPECT_TRUE(client().call("status", json::object()));
}

TEST_F(Control, ADaemonThatBreaksOffOrTalksNonsenseIsAFailure) {
  const auto listener = UnixListener::open(socket(), SOCK_STREAM, 0660);
  ASSERT_TRUE(listener);
  const auto answered = [&](const std::string& bytes, Milliseconds patience) {
    ControlClient asking = client();
    const UniqueFd peer(::accept(listener->fd(), nullptr, nullptr));
    ::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (!bytes.empty()) ::shutdown(peer.get(), SHUT_WR);
    return asking.call("status", json::object(), {}, patience);
  };
  for (const char* bytes : {"half a li", "not json\n", "[]\n", "{}\n", "{\"progress\":1}\n"}) {
    EXPECT_EQ(answered(bytes, 60s).error().code, "control_failed") << bytes;
  }
  EXPECT_EQ(answered("", 30ms).error().code, "control_timeout");
  EXPECT_TRUE(answered("{\"progress\":{\"done\":1,\"total\":2}}\n{\"result\":1}\n", 60s));
}

TEST_F(Control, GarbageGetsAnErrorAndAClosedConnection) {
  serve_echo();
  for (const std::string& bytes :
       {std::string("hello\n"), std::string("\n"), std::string("\x00\xff\n", 3),
        "{\"verb\":\"x\",\"args\":" + std::string(16, '[') + std::string(16, ']') + "}\n",
        std::string(100000, '[') + "\n"}) {
    const std::string answer = raw(bytes);
    EXPECT_THAT(answer, HasSubstr("bad_request")) << bytes.substr(0, 20);
    EXPECT_THAT(answer, HasSubstr("<closed>"));
    EXPECT_EQ(std::count(answer.begin(), answer.end(), '\n'), 1);
  }
}

TEST_F(Control, JsonThatIsNoRequestIsAnErrorAndTheConnectionStays) {
  serve_echo();
  const std::string answer =
      raw("[]\n{}\n{\"verb\":1,\"args\":{}}\n{\"verb\":\"x\"}\n{\"verb\":\"x\",\"args\":[]}\n"
          "{\"verb\":\"x\",\"args\":{}}\n",
          6);
  EXPECT_EQ(std::count(answer.begin(), answer.end(), '\n'), 6);
  EXPECT_THAT(answer, testing::EndsWith("{\"result\":{\"args\":{},\"verb\":\"x\"}}\n"));
}

TEST_F(Control, PhotosFitButThereIsALimit) {
  serve([](const json& request, const PeerCredentials&) -> Result<json> {
    return json(request["args"]["photo"].get_ref<const std::string&>().size());
  });
  ControlClient asking = client();
  constexpr std::size_t kPhoto = 8'000'000;
  const auto answer = asking.call("enroll", {{"photo", std::string(kPhoto, 'A')}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, kPhoto);
  EXPECT_EQ(
      asking.call("enroll", {{"photo", std::string(kControlLineLimitBytes, 'A')}}).error().code,
      "request_too_large");
  EXPECT_TRUE(asking.call("enroll", {{"photo", "A"}}));
}

TEST_F(Control, ALineWithoutEndIsRefusedAtTheLimit) {
  serve_echo();
  const auto fd = connect_unix(socket(), SOCK_STREAM, 0ms);
  ASSERT_TRUE(fd);
  const std::string block(1 << 20, ' ');
  std::size_t taken = 0;
  while (taken < 2 * kControlLineLimitBytes) {
    const ssize_t sent = ::send(fd->get(), block.data(), block.size(), MSG_NOSIGNAL);
    if (sent < 0) break;
    taken += static_cast<std::size_t>(sent);
  }
  EXPECT_LT(taken, kControlLineLimitBytes + (std::size_t{4} << 20));
  EXPECT_THAT(read_lines(fd->get(), 2), HasSubstr("64 MiB"));
}

TEST_F(Control, StuckPeersAreClosedAndOthersServed) {
  serve({.socket = socket(), .line_time = 60ms, .idle_time = 200ms},
        answer_at_once([](const json&, const PeerCredentials&) -> Result<json> {
          return json(std::string(5'000'000, 'x'));
        }));
  const auto half = connect_unix(socket(), SOCK_STREAM, 0ms);
  const auto deaf = connect_unix(socket(), SOCK_STREAM, 0ms);
  const auto idle = connect_unix(socket(), SOCK_STREAM, 0ms);
  ::send(half->get(), "{\"verb", 6, MSG_NOSIGNAL);
  const std::string request = "{\"verb\":\"list\",\"args\":{}}\n";
  ::send(deaf->get(), request.data(), request.size(), MSG_NOSIGNAL);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(client().call("list", json::object()));
  EXPECT_EQ(read_lines(half->get(), 1), "<closed>");
  EXPECT_EQ(read_lines(idle->get(), 1), "<closed>");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
  EXPECT_THAT(read_lines(deaf->get(), 1), HasSubstr("<closed>"));
}

TEST_F(Control, OneConnectionsWorkDoesNotHoldUpAnother) {
  std::unique_ptr<ControlReply> held;
  serve({.socket = socket()},
        [&](const json& request, const PeerCredentials&, const ControlReply& reply) {
          if (request["verb"] == "slow") {
            held = std::make_unique<ControlReply>(reply);
            return;
          }
          reply.finish(json("quick"));
          if (held) held->finish(json("slow"));
          held.reset();
        });
  const auto slow = connect_unix(socket(), SOCK_STREAM, 0ms);
  const std::string requests = "{\"verb\":\"slow\",\"args\":{}}\n{\"verb\":\"next\",\"args\":{}}\n";
  ::send(slow->get(), requests.data(), requests.size(), MSG_NOSIGNAL);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(*client().call("quick", json::object()), "quick");
  EXPECT_EQ(read_lines(slow->get(), 2), "{\"result\":\"slow\"}\n{\"result\":\"quick\"}\n");
  stop_serving();
}

TEST_F(Control, DrainingFinishesWhatIsUnderWay) {
  std::unique_ptr<ControlReply> keep;
  std::atomic<bool> drained = false;
  serve({.socket = socket()}, [&](const json&, const PeerCredentials&, const ControlReply& reply) {
    keep = std::make_unique<ControlReply>(reply);
    server_->drain(2s, [&] { drained = true; });
    boost::asio::post(io_, [&] {
      keep->finish(json("finished"));
      keep.reset();
    });
  });
  const auto idle = connect_unix(socket(), SOCK_STREAM, 0ms);
  const auto answer = client().call("rotate", json::object());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "finished");
  EXPECT_EQ(read_lines(idle->get(), 1), "<closed>");
  thread_.join();  // nothing is left to do
  EXPECT_TRUE(drained);
  EXPECT_EQ(ControlClient::connect(socket()).error().code, "daemon_absent");
}

TEST_F(Control, OthersAreRefusedUnlessInTheAdminGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "skipped: needs root to become another user";
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  constexpr uid_t kNobody = 65534;
  constexpr gid_t kAdmins = 54321;
  serve(
      {.socket = socket(), .mode = 0666, .admin_group = kAdmins},
      answer_at_once([](const json&, const PeerCredentials&) -> Result<json> { return json(1); }));
  const auto ask_as_nobody = [&](gid_t group) {
    EXPECT_EQ(::setegid(group), 0);
    EXPECT_EQ(::seteuid(kNobody), 0);
    auto asking = ControlClient::connect(socket());
    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_EQ(::setegid(0), 0);
    EXPECT_TRUE(asking);
    return asking->call("status", json::object());
  };
  EXPECT_EQ(ask_as_nobody(65534).error().code, "control_failed");
  EXPECT_TRUE(ask_as_nobody(kAdmins));
  struct stat status {};
  ASSERT_EQ(::stat(socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, kAdmins);
}

TEST_F(Control, SecondDaemonsAreRefused) {
  serve_echo();
  boost::asio::io_context other;
  const auto second = ControlServer::open(other, {.socket = socket()}, answer_at_once({}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "socket_in_use");
}

}  // namespace
}  // namespace maitred
