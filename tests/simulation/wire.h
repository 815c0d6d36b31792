// A connection between the staff server and a simulated client: bytes come late, in pieces, or not
// at all.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "chance.h"
#include "maitred/doors/staff/staff_pipe.h"

namespace maitred::simulation {

// Both ends of it. The server's end is the pipe of make_pipe; the client's end is this.
class Wire {
 public:
  Wire(boost::asio::io_context& io, Chance& chance) : io_(&io), chance_(chance) {}

  // The client's end.
  void send(const std::string& line);
  void hang_up() { client_gone_ = true; }
  // The next whole line that has come; none if there is none yet.
  std::optional<std::string> next_line();
  // No byte passes either way while it is cut.
  void cut(bool is_cut) { cut_ = is_cut; }
  bool is_cut() const { return cut_; }
  bool server_gone() const { return server_gone_; }

  // Moves what may pass. True if anything moved.
  bool move();
  // The core died: what it had not handed over is lost.
  void server_died();

 private:
  friend class WirePipe;
  struct Waiting {
    char* into = nullptr;        // of a read
    const char* from = nullptr;  // of a write
    std::size_t size = 0;
    StaffPipe::Done done;
  };
  void finish(std::optional<Waiting>& waiting, bool ok, std::size_t bytes);
  bool move_write();
  bool move_read();

  boost::asio::io_context* io_;
  Chance& chance_;
  std::string to_server_, to_client_;
  std::optional<Waiting> read_, write_;
  bool cut_ = false;
  bool client_gone_ = false;
  bool server_gone_ = false;
};

std::unique_ptr<StaffPipe> make_pipe(std::shared_ptr<Wire> wire);

}  // namespace maitred::simulation
