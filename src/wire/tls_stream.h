// Staff streams over TLS 1.3. Internal to wire.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "maitred/base/result.h"
#include "staff_stream.h"

namespace maitred::wire {

// Certificate and key, read once. Bound to one thread; outlives its streams by being shared.
class TlsContext {
 public:
  // PEM files. Error: tls_unusable (kInput), naming the file and what is wrong with it.
  static Result<std::shared_ptr<TlsContext>> load(const std::string& certificate,
                                                  const std::string& key);
  virtual ~TlsContext() = default;
  virtual std::unique_ptr<StaffStream> stream(boost::asio::ip::tcp::socket socket) = 0;
};

}  // namespace maitred::wire
