// The systems that are told what happens: webhooks and an MQTT broker.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "maitred/doors/outbound/courier.h"

namespace maitred {

// A courier to each [[webhook]], and one to [mqtt]. Bound to the io_context's thread; shop and
// io_context must outlive it.
class Integrations {
 public:
  // Those of the shop's settings. Errors: those of check_integrations and the store; bad_broker
  // (kInput).
  static Result<std::unique_ptr<Integrations>> open(boost::asio::io_context& io, Shop& shop);
  ~Integrations();
  Integrations(const Integrations&) = delete;
  Integrations& operator=(const Integrations&) = delete;

  // What other settings ask for, with their files read again; it is taken over by calling what is
  // returned, and nothing changes before. Whose settings and files are the same go on undisturbed.
  // Errors as open.
  Result<std::function<void()>> renewed(const Settings& settings);

  // Something may have happened.
  void nudge();
  std::vector<CourierState> states() const;

 private:
  struct Member {
    std::string likeness;  // of settings, secret and authorities
    std::unique_ptr<Courier> courier;
  };
  struct Wanted {
    std::string likeness;
    std::unique_ptr<EventTarget> target;  // none: a member is like it
    CourierPace pace;
  };

  Integrations(boost::asio::io_context& io, Shop& shop) : io_(io), shop_(shop) {}
  Result<std::vector<Wanted>> wanted(const Settings& settings) const;
  bool has(const std::string& likeness) const;
  void take_over(std::vector<Wanted> wanted);
  void dismiss(Member member);
  void begin_waiting();

  boost::asio::io_context& io_;
  Shop& shop_;
  std::vector<Member> members_;
  std::vector<std::unique_ptr<Courier>> leaving_;
  std::vector<Wanted> waiting_;  // until those before them have left
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace maitred
