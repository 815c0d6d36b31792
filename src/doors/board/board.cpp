#include "maitred/doors/board/board.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "assets.h"
#include "maitred/base/json.h"
#include "maitred/base/log.h"
#include "maitred/base/stranger_log.h"
#include "sessions.h"

namespace maitred {
namespace {

using board::Asset;
using nlohmann::json;

constexpr std::size_t kPhotoLimit_bytes = std::size_t{4} << 20;
constexpr std::size_t kTokenLimit_bytes = 256;
constexpr std::size_t kSmallBody_bytes = 4096;
constexpr Milliseconds kGuessDelay{2000};

WebResponse json_response(std::string text) {
  return {.status = 200, .type = "application/json", .body = std::move(text), .headers = {}};
}

WebResponse refused(const Error& error) {
  const int status = error.fault == Fault::kEnvironment ? 503 : 422;
  return web_error(status, error.code, error.message);
}

// Allows no script, style or frame but the page's own files: text that gets into the page as markup
// still does nothing.
const WebHeaders& page_headers() {
  static const WebHeaders headers = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
       "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
       "frame-ancestors 'none'"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return headers;
}

// True if a browser says that another site asks. Other programs say nothing.
bool from_elsewhere(const WebRequest& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  return !request.header("origin").empty() && !request.same_origin();
}

// The browser sends a __Host- cookie to this very host and over TLS only.
const char* cookie_name(const WebRequest& request) {
  return request.secure ? "__Host-maitred" : "maitred";
}

std::string cookie_text(const WebRequest& request, std::string_view value, Milliseconds life) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", cookie_name(request),
                     value, std::chrono::duration_cast<std::chrono::seconds>(life).count(),
                     request.secure ? "; Secure" : "");
}

// Asks before each message whether the session may still get it.
class GuardedSocket : public WebSocket {
 public:
  GuardedSocket(std::shared_ptr<WebSocket> socket, std::function<bool()> may)
      : socket_(std::move(socket)), may_(std::move(may)) {}
  void send(std::shared_ptr<const std::string> text, Sent sent) override {
    if (!may_()) socket_->close();
    socket_->send(std::move(text), std::move(sent));
  }
  void finish() override { socket_->finish(); }
  void close() override { socket_->close(); }

 private:
  const std::shared_ptr<WebSocket> socket_;
  const std::function<bool()> may_;
};

class GuardedListener : public WebSocketListener {
 public:
  GuardedListener(std::shared_ptr<WebSocketListener> inner, std::function<bool()> may)
      : inner_(std::move(inner)), may_(std::move(may)) {}
  void on_open(std::shared_ptr<WebSocket> socket) override {
    socket_ = socket;
    inner_->on_open(std::make_shared<GuardedSocket>(std::move(socket), may_));
  }
  void on_text(std::string text) override {
    may_() ? inner_->on_text(std::move(text)) : socket_->close();
  }
  void on_closed() override {
    inner_->on_closed();
    socket_.reset();
  }

 private:
  const std::shared_ptr<WebSocketListener> inner_;
  const std::function<bool()> may_;
  std::shared_ptr<WebSocket> socket_;
};

}  // namespace

