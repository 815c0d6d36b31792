// Delivers events to another system in order, each until the system takes it. The store holds the
// events; a cursor in the store says which were taken. So a crash loses none, and alerts to staff
// never wait.
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
  kLater,  // to be tried again
  kNever   // the system refuses this very event
};

// A system that events are delivered to. Answers once, on the io_context's thread, never within the
// call.
class EventTarget {
 public:
  virtual ~EventTarget() = default;
  virtual const std::string& name() const = 0;  // for log and status; contains no secret
  virtual const std::string& key() const = 0;   // of its cursor in the store; one for each address
  virtual void deliver(const ShopEvent& event, std::function<void(Delivery)> done) = 0;
  // Why the last delivery failed; may be empty.
  virtual std::string trouble() const = 0;
  // Called periodically, also while there is nothing to deliver.
  virtual void keep_ready() {}
  // Called after the last delivery: ends the connection, then calls `gone`.
  virtual void leave(const std::function<void()>& gone) { gone(); }
};

struct CourierPace {
  Milliseconds first_wait{500};  // after a failure; twice as long after each further one
  Milliseconds longest_wait = std::chrono::minutes{5};
  Milliseconds patience = std::chrono::seconds{30};   // for the answer to one delivery
  Milliseconds poll_every = std::chrono::seconds{5};  // how often the store is asked without nudge
};

// Bound to the io_context's thread; shop and io_context must outlive it.
class Courier {
 public:
  Courier(boost::asio::io_context& io, Shop& shop, std::unique_ptr<EventTarget> target,
          CourierPace pace = {});
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // Tells it that something may have happened.
  void nudge();
  // Waits for the delivery under way, ends, and calls `gone` from the io_context. Another may take
  // its place then. Keep it until then: its destructor may have to wait otherwise.
  void leave(std::function<void()> gone);
  CourierState state() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
