// Brings what happened to another system, in order, each event until it is taken. What is still to
// be sent is what the store holds beyond a cursor, so nothing is lost in a crash and alerts to
// staff never wait.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "maitred/base/time.h"
#include "maitred/doors/outbound/courier_state.h"
#include "maitred/doors/outbound/shop_events.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

enum class Delivery {
  kTaken,
  kLater,  // try again
  kNever   // this event is refused as such
};

// Where events go. Answers once, on the io_context's thread, never within the call.
class EventTarget {
 public:
  virtual ~EventTarget() = default;
  virtual const std::string& name() const = 0;  // for log and status; no secret in it
  virtual const std::string& key() const = 0;   // of its cursor: another for each address
  virtual void deliver(const ShopEvent& event, std::function<void(Delivery)> done) = 0;
  // Why it takes nothing, as far as it knows; may be empty.
  virtual std::string trouble() const = 0;
  // Now and then.
  virtual void keep_ready() {}
  // Nothing more is delivered: says goodbye where that is usual, then calls `gone`.
  virtual void leave(const std::function<void()>& gone) { gone(); }
};

struct CourierPace {
  Milliseconds first_wait{500};  // after a failure; twice as long after each further one
  Milliseconds longest_wait = std::chrono::minutes{5};
};

// Bound to the io_context's thread; shop and io_context must outlive it.
class Courier {
 public:
  Courier(boost::asio::io_context& io, Shop& shop, std::unique_ptr<EventTarget> target,
          CourierPace pace = {});
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // Something may have happened.
  void nudge();
  // Stops, so that another may go in its place once `gone` has been called on the io_context's
  // thread, not within the call. Keep it until then: its end may have to wait otherwise.
  void leave(std::function<void()> gone);
  CourierState state() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace maitred
