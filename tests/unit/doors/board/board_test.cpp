// What the board lets whom do, request by request.
#include "maitred/doors/board/board.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "maitred/base/secret.h"

namespace maitred {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kToken = "a-token-of-43-characters-which-nobody-knows";

class Recorder : public WebSocketListener {
 public:
  void on_open(std::shared_ptr<WebSocket> socket) override { socket_ = std::move(socket); }
  void on_text(std::string text) override { heard.push_back(std::move(text)); }
  void on_closed() override { socket_.reset(); }
  std::shared_ptr<WebSocket> socket_;
  std::vector<std::string> heard;
};

class FakeSocket : public WebSocket {
 public:
  void send(std::shared_ptr<const std::string> text, Sent) override {
    if (open) sent.push_back(*text);
  }
  void finish() override { open = false; }
  void close() override { open = false; }
  bool open = true;
  std::vector<std::string> sent;
};

class FakeDesk : public BoardDesk {
 public:
  bool tokens_required() override { return tokens; }
  std::optional<std::string> terminal_of(std::string_view token) override {
    if (token == kToken && !revoked) return "till";
    return std::nullopt;
  }
  std::shared_ptr<WebSocketListener> staff_line(std::string_view) override { return line; }
  Result<std::string> history(WallTime) override { return R"({"visits":[]})"; }
  Status feedback(const std::string& visit, int rating, const std::string&,
                  const std::string& terminal) override {
    if (rating < 0 || rating > 10) return input_error("field_invalid", "0 to 10");
    rated = visit + " " + std::to_string(rating) + " " + terminal;
    return {};
  }
  void recognise(FaceQuery request, std::function<void(Result<std::string>)> answer) override {
    looked = request;
    answer(R"({"match":false})");
  }
  std::string kept_sessions() override { return kept; }
  void keep_sessions(std::string_view text) override { kept = std::string(text); }

  bool tokens = true;
  bool revoked = false;
  std::shared_ptr<Recorder> line = std::make_shared<Recorder>();
  std::string rated, kept;
  FaceQuery looked;
};

class BoardTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { initialise_crypto(); }
  void SetUp() override { fresh(); }
  void fresh(bool always_sign_in = false) {
    board_ = std::make_unique<Board>(desk_, BoardOptions{always_sign_in, [this] { return now_; }});
  }

