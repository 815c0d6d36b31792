#include "maitred/base/net/tls_client.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cctype>
#include <optional>

#include "maitred/base/file.h"

namespace maitred {
namespace {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Freed<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Fingerprint = std::array<std::uint8_t, 32>;

tl::unexpected<Error> unusable(std::string why) {
  return input_error("tls_unusable", std::move(why));
}

tl::unexpected<Error> failed(std::string_view why) {
  return environment_error("tls_failed", fmt::format("no TLS with the server: {}", why));
}

Result<Certificate> read_certificate(const std::string& file) {
  MAITRED_ASSIGN(const auto bytes, read_file(file, std::size_t{1} << 20));
  const std::unique_ptr<BIO, Freed<BIO_free_all>> source(
      BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  Certificate certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
  if (!certificate) return unusable(fmt::format("{}: no certificate in PEM is there", file));
  return certificate;
}

Fingerprint fingerprint_of(const X509* certificate) {
  Fingerprint print{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), print.data(), &size);
  return print;
}

Result<Fingerprint> read_pin(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':' || c == ' ') continue;
    digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  Fingerprint pin{};
  const bool hexadecimal = digits.size() == 2 * pin.size() &&
                           digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hexadecimal) {
    return unusable(
        "the pin is not a SHA-256 in hexadecimal, as `openssl x509 -noout -sha256 "
        "-fingerprint -in CERT` prints it");
  }
  for (std::size_t i = 0; i < pin.size(); ++i) {
    pin[i] = static_cast<std::uint8_t>(std::stoi(digits.substr(2 * i, 2), nullptr, 16));
  }
  return pin;
}

Status trust_authorities(SSL_CTX* context, SSL* connection, const std::string& host,
                         const std::string& file) {
  if (file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    return unusable(fmt::format("{}: no certificates in PEM can be read there", file));
  }
  SSL_set_verify(connection, SSL_VERIFY_PEER, nullptr);
  X509_VERIFY_PARAM* wanted = SSL_get0_param(connection);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1) {
    X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
  }
  return {};
}

}  // namespace

struct TlsClient::Parts {
  Context context;
  Connection connection;
  std::optional<Fingerprint> pin;
};

TlsClient::TlsClient(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TlsClient::~TlsClient() = default;

Result<std::unique_ptr<TlsClient>> TlsClient::begin(int socket, const std::string& host,
                                                    const ServerTrust& options) {
  auto parts = std::make_unique<Parts>();
  parts->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(parts->context.get(), TLS1_3_VERSION);
  SSL_CTX_set_mode(parts->context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  parts->connection.reset(SSL_new(parts->context.get()));
  SSL* connection = parts->connection.get();
  if (!options.certificate.empty()) {
    MAITRED_ASSIGN(const Certificate certificate, read_certificate(options.certificate));
    parts->pin = fingerprint_of(certificate.get());
  } else if (!options.pin.empty()) {
    MAITRED_ASSIGN(parts->pin, read_pin(options.pin));
  } else {
    MAITRED_TRY(trust_authorities(parts->context.get(), connection, host, options.authorities));
  }
  SSL_set_tlsext_host_name(connection, host.c_str());
  SSL_set_fd(connection, socket);
  SSL_set_connect_state(connection);
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(parts)));
}

Result<bool> TlsClient::handshake() {
  ERR_clear_error();
  SSL* connection = parts_->connection.get();
  const int result = SSL_do_handshake(connection);
  if (result != 1) {
    const int error = SSL_get_error(connection, result);
    wants_to_write_ = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
    const long verdict = SSL_get_verify_result(connection);
    if (verdict != X509_V_OK) {
      return failed(
          fmt::format("its certificate is not trusted: {}; name its authority or its own "
                      "certificate, or pin it",
                      X509_verify_cert_error_string(verdict)));
    }
    const char* why = ERR_reason_error_string(ERR_peek_last_error());
    return failed(why != nullptr ? why : "it closed the connection");
  }
  wants_to_write_ = false;
  if (!parts_->pin) return true;
  const Certificate shown(SSL_get1_peer_certificate(connection));
  if (shown && fingerprint_of(shown.get()) == *parts_->pin) return true;
  return failed("its certificate is another than the one that was named");
}

TlsClient::Moved TlsClient::moved(int result, std::size_t bytes) {
  if (result == 1) return {Outcome::kDone, bytes};
  const int error = SSL_get_error(parts_->connection.get(), result);
  const bool blocked = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  return {blocked ? Outcome::kWouldBlock : Outcome::kEnded, 0};
}

TlsClient::Moved TlsClient::read(char* into, std::size_t size) {
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_read_ex(parts_->connection.get(), into, size, &bytes);
  return moved(result, bytes);
}

TlsClient::Moved TlsClient::write(const char* from, std::size_t size) {
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_write_ex(parts_->connection.get(), from, size, &bytes);
  return moved(result, bytes);
}

bool TlsClient::pending() const { return SSL_pending(parts_->connection.get()) > 0; }

}  // namespace maitred
