// A simulated member of staff with a terminal that speaks the staff protocol.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maitred/doors/staff/staff_codec.h"
#include "wire.h"

namespace maitred::simulation {

// What the terminal shows of an open alert.
struct Shown {
  std::uint64_t seq = 0;
  AlertState state = AlertState::kNew;
  std::string by;
  bool operator==(const Shown&) const = default;
};

class Client {
 public:
  // A terminal that resumes from its last seq keeps its list over a new connection; the other kind
  // asks for the whole list.
  enum class Resumes { kFromLast, kWhole };
  Client(std::string name, Resumes resumes) : name_(std::move(name)), resumes_(resumes) {}

  const std::string& name() const { return name_; }
  bool connected() const { return wire_ != nullptr; }
  // Connected, and the list is whole.
  bool settled() const { return connected() && whole_ && !wire_->is_cut(); }
  Wire* wire() { return wire_.get(); }
  const std::map<VisitId, Shown>& shown() const { return shown_; }
  std::uint64_t last_seq() const { return last_seq_; }

  // The new connection, for the core to admit.
  std::shared_ptr<Wire> connect(boost::asio::io_context& io, Chance& chance);
  void hang_up();
  void claim(const VisitId& visit);
  void close(const VisitId& visit, Outcome outcome);

  // Reads what has come. Returns what is wrong with it; empty: nothing.
  struct Heard {
    StaffLine line;
    std::string wrong;
  };
  std::vector<Heard> read();
  // True if the connection has ended; it is given up then.
  bool notice_end();

 private:
  std::string take(const StaffLine& line);
  std::string take_alert(const Alert& alert);

  const std::string name_;
  const Resumes resumes_;
  std::shared_ptr<Wire> wire_;
  bool whole_ = false;
  std::string started_;         // of the core that the list came from
  std::uint64_t newest_ = 0;    // of this connection
  std::uint64_t last_seq_ = 0;  // of all
  std::map<VisitId, Shown> shown_;
};

}  // namespace maitred::simulation
