// The shop: store, gallery, visits and staff's answers, as the daemon and an offline maitredctl use
// them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "maitred/base/result.h"
#include "maitred/settings/settings.h"
#include "maitred/shop/desk/recognition.h"
#include "maitred/shop/desk/vigilance.h"
#include "maitred/shop/desk/visit_desk.h"
#include "maitred/shop/store/backup.h"
#include "maitred/shop/store/restore.h"
#include "maitred/shop/store/store.h"

namespace maitred {

// Finds customers by the id that another system has for them. The store holds these ids sealed, so
// the index exists in memory only.
class ExternalIds {
 public:
  void set(const CustomerId& id, const std::string& external);  // "" removes it
  std::optional<CustomerId> find(const std::string& external) const;

 private:
  std::unordered_map<std::string, CustomerId> customers_;
  std::unordered_map<CustomerId, std::string> externals_;
};

// The time of the store's newest entry, if it lies so far ahead of `now` that the clock must be
// wrong, or have been wrong then.
Result<std::optional<WallTime>> entry_ahead(const Store& store, WallTime now);

// Bound to one thread.
class Shop {
 public:
  // Opens the store and restores visits. Errors: those of the store.
  static Result<std::unique_ptr<Shop>> open(const Settings& settings, const KeyAccess& key);

  const Settings& settings() const { return settings_; }
  // Switches to another engine and the templates that the store has for it. The present engine
  // stays if that fails. Errors: those of Recognition::load.
  Status use_engine(const std::string& engine);
  // Takes over settings that may change while the store is open. Requires that the others are
  // unchanged.
  Status reload(const Settings& fresh);
  Store& store() { return store_; }
  const PrivacySettings& privacy() const { return settings_.privacy; }
  // The key that the store was opened with.
  const KeyAccess& key() const { return key_; }
  VisitDesk& desk() { return *desk_; }
  // Handles a recognised customer, unless wrong-person reports have suspended the camera or the
  // customer. Requires that the templates are read. Errors: those of VisitDesk::arrive.
  Status arrive(const Match& match);
  Vigilance& vigilance() { return *vigilance_; }
  // The target of false alerts, and the number of customers who share it.
  Result<AlertTarget> alert_target();
  // Reads the templates at the first call. Errors: those of Recognition::load.
  Result<Recognition*> recognition();
  // Updates the gallery after a customer was enrolled, changed or erased, if it has been read.
  Status customer_changed(const CustomerId& id);
  // The customer with this id of another system, if there is one. Reads every customer at the first
  // call.
  Result<std::optional<CustomerId>> by_external(const std::string& external);

  // "ID", "loyalty:ID" or "external:ID". Errors: unknown_customer (kInput), for the latter two;
  // those of the store.
  Result<CustomerId> customer_named(const std::string& reference);

  // Puts a backup in the place of the open store, in steps: call restore_step until it has
  // finished. Gallery and visits are then read again; whoever holds the Recognition must ask for it
  // again. The shop must outlive the Restore. Errors: those of Restore.
  Result<std::unique_ptr<Restore>> begin_restore(RestoreOptions options, const Actor& actor);
  Result<StepProgress> restore_step(Restore& restore, const Actor& actor);

  // When retention last finished.
  std::optional<WallTime> last_retention() const;
  Status note_retention(WallTime at);
  // When a backup was last completed and verified.
  std::optional<WallTime> last_backup() const;
  Status note_backup(WallTime at);

 private:
  Shop(const Settings& settings, Store store, KeyAccess key)
      : settings_(settings), key_(std::move(key)), store_(std::move(store)) {}

  Status on_visit_closed(const Visit& visit, const Actor& actor);
  Status learn_visit_template(const CustomerId& id, const Actor& actor);

  Settings settings_;
  const KeyAccess key_;
  Store store_;
  std::optional<Vigilance> vigilance_;
  std::unique_ptr<VisitDesk> desk_;
  std::unique_ptr<Recognition> recognition_;
  std::optional<ExternalIds> external_ids_;
};

}  // namespace maitred
