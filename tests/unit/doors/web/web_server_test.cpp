// The web server as clients on real sockets see it.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <future>
#include <thread>

#include "maitred/base/file.h"
#include "maitred/doors/web/server.h"
#include "tests/support/certificate.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

// Sends every text back, upper case.
class Shouter : public WebSocketListener {
 public:
  explicit Shouter(std::atomic<int>& closed) : closed_(closed) {}
  void on_open(std::shared_ptr<WebSocket> socket) override { socket_ = std::move(socket); }
  void on_text(std::string text) override {
    for (char& c : text) c = static_cast<char>(std::toupper(c));
    socket_->send(std::make_shared<std::string>(std::move(text)), {});
  }
  void on_closed() override {
    ++closed_;
    socket_.reset();
  }

 private:
  std::atomic<int>& closed_;
  std::shared_ptr<WebSocket> socket_;
};

class TestSite : public WebSite {
 public:
  void on_request(const WebRequest& request, WebReply reply) override {
    if (request.path == "/never") kept.push_back(reply);
    ++requests;
    if (request.path == "/never") return;
    if (request.path == "/large") return reply({.body = std::string(8 << 20, 'x')});
    reply({.body = request.method + " " + request.path + "?" + request.parameter("a") + " " +
                   std::string(request.cookie("c")) + " " + std::to_string(request.body.size())});
    reply({.body = "a second answer"});
  }
  bool knows(const WebRequest& head) override { return head.cookie("who") == "known"; }
  std::variant<WebResponse, std::shared_ptr<WebSocketListener>> on_upgrade(
      const WebRequest& request) override {
    if (!request.same_origin()) return web_error(403, "wrong_origin", "from elsewhere");
    return std::make_shared<Shouter>(closed);
  }
  std::atomic<int> requests = 0;
  std::atomic<int> closed = 0;
  std::vector<WebReply> kept;
};

class Client {
 public:
  explicit Client(std::uint16_t port, int receive_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_bytes > 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              0);
  }
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Until `end` is in it, the connection ends, or nothing comes for `patience`.
  std::string receive(std::string_view end, milliseconds patience = std::chrono::seconds(60)) {
    std::string text;
    while (text.find(end) == std::string::npos) {
      pollfd event{fd_.get(), POLLIN, 0};
      if (::poll(&event, 1, static_cast<int>(patience.count())) <= 0) break;
      char block[4096];
      const ssize_t got = ::recv(fd_.get(), block, sizeof(block), 0);
      if (got <= 0) {
        ended_ = true;
        break;
      }
      text.append(block, static_cast<std::size_t>(got));
    }
    return text;
  }
  std::string rest(milliseconds patience = std::chrono::seconds(60)) {
    return receive("\x01 never sent", patience);
  }
  bool ended() const { return ended_; }

 private:
  UniqueFd fd_;
  bool ended_ = false;
};

