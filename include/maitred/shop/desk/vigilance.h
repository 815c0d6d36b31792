// Counts wrong-person reports of staff, and suspends customers and cameras that cause too many.
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

// The rate of false alerts that the shop chose, and the number of customers who share it.
struct AlertTarget {
  double rate = 1e-3;         // false alerts per visitor
  std::size_t customers = 0;  // customers who may be matched
};

// Keeps the counts of each camera in the store, sealed, and suspends what exceeds the target with
// statistical certainty (visits/false_alerts.h). A customer's caution is part of the customer's
// record. Every change is a row of the audit chain. Bound to one thread; the store must outlive it.
class Vigilance {
 public:
  // Errors: those of the store.
  static Result<Vigilance> load(Store& store);

  // Counts a visitor who was compared with the gallery and matched nobody.
  void visitor(const std::string& camera, WallTime at);

  struct Consequence {
    Caution caution;  // the customer's new caution
    bool customer_suspended = false;
    bool camera_suspended = false;
  };
  // Counts a visit that staff closed as wrong_person, and writes the consequence to the store,
  // within the transaction of the answer. Errors: those of the store.
  Result<Consequence> wrong_person(const Visit& visit, const Actor& actor,
                                   const AlertTarget& target);

  bool suspended(const std::string& camera) const;
  std::size_t suspended_cameras() const;

  // Lets the camera raise alerts again; its counts restart at 0. Error: not_suspended (kNo).
  Status lift_camera(const std::string& camera, const Actor& actor);
  // Lets the customer raise alerts again. Errors: not_suspended (kNo), unknown_customer.
  Status lift_customer(const CustomerId& id, const Actor& actor);
  // Sets the customer's threshold back to the ordinary one. Error: unknown_customer.
  Status reset_threshold(const CustomerId& id, const Actor& actor);

  // Writes the counts if they have changed since the last call.
  Status save();

  // The counts and the suspensions, for `status`. `cautious` holds the customers with a Caution.
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
