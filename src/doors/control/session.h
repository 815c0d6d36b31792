// One connection to the control socket. Internal to doors/control.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "maitred/base/net/session_server.h"
#include "maitred/base/secret.h"
#include "maitred/doors/control/server.h"

namespace maitred {

class ControlSession : public Session, public std::enable_shared_from_this<ControlSession> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_request(const nlohmann::json& request, const PeerCredentials& peer,
                            ControlReply reply) = 0;
  };

  struct Times {
    Milliseconds line;
    Milliseconds idle;
  };

  ControlSession(boost::asio::io_context& io, UniqueFd socket, PeerCredentials peer,
                 std::weak_ptr<Owner> owner, Times times);

  // Session
  void start() override { read(); }
  void finish() override;
  void close() override;
  bool is_open() const override { return !gone_; }
  // Its user may ask, so it is not a stranger; but who asks nothing makes room for who does.
  Claim claim() const override {
    if (busy_ || writing_) return {};
    return {.since = input_.empty() ? quiet_since_ : line_since_};
  }
  void check_time(Timestamp now) override;

  // For ControlReply: the request with this number.
  bool awaits(std::uint64_t request) const;
  void send_progress(std::uint64_t request, std::uint64_t done, std::uint64_t total);
  void send_answer(std::uint64_t request, const Result<nlohmann::json>& answer);

 private:
  void read();
  void on_read(std::size_t count);
  void take_lines();
  void take_line(std::string_view line);
  void refuse(std::string message);
  void send(std::string line);
  void write();
  void on_written(std::size_t count);

  boost::asio::io_context& io_;
  boost::asio::local::stream_protocol::socket socket_;
  const PeerCredentials peer_;
  const std::weak_ptr<Owner> owner_;
  const Times times_;

  bool gone_ = false;
  bool finishing_ = false;
  std::uint64_t requests_ = 0;  // so far; while busy_ the last one is under way
  bool busy_ = false;

  WipedVector<char> block_ = WipedVector<char>(64 * 1024);
  WipedVector<char> input_;  // may hold passphrases
  std::size_t scanned_bytes_ = 0;
  Timestamp quiet_since_;
  Timestamp line_since_;

  std::string output_;
  std::size_t sent_bytes_ = 0;
  bool writing_ = false;
  Timestamp last_progress_at_;
};

}  // namespace maitred
