// The staff web page: what the browser is given, who may see what, and the way of a WebSocket to
// the staff protocol. What staff may do is the desk's matter (BoardDesk).
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

// A picture to be looked at: who is it, or, with an id, is it this customer.
struct LookRequest {
  std::string photo;     // encoded; never kept
  std::string customer;  // empty: anybody
  std::string terminal;  // who asks
};

// What the core does for the board. Called on the io_context's thread. JSON goes through as text.
class BoardDesk {
 public:
  virtual ~BoardDesk() = default;
  // Whether there are staff tokens, so that one must be shown.
  virtual bool tokens_required() = 0;
  // The name of the terminal with this token, or nothing. Asked often; revocation shows at once.
  virtual std::optional<std::string> terminal_of(std::string_view token) = 0;
  // The staff protocol for a WebSocket, one line a message; `token` is empty where none exist.
  virtual std::shared_ptr<WebSocketListener> staff_line(std::string_view token) = 0;
  // {"visits":[{"visit","start","name","outcome",...}]}, newest first.
  virtual Result<std::string> history(WallTime since) = 0;
  // `rating` 0 to 10.
  virtual Status feedback(const std::string& visit, int rating, const std::string& comment,
                          const std::string& terminal) = 0;
  // Answers later: {"match",...} or {"verified",...}.
  virtual void look(LookRequest request, std::function<void(Result<std::string>)> answer) = 0;
  // A small text kept sealed, so that staff stay signed in when the core starts anew.
  virtual std::string kept_sessions() = 0;
  virtual void keep_sessions(std::string_view text) = 0;
};

struct BoardOptions {
  bool always_sign_in = false;  // also where no tokens exist: the board can be reached from outside
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
  std::size_t body_limit_bytes(const WebRequest& head, std::size_t usual) override;
  std::variant<WebResponse, std::shared_ptr<WebSocketListener>> on_upgrade(
      const WebRequest& request) override;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace maitred
