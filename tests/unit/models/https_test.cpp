// A server whose certificate nobody vouches for.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <thread>

#include "maitred/base/check.h"
#include "maitred/base/file.h"
#include "maitred/models/fetch.h"
#include "tests/unit/models/model_fixture.h"

namespace maitred::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

// A server's TLS context with a certificate it signed itself.
Owned<SSL_CTX> self_signed_context() {
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Owned<X509> certificate(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* host = reinterpret_cast<const unsigned char*>("127.0.0.1");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  MAITRED_CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  MAITRED_CHECK(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
  MAITRED_CHECK(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  return context;
}

// Greets so many clients; gives nothing to those who stay.
class ImpostorServer {
 public:
  explicit ImpostorServer(int clients) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    MAITRED_CHECK(::bind(listener_.get(), generic, length) == 0);
    MAITRED_CHECK(::listen(listener_.get(), clients) == 0);
    MAITRED_CHECK(::getsockname(listener_.get(), generic, &length) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, clients] { serve(clients); });
  }
  ~ImpostorServer() { thread_.join(); }

  std::string url() const { return fmt::format("https://127.0.0.1:{}", port_); }
  bool believed() const { return believed_; }

 private:
  void serve(int clients) {
    const Owned<SSL_CTX> context = self_signed_context();
    for (int i = 0; i < clients; ++i) {
      const UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
      const Owned<SSL> session(SSL_new(context.get()), SSL_free);
      SSL_set_fd(session.get(), client.get());
      char byte = 0;
      if (SSL_accept(session.get()) == 1 && SSL_read(session.get(), &byte, 1) == 1) {
        believed_ = true;
      }
    }
  }

  UniqueFd listener_;
  int port_ = 0;
  std::atomic<bool> believed_ = false;
  std::thread thread_;
};

using FetchHttps = ModelFolders;

TEST_F(FetchHttps, AServerNobodyVouchesForIsNotBelieved) {
  const Manifest manifest =
      manifest_of(file_row({"net.onnx", "network", ""}) + engine_row("embedder = [\"net.onnx\"]"));
  constexpr int kAttempts = 2;
  const ImpostorServer server(kAttempts);
  FetchOptions options;
  options.destination = models_;
  options.base_url = server.url();
  options.attempts = kAttempts;
  options.first_backoff = Milliseconds(1);
  const auto fetched = fetch_models(manifest, "small", options);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "fetch_failed");
  EXPECT_THAT(fetched.error().message, HasSubstr("certificate"));
  EXPECT_FALSE(server.believed());
  EXPECT_THAT(names_in(models_), IsEmpty());
}

}  // namespace
}  // namespace maitred::test
