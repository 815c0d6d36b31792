#include "staff_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>

namespace maitred::staff {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// A large kernel buffer would hide a client that does not read.
constexpr int kKernelSendBuffer_bytes = 32 * 1024;
// With these a terminal that vanished is noticed after two minutes.
constexpr int kKeepAliveIdle_s = 60;
constexpr int kKeepAliveInterval_s = 15;
constexpr int kKeepAliveProbes = 4;

class PipeStream : public Stream {
 public:
  PipeStream(boost::asio::any_io_executor executor, std::unique_ptr<StaffPipe> pipe)
      : executor_(std::move(executor)), pipe_(std::move(pipe)) {}

  boost::asio::any_io_executor get_executor() override { return executor_; }
  // A pipe is open from the start.
  void open(Opened handler) override { handler(error_code{}); }
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

  const boost::asio::any_io_executor executor_;
  const std::unique_ptr<StaffPipe> pipe_;
};

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

std::unique_ptr<Stream> pipe_stream(boost::asio::any_io_executor executor,
                                    std::unique_ptr<StaffPipe> pipe) {
  return std::make_unique<PipeStream>(std::move(executor), std::move(pipe));
}

}  // namespace maitred::staff
