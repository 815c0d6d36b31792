// The whole board: page, web server, staff server, shop and a script as the eye, over real sockets.
#include "maitred/doors/board/board_room.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "maitred/base/file.h"
#include "maitred/base/secret.h"
#include "maitred/doors/board/board_service.h"
#include "tests/support/script.h"
#include "tests/support/test_shop.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kPageOrigin = "http://127.0.0.1";

class BoardRoomTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { initialise_crypto(); }

  void SetUp() override {
    auto token = box_.shop->store().staff().add("till", box_.actor());
    ASSERT_TRUE(token) << token.error().message;
    token_ = *token;
    auto staff = StaffServer::open(io_, box_.shop->desk(), {.listen = "127.0.0.1:0"});
    ASSERT_TRUE(staff) << staff.error().message;
    staff_ = std::move(*staff);
    box_.shop->desk().set_sink([this](const Alert& alert) { staff_->publish(alert); });
    auto board = BoardService::open({.io = io_,
                                     .shop = *box_.shop,
                                     .staff = [this] { return staff_.get(); },
                                     .eye_program = box_.folder.path() / "eye",
                                     .runtime_folder = box_.folder.path()});
    ASSERT_TRUE(board) << board.error().message;
    board_ = std::move(*board);
  }

  // A browser that is connected, and what it has received.
  struct Browser {
    UniqueFd fd;
    std::string text;
    bool ended = false;

    void send(std::string_view bytes) const {
      EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(bytes.size()));
    }
    // One line of the staff protocol as a masked text frame.
    void say(std::string_view line) const {
      std::string frame = {'\x81', static_cast<char>(0x80 | line.size())};
      send(frame + std::string(4, '\0') + std::string(line));
    }
    void collect() {
      char block[4096];
      ssize_t got = 0;
      while ((got = ::recv(fd.get(), block, sizeof block, MSG_DONTWAIT)) > 0) {
        text.append(block, static_cast<std::size_t>(got));
      }
      ended = ended || got == 0 || (got < 0 && errno == ECONNRESET);
    }
  };

  Browser connect() {
    Browser browser{UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), "", false};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(board_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(browser.fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
              0);
    return browser;
  }
  template <class Predicate>
  bool run_until(Browser& browser, Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      browser.collect();
      if (done()) return true;
      io_.restart();
      io_.run_one_for(10ms);
    }
    return false;
  }
  bool receives(Browser& browser, std::string_view words) {
    return run_until(browser, [&] { return browser.text.find(words) != std::string::npos; });
  }
  bool is_closed(Browser& browser) {
    return run_until(browser, [&] { return browser.ended; });
  }

  std::string ask(const std::string& method, const std::string& path, const std::string& body = "",
                  const std::string& type = "application/json") {
    Browser browser = connect();
    browser.send(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" +
                 "Origin: " + std::string(kPageOrigin) + "\r\nCookie: maitred=" + cookie_ +
                 "\r\nContent-Type: " + type +
                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_TRUE(is_closed(browser)) << browser.text;
    return browser.text;
  }
  void sign_in() {
    const std::string answer = ask("POST", "/signin", "{\"token\":\"" + token_ + "\"}");
    const std::size_t at = answer.find("maitred=");
    ASSERT_NE(at, std::string::npos) << answer;
    cookie_ = answer.substr(at + 8, answer.find(';', at) - at - 8);
  }
  // A page that shows alerts.
  Browser listening() {
    const std::size_t before = staff_->clients_resumed();
    Browser browser = connect();
    browser.send(
        "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: " +
        std::string(kPageOrigin) + "\r\nCookie: maitred=" + cookie_ + "\r\n\r\n");
    EXPECT_TRUE(receives(browser, "\"hello\"")) << browser.text;
    browser.say(R"({"type":"resume","after":0})");
    EXPECT_TRUE(run_until(browser, [&] { return staff_->clients_resumed() > before; }));
    return browser;
  }
  static Settings settings() {
    Settings settings;
    settings.board.listen = {"127.0.0.1", 0};
    return settings;
  }

  boost::asio::io_context io_;
  TestShop box_{settings()};
  std::string token_;
  std::string cookie_;
  std::unique_ptr<StaffServer> staff_;
  std::unique_ptr<BoardService> board_;
};