  WebRequest request(std::string method, std::string path, std::string body = "") const {
    WebRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.peer = "127.0.0.1";
    request.own_user = true;
    request.headers = {{"host", "127.0.0.1:7480"}};
    if (request.method == "POST") {
      request.headers.emplace_back("origin", "http://127.0.0.1:7480");
      request.headers.emplace_back("content-type", "application/json");
    }
    if (!cookie_.empty()) request.headers.emplace_back("cookie", "maitred=" + cookie_);
    return request;
  }
  static WebRequest with(WebRequest request, const std::string& name, const std::string& value) {
    std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
    request.headers.emplace_back(name, value);
    return request;
  }
  WebResponse ask(const WebRequest& request) {
    WebResponse answer;
    answer.status = 0;
    board_->on_request(request, [&](WebResponse response) { answer = std::move(response); });
    return answer;
  }
  static std::string header(const WebResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  void sign_in() {
    const auto answer =
        ask(request("POST", "/signin", std::string(R"({"token":")") + kToken + "\"}"));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const std::string set = header(answer, "Set-Cookie");
    cookie_ = set.substr(8, set.find(';') - 8);
  }
  WebRequest upgrade() const {
    return with(request("GET", "/events"), "origin", "http://127.0.0.1:7480");
  }

  FakeDesk desk_;
  std::unique_ptr<Board> board_;
  std::string cookie_;
  WallTime now_{std::chrono::hours{24 * 365 * 56}};
};

TEST_F(BoardTest, ThePageIsSmallAndRunsNothingForeign) {
  std::size_t bytes = 0;
  for (const char* path :
       {"/", "/board.js", "/board.css", "/texts.json", "/icon.svg", "/manifest.webmanifest"}) {
    const auto answer = ask(request("GET", path));
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_THAT(header(answer, "Content-Security-Policy"), HasSubstr("script-src 'self'"));
    EXPECT_THAT(header(answer, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
    bytes += answer.body.size();
  }
  EXPECT_LT(bytes, 100'000U);
  const std::string page = ask(request("GET", "/")).body;
  EXPECT_THAT(page, Not(HasSubstr("onclick")));
  EXPECT_THAT(page, Not(HasSubstr("style=")));
  EXPECT_THAT(ask(request("GET", "/board.js")).body, Not(HasSubstr("innerHTML")));
}

TEST_F(BoardTest, WithoutASessionNothingIsTold) {
  EXPECT_EQ(ask(request("GET", "/history")).status, 401);
  EXPECT_EQ(ask(request("POST", "/feedback", R"({"visit":"v","rating":9})")).status, 401);
  EXPECT_EQ(
      ask(with(request("POST", "/desk/identify", "JPEG"), "content-type", "image/jpeg")).status,
      401);
  EXPECT_EQ(std::get<WebResponse>(board_->on_upgrade(upgrade())).status, 401);
  EXPECT_EQ(ask(request("DELETE", "/history")).status, 405);
  EXPECT_EQ(desk_.rated, "");
  cookie_ = std::string(64, '0');
  EXPECT_EQ(ask(request("GET", "/history")).status, 401);
}

TEST_F(BoardTest, ASessionLastsOverARestartAndEndsWithSignOutOrRevocation) {
  sign_in();
  EXPECT_EQ(ask(request("GET", "/session")).body,
            R"({"needed":true,"signed_in":true,"terminal":"till"})");
  auto history = request("GET", "/history");
  history.query = "since=2026-11-22T00%3A00%3A00.000Z";
  EXPECT_EQ(ask(history).status, 200);
  fresh();
  EXPECT_EQ(ask(history).status, 200);
  desk_.revoked = true;
  EXPECT_EQ(ask(history).status, 401);
  desk_.revoked = false;
  EXPECT_EQ(ask(request("POST", "/signout", "{}")).status, 200);
  EXPECT_EQ(ask(history).status, 401) << "a replayed cookie";
  fresh();
  EXPECT_EQ(ask(history).status, 401) << "also after a restart";
}

TEST_F(BoardTest, TheCookieIsForThisPageOnly) {
  auto sign = request("POST", "/signin", std::string(R"({"token":")") + kToken + "\"}");
  EXPECT_THAT(header(ask(sign), "Set-Cookie"),
              testing::MatchesRegex(
                  "maitred=[0-9a-f]+; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"));
  sign.secure = true;
  sign = with(sign, "origin", "https://127.0.0.1:7480");
  const std::string secure = header(ask(sign), "Set-Cookie");
  EXPECT_THAT(secure, HasSubstr("__Host-maitred="));
  EXPECT_THAT(secure, HasSubstr("; Secure"));
}

TEST_F(BoardTest, OtherSitesAreRefused) {
  sign_in();
  const auto post = request("POST", "/feedback", R"({"visit":"v","rating":9})");
  for (const std::string origin : {"http://evil.example", "https://127.0.0.1:7480", "null",
                                   "http://127.0.0.1:7480.evil.example", "http://127.0.0.1"}) {
    EXPECT_EQ(ask(with(post, "origin", origin)).status, 403) << origin;
    EXPECT_EQ(std::get<WebResponse>(board_->on_upgrade(with(upgrade(), "origin", origin))).status,
              403);
  }
  auto without = post;
  std::erase_if(without.headers, [](const auto& one) { return one.first == "origin"; });
  EXPECT_EQ(ask(without).status, 403);
  EXPECT_EQ(ask(with(post, "content-type", "text/plain")).status, 415);
  EXPECT_EQ(ask(with(request("GET", "/history"), "sec-fetch-site", "cross-site")).status, 403);
  EXPECT_EQ(desk_.rated, "");
  EXPECT_EQ(ask(post).status, 200);
  EXPECT_EQ(desk_.rated, "v 9 till");
}

TEST_F(BoardTest, GuessersWaitAndOthersDoNot) {
  sign_in();
  const auto guess = request("POST", "/signin", R"({"token":"guess"})");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(guess).status, 401);
  const auto late = ask(guess);
  EXPECT_EQ(late.status, 429);
  EXPECT_EQ(header(late, "Retry-After"), "6");
  EXPECT_GE(late.wait, Milliseconds{1000});
  auto elsewhere = request("POST", "/signin", std::string(R"({"token":")") + kToken + "\"}");
  EXPECT_EQ(ask(elsewhere).status, 200) << "the right token, from the address of the guesser";
  elsewhere.peer = "10.0.0.9";
  EXPECT_EQ(ask(elsewhere).status, 200);
  EXPECT_THAT(ask(request("GET", "/session")).body, HasSubstr("\"signed_in\":true"));
}

TEST_F(BoardTest, AWebSocketEndsWithItsSession) {
  sign_in();
  auto answer = board_->on_upgrade(upgrade());
  const auto listener = std::get<std::shared_ptr<WebSocketListener>>(answer);
  const auto socket = std::make_shared<FakeSocket>();
  listener->on_open(socket);
  listener->on_text("hello");
  EXPECT_EQ(desk_.line->heard, std::vector<std::string>{"hello"});
  desk_.line->socket_->send(std::make_shared<std::string>("alert 1"), {});
  desk_.revoked = true;
  desk_.line->socket_->send(std::make_shared<std::string>("alert 2"), {});
  EXPECT_EQ(socket->sent, std::vector<std::string>{"alert 1"});
  EXPECT_FALSE(socket->open);
}

TEST_F(BoardTest, WithoutTokensThisMachineNeedsNone) {
  desk_.tokens = false;
  EXPECT_EQ(ask(request("GET", "/session")).body,
            R"({"needed":false,"signed_in":false,"terminal":""})");
  EXPECT_TRUE(
      std::holds_alternative<std::shared_ptr<WebSocketListener>>(board_->on_upgrade(upgrade())));
  EXPECT_EQ(ask(with(request("POST", "/feedback", R"({"visit":"v","rating":9})"), "origin",
                     "http://evil.example"))
                .status,
            403);
  fresh(true);  // reached from other machines
  EXPECT_EQ(std::get<WebResponse>(board_->on_upgrade(upgrade())).status, 401);
}

TEST_F(BoardTest, WithoutTokensAnotherUserOfThisMachineGetsNothing) {
  desk_.tokens = false;
  const auto of_other = [](WebRequest one) {
    one.own_user = false;
    return one;
  };
  EXPECT_TRUE(board_->asks_for_user());
  EXPECT_THAT(ask(of_other(request("GET", "/session"))).body, HasSubstr("\"needed\":true"));
  EXPECT_EQ(ask(of_other(request("GET", "/history"))).status, 401);
  EXPECT_EQ(
      ask(of_other(with(request("POST", "/desk/identify", "JPEG"), "content-type", "image/jpeg")))
          .status,
      401);
  EXPECT_EQ(std::get<WebResponse>(board_->on_upgrade(of_other(upgrade()))).status, 401);
  EXPECT_THAT(ask(of_other(request("POST", "/signin", R"({"token":"guess"})"))).body,
              HasSubstr("staff add"));
  desk_.tokens = true;
  EXPECT_FALSE(board_->asks_for_user());
}

TEST_F(BoardTest, OnlyTheDeskTakesMuchAndOnlyFromStaff) {
  auto photo = with(request("POST", "/desk/verify"), "content-type", "image/jpeg");
  EXPECT_EQ(board_->body_limit_bytes(photo, 65536), 4096U);
  sign_in();
  photo = with(request("POST", "/desk/verify", "JPEG"), "content-type", "image/jpeg");
  EXPECT_EQ(board_->body_limit_bytes(photo, 65536), std::size_t{4} << 20);
  EXPECT_EQ(board_->body_limit_bytes(request("POST", "/signin"), 65536), 4096U);
  EXPECT_EQ(ask(photo).status, 400);
  photo.query = "id=abcdefgh";
  EXPECT_EQ(ask(photo).status, 200);
  EXPECT_EQ(desk_.looked.customer, "abcdefgh");
  EXPECT_EQ(desk_.looked.photo, "JPEG");
  EXPECT_EQ(desk_.looked.terminal, "till");
}

TEST_F(BoardTest, BadFieldsAreNamed) {
  sign_in();
  EXPECT_EQ(ask(request("POST", "/feedback", "{")).status, 400);
  EXPECT_EQ(ask(request("POST", "/feedback", "[1]")).status, 400);
  EXPECT_EQ(ask(request("POST", "/feedback", R"({"visit":"v","rating":"9"})")).status, 400);
  EXPECT_EQ(ask(request("POST", "/feedback", R"({"visit":"v","rating":99999999999999})")).status,
            422);
  EXPECT_EQ(ask(request("GET", "/history")).status, 400);
  EXPECT_EQ(ask(request("GET", "/nothing")).status, 404);
}

}  // namespace
}  // namespace maitred
