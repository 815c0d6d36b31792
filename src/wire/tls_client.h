// The client's end of TLS on a socket that does not block. Internal to wire.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "maitred/base/result.h"
#include "maitred/wire/staff_client.h"

namespace maitred::wire {

class TlsClient {
 public:
  // `host` is who the certificate must name, where that counts. The socket is connected and stays
  // the caller's. Errors: tls_unusable (kInput): a file or pin that is none.
  static Result<std::unique_ptr<TlsClient>> begin(int socket, const std::string& host,
                                                  const StaffTls& options);
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

}  // namespace maitred::wire
