// Adapts a Stream to what Beast requires, so that Beast is compiled once for plain TCP and TLS.
// Internal to doors/web.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <functional>
#include <memory>

#include "maitred/base/net/stream.h"

namespace maitred::web {

namespace net = boost::asio;
using boost::system::error_code;

// A stream as Beast takes it.
class ByteStream {
 public:
  using executor_type = net::any_io_executor;

  explicit ByteStream(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
  executor_type get_executor() { return stream_->get_executor(); }
  Stream& stream() { return *stream_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, net::mutable_buffer into) {
          stream_->read_some(into, erased(std::move(handler)));
        },
        token, first_of<net::mutable_buffer>(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, net::const_buffer from) {
          stream_->write_some(from, erased(std::move(handler)));
        },
        token, first_of<net::const_buffer>(buffers));
  }

 private:
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto it = net::buffer_sequence_begin(buffers); it != net::buffer_sequence_end(buffers);
         ++it) {
      const Buffer one(*it);
      if (one.size() > 0) return one;
    }
    return {};
  }
  // std::function requires a copyable target.
  template <class Handler>
  static Stream::Handler erased(Handler handler) {
    auto shared = std::make_shared<Handler>(std::move(handler));
    return [shared](const error_code& error, std::size_t count) { (*shared)(error, count); };
  }

  std::unique_ptr<Stream> stream_;
};

inline void beast_close_socket(ByteStream& stream) { stream.stream().close(); }
inline void teardown(boost::beast::role_type, ByteStream& stream, error_code& error) {
  error = {};
  stream.stream().shut_down_sending();
}
template <class Handler>
void async_teardown(boost::beast::role_type, ByteStream& stream, Handler&& handler) {
  stream.stream().shut_down_sending();
  net::post(stream.get_executor(),
            boost::beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
}

}  // namespace maitred::web
