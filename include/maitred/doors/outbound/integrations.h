// Delivers events to the configured systems: webhooks and an MQTT broker.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "maitred/doors/outbound/courier.h"

namespace maitred {

// Holds a courier for each [[webhook]] and one for [mqtt]. Bound to the io_context's thread; shop
// and io_context must outlive it.
class Integrations {
 public:
  // Starts those of the shop's settings. Errors: those of check_integrations and the store;
  // bad_broker (kInput).
  static Result<std::unique_ptr<Integrations>> open(boost::asio::io_context& io, Shop& shop);
  ~Integrations();
  Integrations(const Integrations&) = delete;
  Integrations& operator=(const Integrations&) = delete;

  // Prepares what other settings ask for, with their files read again. Nothing changes until the
  // returned function is called. A courier whose settings and files are the same goes on. Errors as
  // open.
  Result<std::function<void()>> renewed(const Settings& settings);

  // Tells the couriers that something may have happened.
  void nudge();
  std::vector<CourierState> states() const;

 private:
  struct Member {
    std::string config_fingerprint;  // of its settings, secret and authorities
    std::unique_ptr<Courier> courier;
  };
  struct Wanted {
    std::string config_fingerprint;
    std::unique_ptr<EventTarget> target;  // null: a member with this fingerprint runs
    CourierPace pace;
  };

  Integrations(boost::asio::io_context& io, Shop& shop) : io_(io), shop_(shop) {}
  Result<std::vector<Wanted>> wanted(const Settings& settings) const;
  bool has(const std::string& config_fingerprint) const;
  void apply(std::vector<Wanted> wanted);
  void stop(Member member);
  void start_pending();

  boost::asio::io_context& io_;
  Shop& shop_;
  std::vector<Member> members_;
  std::vector<std::unique_ptr<Courier>> leaving_;
  std::vector<Wanted> pending_;  // start when all in leaving_ have ended
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace maitred
