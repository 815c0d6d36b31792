// One TCP connection of a staff client: lines in and out, without blocking. Internal to
// doors/staff.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/net/tls_client.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred::staff {

class StaffConnection {
 public:
  // Resolves the name (which may block) and begins to connect. Errors: bad_address (kInput),
  // daemon_unreachable (kEnvironment), tls_unusable (kInput).
  static Result<std::unique_ptr<StaffConnection>> begin(const std::string& server,
                                                        Milliseconds timeout,
                                                        const ServerTrust& tls);

  // Reads and writes what can be now. Error: daemon_unreachable (kEnvironment) when it ended; lines
  // that came before the end can still be taken.
  Status move_bytes();

  std::optional<std::string> next_line();
  void queue(const std::string& line);

  int fd() const { return fd_.get(); }
  bool wants_to_write() const {
    return connecting_ || (handshaking_ ? tls_->wants_to_write() : !output_.empty());
  }
  // Something was received that the socket does not show.
  bool pending() const { return tls_ && !handshaking_ && tls_->pending(); }
  Timestamp deadline() const { return deadline_; }

 private:
  struct Address {
    std::vector<char> bytes;
    int family = 0;
  };

  Status connect_next();
  Status finish_connecting();
  Status begin_tls();
  Status read_all();
  Status write_all();

  std::string server_;
  std::vector<Address> addresses_;  // still to be tried, the next one last
  UniqueFd fd_;
  bool connecting_ = false;
  std::string host_;
  ServerTrust tls_options_;
  std::unique_ptr<TlsClient> tls_;
  bool handshaking_ = false;
  Timestamp deadline_;
  std::string input_;
  std::string output_;
};

struct Waited {
  bool also_readable = false;
  bool interrupted = false;
};

// Until the connection (may be null) or `also_fd` (may be -1) can move, or `until`.
Waited wait_for(const StaffConnection* connection, int also_fd, Timestamp until);

}  // namespace maitred::staff