TEST_F(BoardRoomTest, AlertsAndAnswersGoOverTheWebSocket) {
  sign_in();
  Browser page = listening();
  const VisitId visit = box_.arrive("Robin Sample");
  EXPECT_TRUE(receives(page, "Robin Sample"));
  page.say(R"({"type":"claim","visit":")" + visit.value + R"(","by":"Sam"})");
  EXPECT_TRUE(receives(page, "\"claimed\""));
  EXPECT_EQ(box_.shop->store().visits().alert(visit)->alert.by, "Sam");
}

TEST_F(BoardRoomTest, ASessionWhoseTokenIsRevokedEnds) {
  sign_in();
  Browser page = listening();
  Browser silent = listening();
  EXPECT_THAT(ask("GET", "/history?since=2020-01-01"), StartsWith("HTTP/1.1 200"));
  ASSERT_TRUE(box_.shop->store().staff().add("other", box_.actor()));  // tokens stay required
  ASSERT_TRUE(box_.shop->store().staff().revoke("till", box_.actor()));
  page.say(R"({"type":"ping"})");
  EXPECT_TRUE(is_closed(page));
  EXPECT_THAT(page.text, Not(HasSubstr("pong")));
  box_.arrive("Robin Sample");
  EXPECT_TRUE(is_closed(silent));
  EXPECT_THAT(silent.text, Not(HasSubstr("Robin")));
  EXPECT_THAT(ask("GET", "/history?since=2020-01-01"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(ask("POST", "/signin", "{\"token\":\"" + token_ + "\"}"), StartsWith("HTTP/1.1 401"));
}

TEST_F(BoardRoomTest, FeedbackIsKeptAndShownInTheHistory) {
  sign_in();
  const VisitId visit = box_.arrive("Robin Sample");
  ASSERT_TRUE(box_.shop->desk().claim(visit, "Sam"));
  ASSERT_TRUE(box_.shop->desk().close(visit, Outcome::kServed, "bought shoes", "Sam"));
  const std::string before = ask("GET", "/history?since=2020-01-01");
  EXPECT_THAT(before, HasSubstr("Robin Sample"));
  EXPECT_THAT(before, HasSubstr("\"outcome\":\"served\""));
  EXPECT_THAT(before, HasSubstr("\"feedback_due\":true"));
  EXPECT_THAT(ask("POST", "/feedback", R"({"visit":")" + visit.value + R"(","rating":9})"),
              StartsWith("HTTP/1.1 200"));
  const std::string after = ask("GET", "/history?since=2020-01-01");
  EXPECT_THAT(after, HasSubstr("\"rating\":9"));
  EXPECT_THAT(after, HasSubstr("\"feedback_due\":false"));
  EXPECT_THAT(ask("POST", "/feedback", R"({"visit":"no-such-visit","rating":9})"),
              StartsWith("HTTP/1.1 422"));
}

TEST_F(BoardRoomTest, WhateverThePhotoProcessWritesTheAnswerIsAClearError) {
  sign_in();
  for (const std::string report :
       {"", "null", "[]", "{}", R"({"error":5})", R"({"faces":5})", R"({"engine":7,"template":{}})",
        R"({"engine":"retail","template":"!","quality":"high","liveness":[]})"}) {
    SCOPED_TRACE(report);
    write_script(box_.folder.path() / "eye", "cat > /dev/null; printf '%s' '" + report + "'");
    for (const char* path : {"/desk/identify", "/desk/verify?id=c000"}) {
      const std::string answer = ask("POST", path, "a photo", "image/jpeg");
      EXPECT_THAT(answer, testing::AnyOf(StartsWith("HTTP/1.1 422"), StartsWith("HTTP/1.1 503")));
      EXPECT_THAT(answer, HasSubstr("{\"error\":{\"code\":"));
    }
  }
  write_script(box_.folder.path() / "eye",
               R"(cat > /dev/null; echo '{"error":{"code":"no_face","message":"no face"}}')");
  EXPECT_THAT(ask("POST", "/desk/identify", "a photo", "image/jpeg"), HasSubstr("no_face"));
}

TEST_F(BoardRoomTest, StaffStaySignedInOverARestart) {
  sign_in();
  board_.reset();
  auto board = BoardService::open({.io = io_,
                                   .shop = *box_.shop,
                                   .staff = [this] { return staff_.get(); },
                                   .eye_program = box_.folder.path() / "eye",
                                   .runtime_folder = box_.folder.path()});
  ASSERT_TRUE(board) << board.error().message;
  board_ = std::move(*board);
  EXPECT_THAT(ask("GET", "/history?since=2020-01-01"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask("POST", "/signout"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask("GET", "/history?since=2020-01-01"), StartsWith("HTTP/1.1 401"));
}

}  // namespace
}  // namespace maitred
