#include "maitred/base/net/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <boost/asio/ssl.hpp>

namespace maitred {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

tl::unexpected<Error> unusable(const std::string& file, const std::string& why) {
  return input_error("tls_unusable", fmt::format("{}: cannot be used for TLS: {}", file, why));
}

bool is_key_mismatch(const error_code& error) {
  return ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
}

Status trust(ssl::context& context, const std::string& ca_file) {
  error_code error;
  if (!ca_file.empty()) context.load_verify_file(ca_file, error);
  if (error) return unusable(ca_file, "the file has no readable certificates in PEM");
  return {};
}

}  // namespace

Result<TlsContext> server_tls(const std::string& certificate, const std::string& key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_3_VERSION);
  // Clients stay connected: session tickets would only cost two records each.
  SSL_CTX_set_num_tickets(context->native_handle(), 0);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  error_code error;
  context->use_certificate_chain_file(certificate, error);
  if (error) return unusable(certificate, "the file has no readable certificate in PEM");
  // Without this callback OpenSSL asks for a passphrase on the terminal, and a daemon has none.
  context->set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context->use_private_key_file(key, ssl::context::pem, error);
  if (error && is_key_mismatch(error)) {
    return unusable(key, "it is not the key of the certificate " + certificate);
  }
  if (error) return unusable(key, "the file has no readable key without passphrase in PEM");
  return context;
}

Status check_tls(const std::string& certificate, const std::string& key) {
  MAITRED_TRY(server_tls(certificate, key));
  return {};
}

Result<TlsContext> client_tls(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code ignored;
  context->set_default_verify_paths(ignored);
  MAITRED_TRY(trust(*context, ca_file));
  context->set_verify_mode(ssl::verify_peer, ignored);
  return context;
}

Status check_authorities(const std::string& ca_file) {
  // Leaves out the system's authorities: reading them takes longer than the rest of a start.
  ssl::context context(ssl::context::tls_client);
  return trust(context, ca_file);
}

}  // namespace maitred
