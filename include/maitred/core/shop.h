// What the daemon and an offline maitredctl have in common: the store, the gallery, the visits.
#pragma once

#include <memory>

#include "maitred/base/result.h"
#include "maitred/core/recognition.h"
#include "maitred/core/visit_desk.h"
#include "maitred/settings/settings.h"
#include "maitred/store/store.h"

namespace maitred {

// Bound to one thread.
class Shop {
 public:
  // Opens the store and restores visits. Errors: those of the store.
  static Result<std::unique_ptr<Shop>> open(const Settings& settings, const KeyAccess& key);

  const Settings& settings() const { return settings_; }
  Store& store() { return store_; }
  VisitDesk& desk() { return *desk_; }
  // Reads the templates at the first call. Errors: those of Recognition::load.
  Result<Recognition*> recognition();
  // A customer was enrolled, changed or has gone: the gallery follows, if it has been read.
  Status customer_changed(const CustomerId& id);

 private:
  Shop(const Settings& settings, Store store) : settings_(settings), store_(std::move(store)) {}

  const Settings settings_;
  Store store_;
  std::unique_ptr<VisitDesk> desk_;
  std::unique_ptr<Recognition> recognition_;
};

// The present.
WallTime wall_now();

}  // namespace maitred
