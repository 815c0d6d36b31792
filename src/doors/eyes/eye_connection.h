// One connection of an eye: reads its messages and checks their order. Internal to doors/eyes.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "maitred/base/net/session_server.h"
#include "maitred/base/token_bucket.h"
#include "maitred/link/eye_codec.h"

namespace maitred {

class EyeConnection : public Session, public std::enable_shared_from_this<EyeConnection> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_connected(SessionId id, pid_t pid) = 0;
    virtual void on_message(SessionId id, EyeMessage message) = 0;
  };

  // How many messages are read a second, and how many at once after a pause.
  struct Rate {
    double per_second;
    double burst;
  };

  EyeConnection(boost::asio::io_context& io, UniqueFd socket, pid_t pid, Rate rate,
                std::weak_ptr<Owner> owner);

  // Session
  void start() override;
  void finish() override { close(); }
  void close() override;
  bool is_open() const override { return !gone_; }

 private:
  void wait_for_message();
  // Waits for the next message, but not before the rate allows one.
  void pace();
  void receive();
  void refuse(const Error& error);

  boost::asio::posix::stream_descriptor socket_;
  const pid_t pid_;
  const Rate rate_;
  const std::weak_ptr<Owner> owner_;
  boost::asio::steady_timer pause_;
  TokenBucket messages_;
  bool flood_logged_ = false;
  std::optional<EyeHello> hello_;
  std::array<std::uint8_t, kEyeMessageLimitBytes + 1> buffer_{};
  bool gone_ = false;
};

}  // namespace maitred
