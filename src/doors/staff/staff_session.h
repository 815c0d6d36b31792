// One staff client: lines in, lines out, its limits. Knows nothing of visits. Internal to
// doors/staff.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "maitred/base/net/session_server.h"
#include "maitred/doors/staff/staff_codec.h"
#include "maitred/doors/staff/staff_server.h"
#include "staff_stream.h"

namespace maitred::staff {

// A line with its "\n", made once for all clients.
using SharedLine = std::shared_ptr<const std::string>;
SharedLine make_line(std::string text);

class StaffSession : public Session, public std::enable_shared_from_this<StaffSession> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_request(StaffSession& session, StaffRequest request) = 0;
  };

  // What the owner knows of the client.
  struct Standing {
    bool authenticated = false;
    bool resumed = false;
    StaffTerminal terminal;
    std::unordered_set<VisitId> hidden{};  // open alerts it was not told of
    std::string claimed_by;                // the name it last won a claim under
  };

  // Whether a line counts as unsent. What the client itself asked for by `resume` does not.
  enum class Counts { kYes, kNo };

  struct Parts {
    boost::asio::io_context& io;
    std::unique_ptr<Stream> stream;
    std::string address;  // of the client
    SharedLine greeting;  // the first line that is sent
  };
  StaffSession(Parts parts, std::weak_ptr<Owner> owner, const StaffLimits& limits);

  void send(SharedLine line, Counts counts = Counts::kYes);
  // Sends one error line, then closes.
  void refuse(const Error& error);
  // The same after `wait`. Until then the client gets nothing and is not listened to.
  void refuse_after(Milliseconds wait, Error error);

  // Session
  void start() override;
  void finish() override;
  void close() override;
  bool is_open() const override { return phase_ == Phase::kOpening || phase_ == Phase::kOpen; }
  Claim claim() const override;
  void check_time(Timestamp now) override;

  const std::string& address() const { return address_; }
  Standing& standing() { return standing_; }

 private:
  // The stream opens; open; sending the rest and throwing input away; waiting for the client to
  // close, because a close with unread input resets the connection and loses the last lines; gone.
  enum class Phase { kOpening, kOpen, kFinishing, kLingering, kGone };

  struct Queued {
    SharedLine line;
    Counts counts;
  };

  void read();
  void on_read(std::size_t count);
  void on_end_of_input();
  void take_next_line();
  void take_line(std::string_view line);
  void write();
  void on_written(std::size_t count);
  void linger();
  void cut_off(std::string_view why);
  void note(std::string_view kind, std::string_view text) const;

  boost::asio::io_context& io_;
  const std::unique_ptr<Stream> stream_;
  const std::string address_;
  const SharedLine greeting_;
  const std::weak_ptr<Owner> owner_;
  const StaffLimits limits_;

  Phase phase_ = Phase::kOpening;
  std::optional<std::pair<Timestamp, Error>> refusal_;  // due at this time
  Standing standing_;
  Timestamp connected_at_;
  Timestamp last_line_at_;

  std::array<char, 4096> block_{};
  std::string input_;
  bool reading_ = false;
  bool input_ended_ = false;

  std::deque<Queued> output_;
  std::size_t sent_of_first_bytes_ = 0;
  std::size_t unsent_bytes_ = 0;
  bool writing_ = false;
  Timestamp last_progress_at_;
  Timestamp lingering_since_;
};

}  // namespace maitred::staff
