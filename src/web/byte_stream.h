// The seam between HTTP and what carries its bytes: plain TCP or TLS. Beast is compiled once, for
// ByteStream. Internal to web.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <functional>
#include <memory>

#include "maitred/base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace maitred::web {

namespace net = boost::asio;
using boost::system::error_code;

class Carrier {
 public:
  using Handler = std::function<void(const error_code&, std::size_t)>;
  virtual ~Carrier() = default;
  virtual net::any_io_executor get_executor() = 0;
  // Until bytes of the application may flow.
  virtual void open(bool as_client, std::function<void(const error_code&)> handler) = 0;
  virtual void read_some(net::mutable_buffer into, Handler handler) = 0;
  virtual void write_some(net::const_buffer from, Handler handler) = 0;
  virtual void shut_down_sending() = 0;
  virtual void close() = 0;
};

std::unique_ptr<Carrier> plain_carrier(net::ip::tcp::socket socket);
std::unique_ptr<Carrier> tls_carrier(net::ip::tcp::socket socket, net::ssl::context& context);
// A client's: `host` must be in the server's certificate.
std::unique_ptr<Carrier> tls_client_carrier(net::ip::tcp::socket socket, net::ssl::context& context,
                                            const std::string& host);

// TLS 1.3, with this certificate. Error: tls_unusable (kInput).
Result<std::shared_ptr<net::ssl::context>> server_tls(const std::string& cert,
                                                      const std::string& key);
// Trusts the authorities of `ca_file` too, which may be empty. Error: tls_unusable (kInput).
Status trust(net::ssl::context& context, const std::string& ca_file);
// TLS 1.2 or later, trusting the authorities of the system and of `ca_file` (may be empty).
Result<std::shared_ptr<net::ssl::context>> client_tls(const std::string& ca_file);

// What Beast wants of a stream.
class ByteStream {
 public:
  using executor_type = net::any_io_executor;

  explicit ByteStream(std::unique_ptr<Carrier> carrier) : carrier_(std::move(carrier)) {}
  executor_type get_executor() { return carrier_->get_executor(); }
  Carrier& carrier() { return *carrier_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, net::mutable_buffer into) {
          carrier_->read_some(into, erased(std::move(handler)));
        },
        token, first_of<net::mutable_buffer>(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, net::const_buffer from) {
          carrier_->write_some(from, erased(std::move(handler)));
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
  // std::function wants what can be copied.
  template <class Handler>
  static Carrier::Handler erased(Handler handler) {
    auto shared = std::make_shared<Handler>(std::move(handler));
    return [shared](const error_code& error, std::size_t count) { (*shared)(error, count); };
  }

  std::unique_ptr<Carrier> carrier_;
};

inline void beast_close_socket(ByteStream& stream) { stream.carrier().close(); }
inline void teardown(boost::beast::role_type, ByteStream& stream, error_code& error) {
  error = {};
  stream.carrier().shut_down_sending();
}
template <class Handler>
void async_teardown(boost::beast::role_type, ByteStream& stream, Handler&& handler) {
  stream.carrier().shut_down_sending();
  net::post(stream.get_executor(),
            boost::beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
}

}  // namespace maitred::web
