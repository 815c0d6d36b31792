// Sends an HTTP request to another server without blocking.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "maitred/base/net/web_address.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/doors/web/message.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

// Bound to the io_context's thread; the io_context must outlive it.
class WebClient {
 public:
  // Trusts `ca_file` besides the system's authorities. Error: tls_unusable (kInput).
  static Result<std::unique_ptr<WebClient>> make(boost::asio::io_context& io,
                                                 const std::string& ca_file);
  ~WebClient();  // gives up requests under way; they are not answered
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  // Answers with the HTTP status. The body (at most 64 KiB) is thrown away. Certificates are
  // checked; redirections are not followed. Error: unreachable (kEnvironment).
  using Answer = std::function<void(Result<int> status)>;
  void post(const WebAddress& to, const WebHeaders& headers, std::string body,
            Milliseconds patience, Answer answer);

 private:
  class Impl;
  explicit WebClient(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
