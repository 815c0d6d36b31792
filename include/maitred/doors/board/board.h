// The staff web page: what the browser gets, who may see what, and how a WebSocket reaches the
// staff protocol. The desk decides what staff may do (BoardDesk).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/doors/web/server.h"

namespace maitred {

// A photo with a question: who is this, or, with an id, is it this customer.
struct FaceQuery {
  std::string photo;     // JPEG, PNG or WebP; never kept
  std::string customer;  // id; empty: anybody
  std::string terminal;  // that asks
};

// What the core does for the board. Called on the io_context's thread. JSON is passed as text.
class BoardDesk {
 public:
  virtual ~BoardDesk() = default;
  // True if there are staff tokens, so that one must be shown.
  virtual bool tokens_required() = 0;
  // The name of the terminal with this token, or nothing. Called often: a revocation counts at
  // once.
  virtual std::optional<std::string> terminal_of(std::string_view token) = 0;
  // The staff protocol for a WebSocket, one line for each message; `token` is empty if there are
  // none.
  virtual std::shared_ptr<WebSocketListener> staff_line(std::string_view token) = 0;
  // {"visits":[{"visit","start","name","outcome",...}]}, newest first.
  virtual Result<std::string> history(WallTime since) = 0;
  // `rating` 0 to 10.
  virtual Status feedback(const std::string& visit, int rating, const std::string& comment,
                          const std::string& terminal) = 0;
  // Answers later with {"match",...} or {"verified",...}.
  virtual void recognise(FaceQuery request, std::function<void(Result<std::string>)> answer) = 0;
  // A small text that is kept sealed, so that staff stay signed in over a restart of the core.
  virtual std::string kept_sessions() = 0;
  virtual void keep_sessions(std::string_view text) = 0;
};

struct BoardOptions {
  bool always_sign_in = false;  // even if there are no tokens: other machines can reach the board
  std::function<WallTime()> clock = [] {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  };
};

// The page and its calls. Every call that changes something, and the WebSocket, must come from a
// page of this board (Origin), as JSON or as an image (which no form of another site can send), and
// with the cookie of a session: HttpOnly, SameSite=Strict, over TLS Secure. A session ends when it
// is signed out, its token revoked, or it is 30 days old; its WebSockets end with it. After ten
// wrong tokens an address waits. Bound to one thread; the desk must outlive it.
class Board : public WebSite {
 public:
  explicit Board(BoardDesk& desk, BoardOptions options = {});
  ~Board() override;

  void on_request(const WebRequest& request, WebReply reply) override;
  bool asks_for_user() override;
  bool knows(const WebRequest& head) override;
  std::size_t body_limit_bytes(const WebRequest& head, std::size_t usual) override;
  std::variant<WebResponse, std::shared_ptr<WebSocketListener>> on_upgrade(
      const WebRequest& request) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
