// One HTTP request to another server, without waiting for it.
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
  // `ca_file` is trusted besides the system's authorities. Error: tls_unusable (kInput).
  static Result<std::unique_ptr<WebClient>> make(boost::asio::io_context& io,
                                                 const std::string& ca_file);
  ~WebClient();  // what is under way is given up and not answered
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  // The status of the answer, whose body (at most 64 KiB) is thrown away. Certificates are
  // checked; redirections are not followed. Error: unreachable (kEnvironment).
  using Answer = std::function<void(Result<int> status)>;
  void post(const WebAddress& to, const WebHeaders& headers, std::string body,
            Milliseconds patience, Answer answer);

 private:
  class State;
  explicit WebClient(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace maitred
