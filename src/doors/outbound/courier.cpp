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

constexpr Milliseconds kAfterStoreError{60'000};
// How often a system may refuse one event before it is left out.
constexpr int kMostRefusals = 5;

}  // namespace

class Courier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, Shop& shop, std::unique_ptr<EventTarget> target,
       CourierPace pace)
      : shop_(shop),
        source_(shop),
        target_(std::move(target)),
        timer_(io),
        patience_(io),
        pace_(pace),
        backoff_(pace.first_wait, pace.longest_wait) {}

  void begin() {
    load_cursor();
    schedule(Milliseconds{0});
  }

  void nudge() {
    if (!busy_ && !failing_ && !stopped_) schedule(Milliseconds{0});
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    patience_.cancel();
    target_.reset();
  }

  // Waits for the delivery under way. Otherwise the next courier would deliver that event again.
  void leave(std::function<void()> gone) {
    on_left_ = std::move(gone);
    timer_.cancel();
    if (!busy_) end();
  }

  CourierState state() const {
    return {target_->name(), !failing_, source_.waiting(cursor_),
            delivered_,      failures_, failing_ ? target_->trouble() : ""};
  }

 private:
  void load_cursor() {
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
      stopped_ = true;  // without a cursor it would deliver the events of years
      return journal().error("{}: {}", target_->name(), present.error().message);
    }
    cursor_ = std::move(*present);
    save_cursor();
  }

  void end() {
    stopped_ = true;
    target_->leave([executor = timer_.get_executor(), gone = std::move(on_left_)] {
      boost::asio::post(executor, gone);
    });
  }

  void schedule(Milliseconds wait) {
    if (on_left_) return;
    timer_.expires_after(wait);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->target_->keep_ready();
      self->deliver_next();
    });
  }

  void deliver_next() {
    if (busy_ || stopped_) return;
    if (parcels_.empty() && !fetch()) return schedule(kAfterStoreError);
    if (parcels_.empty()) return schedule(pace_.poll_every);
    if (!parcels_.front().event) {
      advance();
      return schedule(Milliseconds{0});
    }
    busy_ = true;
    const auto answer = [weak = weak_from_this(), number = ++asked_](Delivery delivery) {
      const auto self = weak.lock();
      if (!self || self->stopped_ || !self->busy_ || number != self->asked_) return;
      self->patience_.cancel();
      self->on_delivery(delivery);
      if (self->on_left_) self->end();
    };
    patience_.expires_after(pace_.patience);
    patience_.async_wait([answer](const boost::system::error_code& error) {
      if (!error) answer(Delivery::kLater);
    });
    target_->deliver(*parcels_.front().event, answer);
  }

  bool fetch() {
    // The store may have been restored from a backup that is older than the cursor.
    if (cursor_.seq > shop_.store().visits().last_seq()) load_cursor();
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
      if (failing_) journal().info("{}: delivery works again", target_->name());
      failing_ = false;
      ++delivered_;
      advance();
      return schedule(Milliseconds{0});
    }
    ++failures_;
    if (!failing_) {
      const std::string why = target_->trouble();
      journal().warn("{}: delivery fails{}{}; the events are kept and tried again", target_->name(),
                     why.empty() ? "" : ": ", why);
    }
    failing_ = true;
    if (delivery == Delivery::kNever && ++refusals_ >= kMostRefusals) {
      journal().error("{}: it refused event {} several times; the event is left out",
                      target_->name(), parcels_.front().event->id);
      failing_ = false;
      advance();
      return schedule(Milliseconds{0});
    }
    schedule(backoff_.next());
  }

  void advance() {
    cursor_ = std::move(parcels_.front().after);
    parcels_.pop_front();
    backoff_.reset();
    refusals_ = 0;
    save_cursor();
  }

  void save_cursor() {
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
  const CourierPace pace_;
  Backoff backoff_;
  EventCursor cursor_;
  std::deque<Parcel> parcels_;
  std::uint64_t asked_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t failures_ = 0;
  std::function<void()> on_left_;  // empty unless it leaves
  int refusals_ = 0;
  bool busy_ = false;
  bool failing_ = false;
  bool stopped_ = false;
};

Courier::Courier(boost::asio::io_context& io, Shop& shop, std::unique_ptr<EventTarget> target,
                 CourierPace pace)
    : impl_(std::make_shared<Impl>(io, shop, std::move(target), pace)) {
  impl_->begin();
}
Courier::~Courier() { impl_->stop(); }
void Courier::nudge() { impl_->nudge(); }
void Courier::leave(std::function<void()> gone) { impl_->leave(std::move(gone)); }
CourierState Courier::state() const { return impl_->state(); }

}  // namespace maitred
