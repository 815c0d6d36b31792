#include "tls_stream.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <boost/asio/ssl.hpp>

#include "maitred/wire/staff_server.h"

namespace maitred::wire {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

tl::unexpected<Error> tls_unusable(const std::string& file, const std::string& why) {
  return input_error("tls_unusable",
                     fmt::format("{}: {}; see tls_cert and tls_key under [staff]", file, why));
}

class AsioContext : public TlsContext, public std::enable_shared_from_this<AsioContext> {
 public:
  AsioContext() : context_(asio::ssl::context::tls_server) {
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_3_VERSION);
    // Terminals stay connected; a ticket for each would be two records more.
    SSL_CTX_set_num_tickets(context_.native_handle(), 0);
    SSL_CTX_set_mode(context_.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  }

  Status read(const std::string& certificate, const std::string& key) {
    error_code error;
    context_.use_certificate_chain_file(certificate, error);
    if (error) return tls_unusable(certificate, "no certificate in PEM can be read there");
    // A passphrase would be asked for on the terminal, which a daemon has not.
    context_.set_password_callback(
        [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); }, error);
    context_.use_private_key_file(key, asio::ssl::context::pem, error);
    const bool another =
        ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
    if (error && another) {
      return tls_unusable(key, "it is not the key of the certificate " + certificate);
    }
    if (error) return tls_unusable(key, "no key without passphrase in PEM can be read there");
    return {};
  }

  std::unique_ptr<StaffStream> stream(tcp::socket socket) override;

 private:
  asio::ssl::context context_;
};

class TlsStream : public StaffStream {
 private:
  using Inner = asio::ssl::stream<tcp::socket>;

  // Operations that were aborted end after this object: the engine must live until then.
  template <class Function>
  auto held(Function function) {
    return [inner = inner_, function = std::move(function)](auto&&... arguments) {
      function(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 public:
  TlsStream(std::shared_ptr<AsioContext> keep, tcp::socket socket, asio::ssl::context& context)
      : keep_(std::move(keep)), inner_(std::make_shared<Inner>(std::move(socket), context)) {
    prepare_socket(inner_->next_layer());
  }

  void open(std::function<void(const error_code&)> handler) override {
    inner_->async_handshake(Inner::server, held(std::move(handler)));
  }
  void read_some(asio::mutable_buffer into, Handler handler) override {
    inner_->async_read_some(asio::buffer(into), held(std::move(handler)));
  }
  void write_some(asio::const_buffer from, Handler handler) override {
    inner_->async_write_some(asio::buffer(from), held(std::move(handler)));
  }
  void shut_down_sending() override {
    // "close notify", then the end of the stream. Waiting for the peer's own is not our business.
    inner_->async_shutdown(held([](const error_code&) {}));
  }
  void close() override {
    error_code ignored;
    inner_->next_layer().close(ignored);
  }

 private:
  const std::shared_ptr<AsioContext> keep_;
  const std::shared_ptr<Inner> inner_;
};

std::unique_ptr<StaffStream> AsioContext::stream(tcp::socket socket) {
  return std::make_unique<TlsStream>(shared_from_this(), std::move(socket), context_);
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::load(const std::string& certificate,
                                                     const std::string& key) {
  auto context = std::make_shared<AsioContext>();
  MAITRED_TRY(context->read(certificate, key));
  return std::shared_ptr<TlsContext>(std::move(context));
}

}  // namespace maitred::wire

namespace maitred {

Status check_tls(const std::string& certificate, const std::string& key) {
  MAITRED_TRY(wire::TlsContext::load(certificate, key));
  return {};
}

}  // namespace maitred