class WebServerTest : public testing::Test {
 protected:
  void serve(WebLimits limits = {}) {
    WebServerOptions options;
    options.limits = limits;
    auto server = WebServer::open(io_, site_, options);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    port_ = server_->port();
    thread_ = std::thread([this] { io_.run(); });
  }
  template <class Work>
  auto on_thread(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return result.get();
  }
  void TearDown() override {
    if (!thread_.joinable()) return;
    on_thread([this] {
      server_.reset();
      work_.reset();
      return 0;
    });
    thread_.join();
  }
  std::size_t connections() {
    return on_thread([this] { return server_->connections(); });
  }
  static std::string get(std::string_view path, std::string_view more = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(more) +
           "\r\n";
  }

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  TestSite site_;
  std::unique_ptr<WebServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// A masked frame, as a browser sends it.
std::string frame(std::string_view text, unsigned char opcode = 1) {
  std::string out;
  out += static_cast<char>(0x80 | opcode);
  if (text.size() < 126) {
    out += static_cast<char>(0x80 | text.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size() & 0xff);
  }
  out += std::string(4, '\0') + std::string(text);
  return out;
}

std::string upgrade(const std::string& origin) {
  return "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: " +
         origin + "\r\n\r\n";
}

TEST_F(WebServerTest, AnswersSeveralRequestsOnOneConnection) {
  serve();
  Client client(port_);
  client.send(get("/x?b=2&a=one%20two", "Cookie: z=1; c=biscuit\r\n"));
  const std::string first = client.receive("biscuit 0");
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(first, HasSubstr("GET /x?one two biscuit 0"));
  EXPECT_THAT(first, HasSubstr("X-Content-Type-Options: nosniff"));
  client.send("POST /y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_THAT(client.receive("POST /y?  5"), HasSubstr("POST /y?  5"));
  client.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string head = client.rest();
  EXPECT_THAT(head, HasSubstr("Content-Length: 10"));
  EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
}

TEST_F(WebServerTest, StalledBodiesAndIdleSocketsHoldNobodyUp) {
  serve({.connections = 8});
  const std::string stalled =
      "POST /y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nhel";
  std::vector<std::unique_ptr<Client>> crowd;
  const auto honest = [&] {
    Client client(port_);
    client.send(get("/x"));
    EXPECT_THAT(client.receive("GET /x", milliseconds(3000)), HasSubstr("GET /x"));
  };
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(std::make_unique<Client>(port_));
    crowd.back()->send(stalled);
  }
  honest();
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(std::make_unique<Client>(port_));
    crowd.back()->send(upgrade("http://127.0.0.1"));
    EXPECT_THAT(crowd.back()->receive("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  }
  honest();
  EXPECT_LE(connections(), 8U);
}

TEST_F(WebServerTest, AKnownClientKeepsItsPlaceAndStillLeavesSomeForRequests) {
  serve({.connections = 8});
  const std::string known = "Cookie: who=known\r\n";
  const auto socket = [&] {
    auto client = std::make_unique<Client>(port_);
    std::string request = upgrade("http://127.0.0.1");
    client->send(request.insert(request.size() - 2, known));
    return client;
  };
  std::vector<std::unique_ptr<Client>> sockets;
  for (int i = 0; i < 6; ++i) {
    sockets.push_back(socket());
    EXPECT_THAT(sockets.back()->receive("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  }
  EXPECT_THAT(socket()->rest(), StartsWith("HTTP/1.1 503"));
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(std::make_unique<Client>(port_));
    crowd.back()->send("POST /y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n");
  }
  Client visitor(port_);
  visitor.send(get("/x"));
  EXPECT_THAT(visitor.receive("GET /x", milliseconds(3000)), HasSubstr("GET /x"));
  for (const auto& one : sockets) {
    one->send(frame("hello"));
    EXPECT_THAT(one->receive("HELLO"), HasSubstr("HELLO"));
  }
}

TEST_F(WebServerTest, RefusesWhatIsTooLargeOrNoHttp) {
  serve();
  const auto answer = [this](const std::string& text) {
    Client client(port_);
    client.send(text);
    const std::string got = client.rest();
    EXPECT_TRUE(client.ended()) << text.substr(0, 40);
    return got;
  };
  EXPECT_THAT(answer("GET /" + std::string(1 << 20, 'x')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(answer(get("/", "X: " + std::string(9000, 'y') + "\r\n")),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(answer("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "fffff\r\n" +
                     std::string(0xfffff, 'z') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer("hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(site_.requests, 0);
}

TEST_F(WebServerTest, APageOfAnotherNameDoesNotReachIt) {
  serve();
  Client client(port_);
  client.send("GET / HTTP/1.1\r\nHost: evil.example:7480\r\n\r\n");
  EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 421"));
  EXPECT_EQ(site_.requests, 0);
  for (const std::string host :
       {"[::1].evil.example", "[::1]evil.example:80", "[::1", "[127.0.0.1]", "::1",
        "127.0.0.1:", "127.0.0.1:80.evil.example", "127.0.0.1:99999", "127.0.0.1.evil.example",
        "localhost.", "localhost:7480@evil.example", "[localhost]", "127.0.0.1, evil.example"}) {
    Client bad(port_);
    bad.send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    EXPECT_THAT(bad.rest(), StartsWith("HTTP/1.1 421")) << host;
  }
  Client two(port_);
  two.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_THAT(two.rest(), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(site_.requests, 0);
  for (const std::string host : {"127.0.0.1:7480", "[::1]:7480", "localhost", "LOCALHOST:1"}) {
    Client good(port_);
    good.send("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(good.rest(), StartsWith("HTTP/1.1 200")) << host;
  }
}

TEST_F(WebServerTest, SlowOnesAreClosedAndDelayNobody) {
  // Long enough for a busy machine to answer the quick one.
  constexpr milliseconds kLimit{1500};
  serve({.header_time = kLimit,
         .body_time = kLimit,
         .answer_time = kLimit,
         .send_time = kLimit,
         .idle_time = kLimit});
  Client silent(port_), half(port_), half_body(port_), deaf(port_, 2048), unanswered(port_);
  half.send("GET / HT");
  half_body.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  deaf.send(get("/large"));
  unanswered.send(get("/never"));
  const auto start = std::chrono::steady_clock::now();
  Client quick(port_);
  quick.send(get("/"));
  EXPECT_THAT(quick.receive("GET /"), StartsWith("HTTP/1.1 200"));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  std::printf("answered beside slow ones after %.1f ms\n", took.count());
  EXPECT_THAT(unanswered.receive("too_slow"), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_TRUE(silent.ended());
  EXPECT_EQ(half.rest(), "");
  EXPECT_EQ(half_body.rest(), "");
  EXPECT_TRUE(half.ended() && half_body.ended());
  quick.rest();
  for (int i = 0; i < 3000 && connections() > 0; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(connections(), 0U);
}

TEST_F(WebServerTest, WhoWaitsLongestMakesPlace) {
  serve({.connections = 4});
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(std::make_unique<Client>(port_));
  Client late(port_);
  late.send(get("/"));
  EXPECT_THAT(late.receive("GET /"), StartsWith("HTTP/1.1 200"));
  EXPECT_LE(connections(), 4U);
}

TEST_F(WebServerTest, WebSocketOnlyFromAPageOfItsOwn) {
  serve();
  Client foreign(port_);
  foreign.send(upgrade("http://evil.example"));
  EXPECT_THAT(foreign.rest(), StartsWith("HTTP/1.1 403"));
  Client own(port_);
  own.send(upgrade("http://127.0.0.1"));
  EXPECT_THAT(own.receive("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  own.send(frame("hello"));
  EXPECT_EQ(own.receive("HELLO"), "\x81\x05HELLO");
}

TEST_F(WebServerTest, WebSocketFloodsAreCutOff) {
  serve({.messages_per_second = 20});
  const auto flood = [this](const std::string& one) {
    Client client(port_);
    client.send(upgrade("http://127.0.0.1"));
    client.receive("\r\n\r\n");
    for (int i = 0; i < 5000 && client.send(one); ++i) {
    }
    client.rest();
    EXPECT_TRUE(client.ended());
  };
  flood(frame("hello"));
  flood(frame("ping", 9));
  Client large(port_);
  large.send(upgrade("http://127.0.0.1"));
  large.receive("\r\n\r\n");
  large.send(frame(std::string(20000, 'x')));
  large.rest();
  EXPECT_TRUE(large.ended());
  for (int i = 0; i < 3000 && site_.closed < 3; ++i) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(site_.closed, 3);
  Client quick(port_);
  quick.send(get("/"));
  EXPECT_THAT(quick.receive("GET /"), StartsWith("HTTP/1.1 200"));
}

TEST_F(WebServerTest, DrainsWithinItsPatience) {
  serve();
  Client socket(port_), idle(port_), asking(port_);
  socket.send(upgrade("http://127.0.0.1"));
  socket.receive("\r\n\r\n");
  asking.send(get("/never"));
  while (site_.requests < 1) std::this_thread::sleep_for(milliseconds(5));
  std::promise<void> drained;
  on_thread([&] {
    server_->drain(milliseconds(2000), [&] { drained.set_value(); });
    site_.kept.front()({.body = "at last"});
    return 0;
  });
  EXPECT_THAT(asking.rest(), HasSubstr("at last"));
  EXPECT_THAT(socket.receive("\x88"), StartsWith("\x88"));  // a close frame
  socket.send(frame(std::string("\x03\xe9", 2), 8));
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

TEST(WebServerOpen, NeedsTlsBeyondThisMachine) {
  boost::asio::io_context io;
  TestSite site;
  WebServerOptions options;
  options.address = "0.0.0.0";
  EXPECT_EQ(WebServer::open(io, site, options).error().code, "tls_required");
  options.tls_cert = options.tls_key = "/no/such/file.pem";
  const auto unusable = WebServer::open(io, site, options);
  EXPECT_EQ(unusable.error().code, "tls_unusable");
  EXPECT_THAT(unusable.error().message, HasSubstr("/no/such/file.pem"));
  options = {};
  const auto first = WebServer::open(io, site, options);
  ASSERT_TRUE(first);
  options.port = (*first)->port();
  EXPECT_EQ(WebServer::open(io, site, options).error().code, "port_in_use");
}

TEST(WebServerOpen, AKeyWithAPassphraseIsRefusedAndNothingIsAsked) {
  const TemporaryFolder folder;
  const TestCertificate locked(folder.path(), "locked", "open sesame");
  const TestCertificate good(folder.path(), "good");
  boost::asio::io_context io;
  TestSite site;
  WebServerOptions options;
  options.tls_cert = good.certificate;
  options.tls_key = good.key;
  const auto server = WebServer::open(io, site, options);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ((*server)->renew_tls(locked.certificate, locked.key).error().code, "tls_unusable");
  EXPECT_EQ((*server)->renew_tls(locked.certificate, good.key).error().code, "tls_unusable");
  options.tls_cert = locked.certificate;
  options.tls_key = locked.key;
  const OnTerminal seen = run_on_terminal([&] {
    boost::asio::io_context own;
    const auto opened = WebServer::open(own, site, options);
    return !opened && opened.error().code == "tls_unusable" ? 7 : 1;
  });
  EXPECT_EQ(seen.printed, "");
  EXPECT_EQ(seen.status, 7);
}

}  // namespace
}  // namespace maitred
