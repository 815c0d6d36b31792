// The seam between a staff session and what carries its bytes, so that TLS can take the place of
// plain TCP. Internal to wire.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "maitred/wire/staff_pipe.h"

namespace maitred::wire {

class StaffStream {
 public:
  using Handler = std::function<void(const boost::system::error_code&, std::size_t)>;

  virtual ~StaffStream() = default;
  // Before all else; the handler gets an error when the peer is none to talk to.
  virtual void open(std::function<void(const boost::system::error_code&)> handler) = 0;
  // At most one read and one write at a time; the handler never runs within the call.
  virtual void read_some(boost::asio::mutable_buffer into, Handler handler) = 0;
  virtual void write_some(boost::asio::const_buffer from, Handler handler) = 0;
  // The peer sees the end of the stream.
  virtual void shut_down_sending() = 0;
  // Aborts what is under way.
  virtual void close() = 0;
};

std::unique_ptr<StaffStream> plain_stream(boost::asio::ip::tcp::socket socket);
std::unique_ptr<StaffStream> pipe_stream(std::unique_ptr<StaffPipe> pipe);

// No delays, keep-alive, and kernel buffers so small that they hide no client that does not read.
void prepare_socket(boost::asio::ip::tcp::socket& socket);

}  // namespace maitred::wire
