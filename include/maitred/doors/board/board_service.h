// The board as the daemon runs it: page, core side and web server.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "maitred/doors/board/board.h"
#include "maitred/doors/board/board_room.h"
#include "maitred/doors/eyes/photo_eye.h"
#include "maitred/doors/web/server.h"

namespace maitred {

// Bound to the io_context's thread; what it is given must outlive it.
class BoardService {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Shop& shop;
    std::function<StaffServer*()> staff;  // null while shutting down
    std::filesystem::path eye_program;
    // Holds photo.sock, the socket of a service that analyses photos. For /run/maitred the socket
    // is /run/maitred-photo.sock.
    std::filesystem::path runtime_folder;
    int passed_socket = -1;  // one that listens already, e.g. systemd's
  };

  // Null if [board] is off, or if another program uses its default port. Errors:
  // board_unprotected (kInput): it can be reached from other machines, and there is no token or no
  // TLS; those of WebServer::open.
  static Result<std::unique_ptr<BoardService>> open(Parts parts);

  std::uint16_t port() const { return server_->port(); }
  std::size_t connections() const { return server_->connections(); }
  // As WebServer::renew_tls, with the files of these settings.
  Result<std::function<void()>> renew_tls(const Settings& settings);
  void drain(Milliseconds patience, std::function<void()> done) {
    server_->drain(patience, std::move(done));
  }

 private:
  explicit BoardService(Parts& parts);

  PhotoEye eye_;
  BoardRoom room_;
  std::unique_ptr<Board> board_;
  std::unique_ptr<WebServer> server_;
};

}  // namespace maitred
