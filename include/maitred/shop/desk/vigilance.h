// Learning from staff's answers: who was announced wrongly, where, and what follows.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/shop/store/store.h"
#include "maitred/shop/visits/false_alerts.h"
#include "maitred/types/visit.h"

namespace maitred {

// What the shop chose, and how many it is shared among.
struct AlertTarget {
  double rate = 1e-3;         // false alerts a visitor
  std::size_t customers = 0;  // who may be matched
};

// Keeps what staff answered of each camera in the store, sealed, and suspends what exceeds the
// target with certainty (visits/false_alerts.h). What is learned of a customer stands with the
// customer. Every change is a row of the audit chain. Bound to one thread; the store must outlive
// it.
class Vigilance {
 public:
  // Errors: those of the store.
  static Result<Vigilance> load(Store& store);

  // Somebody was compared with the gallery, and was nobody.
  void visitor(const std::string& camera, WallTime at);

  struct Learned {
    Caution caution;  // of the customer, as it is now
    bool customer_suspended = false;
    bool camera_suspended = false;
  };
  // Staff closed this visit as wrong_person. Writes to the store: within the transaction of the
  // answer. Errors: those of the store.
  Result<Learned> wrong_person(const Visit& visit, const Actor& actor, const AlertTarget& target);

  bool suspended(const std::string& camera) const;
  std::size_t suspended_cameras() const;

  // Alerts again; what was counted begins anew. Errors: not_suspended (kNo).
  Status lift_camera(const std::string& camera, const Actor& actor);
  // Errors: not_suspended (kNo), unknown_customer.
  Status lift_customer(const CustomerId& id, const Actor& actor);
  // The customer's threshold is the ordinary one again. Error: unknown_customer.
  Status reset_threshold(const CustomerId& id, const Actor& actor);

  // Writes what was counted since the last time.
  Status save();

  // For `status`: what was measured, and what is suspended. `cautious`: customers with a Caution.
  nlohmann::json report(const AlertTarget& target,
                        const std::vector<std::pair<CustomerId, Caution>>& cautious,
                        WallTime now) const;

 private:
  struct Camera {
    AnswerRecord answers;
    std::optional<WallTime> suspended;
  };
  explicit Vigilance(Store& store) : store_(&store) {}
  std::uint64_t visitors(WallTime now) const;

  Store* store_;
  std::map<std::string, Camera> cameras_;
  bool unsaved_ = false;
};

}  // namespace maitred