class Board::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(BoardDesk& desk, BoardOptions options) : desk_(desk), options_(std::move(options)) {
    const std::string kept = desk_.kept_sessions();
    sessions_.restore(kept, options_.clock());
    // An older program kept tokens in clear.
    if (sessions_.text() != kept) desk_.keep_sessions(sessions_.text());
  }

  void answer(const WebRequest& request, WebReply reply) {
    if (request.method != "GET" && request.method != "POST") {
      return reply(web_error(405, "bad_method", "GET and POST are known here"));
    }
    if (request.method == "GET") {
      for (const Asset& asset : board::kAssets) {
        if (asset.path == request.path) return reply(page(asset));
      }
    }
    if (from_elsewhere(request)) return reply(wrong_origin(request));
    if (request.method == "GET" && request.path == "/session") return reply(session(request));
    if (request.method == "POST") {
      if (const auto wrong = unfit_post(request)) return reply(*wrong);
      if (request.path == "/signin") return reply(sign_in(request));
      if (request.path == "/signout") return reply(sign_out(request));
    }
    const auto terminal = terminal_of(request);
    if (!terminal) return reply(web_error(401, "signed_out", "sign in first"));
    if (request.method == "POST" && request.path.starts_with("/desk/")) {
      return recognise(request, *terminal, std::move(reply));
    }
    reply(answer_signed_in(request, *terminal));
  }

  bool asks_for_user() { return !sign_in_always_needed(); }
  bool knows(const WebRequest& head) { return sign_in_needed(head) && terminal_of(head); }

  std::size_t body_limit(const WebRequest& head) {
    const bool photo = head.path.starts_with("/desk/") && head.same_origin() && terminal_of(head);
    return photo ? kPhotoLimit_bytes : kSmallBody_bytes;
  }

  std::variant<WebResponse, std::shared_ptr<WebSocketListener>> upgrade(const WebRequest& request) {
    if (request.path != "/events") return web_error(404, "not_found", "there is no such page");
    if (!request.same_origin()) return wrong_origin(request);
    if (!terminal_of(request)) return web_error(401, "signed_out", "sign in first");
    const std::string id(request.cookie(cookie_name(request)));
    const auto may = [weak = weak_from_this(), id, own_user = request.own_user] {
      const auto self = weak.lock();
      return self && self->terminal_of_session(id, own_user);
    };
    const std::string token = sessions_.token_of(id, options_.clock()).value_or("");
    return std::make_shared<GuardedListener>(desk_.staff_line(token), may);
  }

 private:
  bool sign_in_always_needed() { return options_.always_sign_in || desk_.tokens_required(); }
  // Without tokens this machine's other users must not get what staff gets.
  bool sign_in_needed(const WebRequest& request) {
    return sign_in_always_needed() || !request.own_user;
  }

  // The terminal's name, empty if no sign-in is needed; nothing if the client must sign in first.
  std::optional<std::string> terminal_of(const WebRequest& request) {
    return terminal_of_session(std::string(request.cookie(cookie_name(request))), request.own_user);
  }

  std::optional<std::string> terminal_of_session(const std::string& id, bool own_user) {
    if (!sign_in_always_needed() && own_user) return std::string();
    const auto token = sessions_.token_of(id, options_.clock());
    return token ? desk_.terminal_of(*token) : std::nullopt;
  }

  static WebResponse page(const Asset& asset) {
    return {.status = 200,
            .type = std::string(asset.type),
            .body = std::string(asset.text),
            .headers = page_headers()};
  }

  static WebResponse wrong_origin(const WebRequest& request) {
    log_stranger(
        journal(), spdlog::level::warn, "board wrong origin",
        fmt::format("board: a page of another site tried to reach {} from {}; refused",
                    request.path.size() > 40 ? "a path" : shown_text(request.path), request.peer));
    return web_error(403, "wrong_origin", "this comes from another page than the board");
  }

  // Refuses what a form of another site could send too.
  static std::optional<WebResponse> unfit_post(const WebRequest& request) {
    if (!request.same_origin()) return wrong_origin(request);
    const std::string_view type = request.header("content-type");
    const bool photo = request.path.starts_with("/desk/") && type.starts_with("image/");
    if (photo || type == "application/json") return std::nullopt;
    return web_error(415, "bad_type", "send application/json, or to the desk an image");
  }

  static Result<json> object_of(const WebRequest& request) {
    MAITRED_ASSIGN(json object, parse_json(request.body, {.bytes = kSmallBody_bytes, .depth = 2}));
    if (!object.is_object()) return input_error("json_malformed", "send a JSON object");
    return object;
  }

  static std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  }

  WebResponse session(const WebRequest& request) {
    const auto terminal = terminal_of(request);
    return json_response(json_text({{"needed", sign_in_needed(request)},
                                    {"signed_in", terminal.has_value() && sign_in_needed(request)},
                                    {"terminal", terminal.value_or("")}}));
  }

  WebResponse sign_in(const WebRequest& request) {
    const WallTime now = options_.clock();
    const auto object = object_of(request);
    if (!object) return web_error(400, object.error().code, object.error().message);
    const std::string token = text_of(*object, "token");
    const auto terminal =
        token.size() <= kTokenLimit_bytes ? desk_.terminal_of(token) : std::nullopt;
    if (!terminal) {
      const bool slowly = !guesses_.may_try(request.peer, now);
      guesses_.failed(request.peer, now);
      log_stranger(
          journal(), spdlog::level::warn, "board sign-in",
          fmt::format("board: sign-in from {} with an unknown token; refused", request.peer));
      if (slowly) return too_many_guesses();
      if (!sign_in_always_needed()) {
        return web_error(401, "not_allowed",
                         "there is no staff token yet: make one with 'maitredctl staff add NAME'");
      }
      return web_error(401, "bad_token", "this token is unknown or revoked");
    }
    const std::string id = sessions_.open(token, now);
    desk_.keep_sessions(sessions_.text());
    WebResponse response = json_response(json_text({{"terminal", *terminal}}));
    response.headers.emplace_back("Set-Cookie",
                                  cookie_text(request, id, board::Sessions::kLifetime));
    return response;
  }

  // A right token is let in at any time: others behind the same address may be guessing.
  static WebResponse too_many_guesses() {
    WebResponse wait = web_error(429, "too_many_attempts", "too many wrong tokens; wait a moment");
    wait.headers.emplace_back("Retry-After", "6");
    wait.wait = kGuessDelay;
    return wait;
  }

  WebResponse sign_out(const WebRequest& request) {
    sessions_.end(request.cookie(cookie_name(request)));
    desk_.keep_sessions(sessions_.text());
    WebResponse response = json_response("{}");
    response.headers.emplace_back("Set-Cookie", cookie_text(request, "", Milliseconds{0}));
    return response;
  }

  WebResponse answer_signed_in(const WebRequest& request, const std::string& terminal) {
    if (request.method == "GET" && request.path == "/history") return history(request);
    if (request.method == "POST" && request.path == "/feedback") return feedback(request, terminal);
    return web_error(404, "not_found", "there is no such page");
  }

  WebResponse history(const WebRequest& request) {
    const auto since = parse_time(request.parameter("since"));
    if (!since) return web_error(400, since.error().code, "give since as 2026-11-22T00:00:00Z");
    auto rows = desk_.history(*since);
    return rows ? json_response(std::move(*rows)) : refused(rows.error());
  }

  WebResponse feedback(const WebRequest& request, const std::string& terminal) {
    const auto object = object_of(request);
    if (!object) return web_error(400, object.error().code, object.error().message);
    const auto rating = object->find("rating");
    if (rating == object->end() || !rating->is_number_integer()) {
      return web_error(400, "bad_field", "give rating as a number from 0 to 10");
    }
    const std::int64_t value = std::clamp<std::int64_t>(rating->get<std::int64_t>(), -1, 11);
    const Status done = desk_.feedback(text_of(*object, "visit"), static_cast<int>(value),
                                       text_of(*object, "comment"), terminal);
    return done ? json_response("{}") : refused(done.error());
  }

  void recognise(const WebRequest& request, const std::string& terminal, WebReply reply) {
    FaceQuery query{request.body, request.parameter("id"), terminal};
    const bool verify = request.path == "/desk/verify";
    if (!verify && request.path != "/desk/identify") {
      return reply(web_error(404, "not_found", "there is no such page"));
    }
    if (!verify) query.customer.clear();
    if (verify && query.customer.empty()) {
      return reply(web_error(400, "bad_field", "say which customer: /desk/verify?id=…"));
    }
    desk_.recognise(std::move(query), [reply = std::move(reply)](Result<std::string> answer) {
      reply(answer ? json_response(std::move(*answer)) : refused(answer.error()));
    });
  }

  BoardDesk& desk_;
  const BoardOptions options_;
  board::Sessions sessions_;
  board::GuessLimit guesses_;
};

Board::Board(BoardDesk& desk, BoardOptions options)
    : impl_(std::make_shared<Impl>(desk, std::move(options))) {}
Board::~Board() = default;

void Board::on_request(const WebRequest& request, WebReply reply) {
  impl_->answer(request, std::move(reply));
}
bool Board::asks_for_user() { return impl_->asks_for_user(); }
bool Board::knows(const WebRequest& head) { return impl_->knows(head); }
std::size_t Board::body_limit_bytes(const WebRequest& head, std::size_t) {
  return impl_->body_limit(head);
}
std::variant<WebResponse, std::shared_ptr<WebSocketListener>> Board::on_upgrade(
    const WebRequest& request) {
  return impl_->upgrade(request);
}

}  // namespace maitred
