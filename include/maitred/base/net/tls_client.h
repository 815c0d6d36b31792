// The client's end of TLS on a socket that does not block.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "maitred/base/result.h"

namespace maitred {

// How a client knows its server. If `certificate` or `pin` is set, nothing else counts. If neither
// is set, the certificate must come from an authority in `authorities` and name the host.
struct ServerTrust {
  bool on = false;            // use TLS
  std::string authorities{};  // PEM file; empty: those of the system
  std::string certificate{};  // PEM file: the certificate of the server itself
  std::string pin{};          // SHA-256 of the certificate, in hexadecimal, with or without colons
};

// Bound to one thread.
class TlsClient {
 public:
  // `host` is who the certificate must name, where that counts. The socket is connected and stays
  // the caller's. Errors: tls_unusable (kInput): a file or pin that is none.
  static Result<std::unique_ptr<TlsClient>> begin(int socket, const std::string& host,
                                                  const ServerTrust& options);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  enum class Outcome { kDone, kWouldBlock, kEnded };
  struct Moved {
    Outcome outcome = Outcome::kWouldBlock;
    std::size_t bytes = 0;
  };

  // True when it is done and the server is who it should be. Error: tls_failed (kEnvironment).
  Result<bool> handshake();
  Moved read(char* into, std::size_t size);
  Moved write(const char* from, std::size_t size);

  // Bytes that came and were not read: the socket will not tell of them.
  bool pending() const;
  bool wants_to_write() const { return wants_to_write_; }

 private:
  struct Parts;
  explicit TlsClient(std::unique_ptr<Parts> parts);
  Moved moved(int result, std::size_t bytes);

  std::unique_ptr<Parts> parts_;
  bool wants_to_write_ = false;
};

}  // namespace maitred
