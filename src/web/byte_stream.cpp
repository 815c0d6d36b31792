#include "byte_stream.h"

#include <fmt/format.h>

#include <boost/asio/ssl.hpp>

namespace maitred::web {
namespace {

using net::ip::tcp;
namespace ssl = net::ssl;

void quiet(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
}

class PlainCarrier : public Carrier {
 public:
  explicit PlainCarrier(tcp::socket socket) : socket_(std::move(socket)) { quiet(socket_); }
  net::any_io_executor get_executor() override { return socket_.get_executor(); }
  void open(bool, std::function<void(const error_code&)> handler) override {
    net::post(socket_.get_executor(), [handler = std::move(handler)] { handler({}); });
  }
  void read_some(net::mutable_buffer into, Handler handler) override {
    socket_.async_read_some(net::buffer(into), std::move(handler));
  }
  void write_some(net::const_buffer from, Handler handler) override {
    socket_.async_write_some(net::buffer(from), std::move(handler));
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

class TlsCarrier : public Carrier {
 public:
  TlsCarrier(tcp::socket socket, ssl::context& context) : stream_(std::move(socket), context) {
    quiet(stream_.next_layer());
  }
  ssl::stream<tcp::socket>& stream() { return stream_; }
  net::any_io_executor get_executor() override { return stream_.get_executor(); }
  void open(bool as_client, std::function<void(const error_code&)> handler) override {
    stream_.async_handshake(as_client ? ssl::stream_base::client : ssl::stream_base::server,
                            std::move(handler));
  }
  void read_some(net::mutable_buffer into, Handler handler) override {
    stream_.async_read_some(net::buffer(into), std::move(handler));
  }
  void write_some(net::const_buffer from, Handler handler) override {
    stream_.async_write_some(net::buffer(from), std::move(handler));
  }
  void shut_down_sending() override {
    error_code ignored;
    stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  ssl::stream<tcp::socket> stream_;
};

tl::unexpected<Error> unusable(const std::string& file, const error_code& why) {
  return input_error("tls_unusable", fmt::format("{}: cannot be used for TLS: {}; it must be a "
                                                 "readable PEM file, and key and certificate must "
                                                 "belong together",
                                                 file, why.message()));
}

}  // namespace

std::unique_ptr<Carrier> plain_carrier(tcp::socket socket) {
  return std::make_unique<PlainCarrier>(std::move(socket));
}

std::unique_ptr<Carrier> tls_carrier(tcp::socket socket, ssl::context& context) {
  return std::make_unique<TlsCarrier>(std::move(socket), context);
}

std::unique_ptr<Carrier> tls_client_carrier(tcp::socket socket, ssl::context& context,
                                            const std::string& host) {
  auto carrier = std::make_unique<TlsCarrier>(std::move(socket), context);
  error_code address;
  net::ip::make_address(host, address);
  if (address) SSL_set_tlsext_host_name(carrier->stream().native_handle(), host.c_str());
  error_code ignored;
  carrier->stream().set_verify_callback(ssl::host_name_verification(host), ignored);
  return carrier;
}

Result<std::shared_ptr<ssl::context>> server_tls(const std::string& cert, const std::string& key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_3_VERSION);
  error_code error;
  context->use_certificate_chain_file(cert, error);
  if (error) return unusable(cert, error);
  context->use_private_key_file(key, ssl::context::pem, error);
  if (error) return unusable(key, error);
  return context;
}

Status trust(ssl::context& context, const std::string& ca_file) {
  error_code error;
  if (!ca_file.empty()) context.load_verify_file(ca_file, error);
  if (error) return unusable(ca_file, error);
  return {};
}

Result<std::shared_ptr<ssl::context>> client_tls(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code ignored;
  context->set_default_verify_paths(ignored);
  MAITRED_TRY(trust(*context, ca_file));
  context->set_verify_mode(ssl::verify_peer, ignored);
  return context;
}

}  // namespace maitred::web
