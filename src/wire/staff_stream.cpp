#include "staff_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>

namespace maitred::wire {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// What the kernel buffers must not hide a client that does not read.
constexpr int kKernelSendBuffer_bytes = 32 * 1024;
// A terminal that vanished without a word is noticed after two minutes.
constexpr int kKeepAliveIdle_s = 60;
constexpr int kKeepAliveInterval_s = 15;
constexpr int kKeepAliveProbes = 4;

void set_keep_alive(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  const int fd = socket.native_handle();
  for (const auto& [option, value] :
       {std::pair{TCP_KEEPIDLE, kKeepAliveIdle_s}, std::pair{TCP_KEEPINTVL, kKeepAliveInterval_s},
        std::pair{TCP_KEEPCNT, kKeepAliveProbes}}) {
    ::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
  }
}

}  // namespace

void prepare_socket(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(boost::asio::socket_base::send_buffer_size(kKernelSendBuffer_bytes), ignored);
  set_keep_alive(socket);
}

namespace {

class PlainStream : public StaffStream {
 public:
  explicit PlainStream(tcp::socket socket) : socket_(std::move(socket)) {
    prepare_socket(socket_);
  }

  void open(std::function<void(const error_code&)> handler) override {
    boost::asio::post(socket_.get_executor(),
                      [handler = std::move(handler)] { handler(error_code{}); });
  }

  void read_some(boost::asio::mutable_buffer into, Handler handler) override {
    socket_.async_read_some(boost::asio::buffer(into), std::move(handler));
  }
  void write_some(boost::asio::const_buffer from, Handler handler) override {
    socket_.async_write_some(boost::asio::buffer(from), std::move(handler));
  }
  void shut_down_sending() override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

class PipeStream : public StaffStream {
 public:
  explicit PipeStream(std::unique_ptr<StaffPipe> pipe) : pipe_(std::move(pipe)) {}

  // It is open already.
  void open(std::function<void(const error_code&)> handler) override { handler(error_code{}); }

  void read_some(boost::asio::mutable_buffer into, Handler handler) override {
    pipe_->read_some(static_cast<char*>(into.data()), into.size(), done_of(std::move(handler)));
  }
  void write_some(boost::asio::const_buffer from, Handler handler) override {
    pipe_->write_some(static_cast<const char*>(from.data()), from.size(),
                      done_of(std::move(handler)));
  }
  void shut_down_sending() override { pipe_->shut_down_sending(); }
  void close() override { pipe_->close(); }

 private:
  static StaffPipe::Done done_of(Handler handler) {
    return [handler = std::move(handler)](bool ok, std::size_t bytes) {
      handler(ok ? error_code{} : boost::asio::error::make_error_code(boost::asio::error::eof),
              bytes);
    };
  }

  const std::unique_ptr<StaffPipe> pipe_;
};

}  // namespace

std::unique_ptr<StaffStream> pipe_stream(std::unique_ptr<StaffPipe> pipe) {
  return std::make_unique<PipeStream>(std::move(pipe));
}

std::unique_ptr<StaffStream> plain_stream(tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace maitred::wire
