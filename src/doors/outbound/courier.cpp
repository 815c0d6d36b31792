#include "maitred/doors/outbound/courier.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "maitred/base/backoff.h"
#include "maitred/base/log.h"

namespace maitred {
namespace {

constexpr Milliseconds kLookEvery{5000};
constexpr Milliseconds kStoreTrouble{60'000};
constexpr Milliseconds kPatience{30'000};
// How often a system may refuse one event before the others go on without it.
constexpr int kTriesOfRefused = 5;

}  // namespace

class Courier::State : public std::enable_shared_from_this<State> {
 public:
  State(boost::asio::io_context& io, Shop& shop, std::unique_ptr<EventTarget> target,
        CourierPace pace)
      : shop_(shop),
        source_(shop),
        target_(std::move(target)),
        timer_(io),
        patience_(io),
        backoff_(pace.first_wait, pace.longest_wait) {}

  void begin() {
    read_cursor();
    look_again(Milliseconds{0});
  }

  void nudge() {
    if (!busy_ && !failing_ && !stopped_) look_again(Milliseconds{0});
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    patience_.cancel();
    target_.reset();
  }

  // What is on its way is waited for, or it would be sent again by the one that comes after.
  void leave(std::function<void()> gone) {
    parting_ = std::move(gone);
    timer_.cancel();
    if (!busy_) part();
  }

  CourierState state() const {
    return {target_->name(), !failing_, source_.waiting(cursor_),
            delivered_,      failures_, failing_ ? target_->trouble() : ""};
  }

 private:
  void read_cursor() {
    const auto kept = shop_.store().setting(target_->key());
    if (kept && *kept) {
      const std::string text((*kept)->begin(), (*kept)->end());
      if (auto cursor = EventCursor::parse(text)) {
        cursor_ = std::move(*cursor);
        return;
      }
    }
    auto present = source_.present();
    if (!present) {
      stopped_ = true;  // else it would be told of years
      return journal().error("{}: {}", target_->name(), present.error().message);
    }
    cursor_ = std::move(*present);
    keep_cursor();
  }

  void part() {
    stopped_ = true;
    target_->leave([executor = timer_.get_executor(), gone = std::move(parting_)] {
      boost::asio::post(executor, gone);
    });
  }

  void look_again(Milliseconds wait) {
    if (parting_) return;
    timer_.expires_after(wait);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->target_->keep_ready();
      self->go_on();
    });
  }

  void go_on() {
    if (busy_ || stopped_) return;
    if (parcels_.empty() && !fetch()) return look_again(kStoreTrouble);
    if (parcels_.empty()) return look_again(kLookEvery);
    if (!parcels_.front().event) {
      taken();
      return look_again(Milliseconds{0});
    }
    busy_ = true;
    const auto answer = [weak = weak_from_this(), number = ++asked_](Delivery delivery) {
      const auto self = weak.lock();
      if (!self || self->stopped_ || !self->busy_ || number != self->asked_) return;
      self->patience_.cancel();
      self->on_delivery(delivery);
      if (self->parting_) self->part();
    };
    patience_.expires_after(kPatience);
    patience_.async_wait([answer](const boost::system::error_code& error) {
      if (!error) answer(Delivery::kLater);
    });
    target_->deliver(*parcels_.front().event, answer);
  }

  bool fetch() {
    // A restored store may lie before what has been told.
    if (cursor_.seq > shop_.store().visits().last_seq()) read_cursor();
    auto more = source_.after(cursor_, wall_now());
    if (!more) {
      journal().error("{}: {}", target_->name(), more.error().message);
      return false;
    }
    parcels_ = std::move(*more);
    return true;
  }

  void on_delivery(Delivery delivery) {
    busy_ = false;
    if (delivery == Delivery::kTaken) {
      if (failing_) journal().info("{}: takes events again", target_->name());
      failing_ = false;
      ++delivered_;
      taken();
      return look_again(Milliseconds{0});
    }
    ++failures_;
    if (!failing_) {
      const std::string why = target_->trouble();
      journal().warn("{}: takes no events{}{}; they are kept and tried again", target_->name(),
                     why.empty() ? "" : ": ", why);
    }
    failing_ = true;
    if (delivery == Delivery::kNever && ++refusals_ >= kTriesOfRefused) {
      journal().error("{}: refuses event {} for good; it is left out", target_->name(),
                      parcels_.front().event->id);
      failing_ = false;
      taken();
      return look_again(Milliseconds{0});
    }
    look_again(backoff_.next());
  }

  void taken() {
    cursor_ = std::move(parcels_.front().after);
    parcels_.pop_front();
    backoff_.reset();
    refusals_ = 0;
    keep_cursor();
  }

  void keep_cursor() {
    const std::string text = cursor_.text();
    const Status kept = shop_.store().set_setting(
        target_->key(), {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (!kept) journal().error("{}: {}", target_->name(), kept.error().message);
  }

  Shop& shop_;
  const EventSource source_;
  std::unique_ptr<EventTarget> target_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer patience_;
  Backoff backoff_;
  EventCursor cursor_;
  std::deque<Parcel> parcels_;
  std::uint64_t asked_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t failures_ = 0;
  std::function<void()> parting_;  // called when it has left; empty while it stays
  int refusals_ = 0;
  bool busy_ = false;
  bool failing_ = false;
  bool stopped_ = false;
};

Courier::Courier(boost::asio::io_context& io, Shop& shop, std::unique_ptr<EventTarget> target,
                 CourierPace pace)
    : state_(std::make_shared<State>(io, shop, std::move(target), pace)) {
  state_->begin();
}
Courier::~Courier() { state_->stop(); }
void Courier::nudge() { state_->nudge(); }
void Courier::leave(std::function<void()> gone) { state_->leave(std::move(gone)); }
CourierState Courier::state() const { return state_->state(); }

}  // namespace maitred
