#include "maitred/base/net/stream.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>

namespace maitred {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

class PlainStream : public Stream {
 public:
  explicit PlainStream(tcp::socket socket) : socket_(std::move(socket)) {}

  asio::any_io_executor get_executor() override { return socket_.get_executor(); }
  void open(Opened handler) override {
    asio::post(socket_.get_executor(), [handler = std::move(handler)] { handler(error_code{}); });
  }
  void read_some(asio::mutable_buffer into, Handler handler) override {
    socket_.async_read_some(asio::buffer(into), std::move(handler));
  }
  void write_some(asio::const_buffer from, Handler handler) override {
    socket_.async_write_some(asio::buffer(from), std::move(handler));
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

class TlsStream : public Stream {
 private:
  using Inner = ssl::stream<tcp::socket>;

  // An aborted operation may end after this object, so each one keeps the engine alive.
  template <class Function>
  auto held(Function function) {
    return [context = context_, inner = inner_, function = std::move(function)](
               auto&&... arguments) { function(std::forward<decltype(arguments)>(arguments)...); };
  }

 public:
  TlsStream(tcp::socket socket, TlsContext context, Inner::handshake_type side)
      : context_(std::move(context)),
        inner_(std::make_shared<Inner>(std::move(socket), *context_)),
        side_(side) {}

  // Requires that the server's certificate names `host`.
  void expect(const std::string& host) {
    error_code is_name;
    asio::ip::make_address(host, is_name);
    if (is_name) SSL_set_tlsext_host_name(inner_->native_handle(), host.c_str());
    error_code ignored;
    inner_->set_verify_callback(ssl::host_name_verification(host), ignored);
  }

  asio::any_io_executor get_executor() override { return inner_->get_executor(); }
  void open(Opened handler) override { inner_->async_handshake(side_, held(std::move(handler))); }
  void read_some(asio::mutable_buffer into, Handler handler) override {
    inner_->async_read_some(asio::buffer(into), held(std::move(handler)));
  }
  void write_some(asio::const_buffer from, Handler handler) override {
    inner_->async_write_some(asio::buffer(from), held(std::move(handler)));
  }
  void shut_down_sending() override {
    // Sends "close notify". The peer's own "close notify" is not waited for.
    inner_->async_shutdown(held([](const error_code&) {}));
  }
  void close() override {
    error_code ignored;
    inner_->next_layer().close(ignored);
  }

 private:
  const TlsContext context_;
  const std::shared_ptr<Inner> inner_;
  const Inner::handshake_type side_;
};

}  // namespace

std::unique_ptr<Stream> plain_stream(tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<Stream> tls_stream(tcp::socket socket, TlsContext context) {
  return std::make_unique<TlsStream>(std::move(socket), std::move(context),
                                     ssl::stream_base::server);
}

std::unique_ptr<Stream> tls_client_stream(tcp::socket socket, TlsContext context,
                                          const std::string& host) {
  auto stream =
      std::make_unique<TlsStream>(std::move(socket), std::move(context), ssl::stream_base::client);
  stream->expect(host);
  return stream;
}

}  // namespace maitred
