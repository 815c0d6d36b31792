// The verbs of maitredctl that need the store, as JSON in and JSON out: the same code in the
// running daemon and without it.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "maitred/admin/admin_task.h"
#include "maitred/base/result.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {

// Bound to the shop's thread; the shop must outlive it.
class Admin {
 public:
  explicit Admin(Shop& shop);

  // What only a running daemon knows; it is merged into `status`.
  void set_live_status(std::function<nlohmann::json()> live) { live_status_ = std::move(live); }

  // `args` is an object. Errors: bad_usage (kInput) for an unknown verb or a field that is missing
  // or of the wrong type; those of the verb.
  Result<nlohmann::json> run(std::string_view verb, const nlohmann::json& args, const Actor& actor);

  // Long work: backup, key_rotate, retention. Null for a verb that `run` answers at once.
  Result<std::unique_ptr<AdminTask>> begin(std::string_view verb, const nlohmann::json& args,
                                           const Actor& actor);
  // Either kind, to its end.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
  Result<nlohmann::json> run_to_end(std::string_view verb, const nlohmann::json& args,
                                    const Actor& actor, const Progress& progress);

 private:
  using Verb = Result<nlohmann::json> (Admin::*)(const nlohmann::json& args, const Actor& actor);
  using Json = nlohmann::json;

  Result<Json> check_enrolment(const Json& args, const Actor& actor);
  Result<Json> enrol(const Json& args, const Actor& actor);
  Result<Json> list(const Json& args, const Actor& actor);
  Result<Json> show(const Json& args, const Actor& actor);
  Result<Json> update(const Json& args, const Actor& actor);
  Result<Json> resume(const Json& args, const Actor& actor);
  Result<Json> engine_members(const Json& args, const Actor& actor);
  Result<Json> kept_photos(const Json& args, const Actor& actor);
  Result<Json> reembed(const Json& args, const Actor& actor);
  Result<Json> ask(const Json& args, const Actor& actor);
  Result<Json> purchase(const Json& args, const Actor& actor);
  Result<Json> note(const Json& args, const Actor& actor);
  Result<Json> appointment(const Json& args, const Actor& actor);
  Result<Json> consent_show(const Json& args, const Actor& actor);
  Result<Json> consent_renew(const Json& args, const Actor& actor);
  Result<Json> consent_withdraw(const Json& args, const Actor& actor);
  Result<Json> consent_receipt(const Json& args, const Actor& actor);
  Result<Json> consent_text_add(const Json& args, const Actor& actor);
  Result<Json> consent_text_list(const Json& args, const Actor& actor);
  Result<Json> consent_text_show(const Json& args, const Actor& actor);
  // True also while no text at all is on record.
  Result<bool> text_on_record(const std::string& version) const;
  // Where it is not, a warning for whoever takes the consent.
  Status warn_of_missing_text(const std::string& version, Json& warnings) const;
  Result<Json> forget(const Json& args, const Actor& actor);
  Result<Json> receipt(const Json& args, const Actor& actor);
  Result<Json> export_customer(const Json& args, const Actor& actor);
  Result<Json> identify(const Json& args, const Actor& actor);
  Result<Json> verify(const Json& args, const Actor& actor);
  Result<Json> visits(const Json& args, const Actor& actor);
  Result<Json> alerts(const Json& args, const Actor& actor);
  Result<Json> report(const Json& args, const Actor& actor);
  Result<Json> feedback(const Json& args, const Actor& actor);
  Result<Json> audit(const Json& args, const Actor& actor);
  Result<Json> audit_verify(const Json& args, const Actor& actor);
  Result<Json> restore(const Json& args, const Actor& actor);
  Result<Json> backup_fetched(const Json& args, const Actor& actor);
  Result<Json> key_slots(const Json& args, const Actor& actor);
  Result<Json> key_slot_add(const Json& args, const Actor& actor);
  Result<Json> key_slot_remove(const Json& args, const Actor& actor);
  Result<Json> staff_add(const Json& args, const Actor& actor);
  Result<Json> staff_revoke(const Json& args, const Actor& actor);
  Result<Json> staff_list(const Json& args, const Actor& actor);
  Result<Json> rule_list(const Json& args, const Actor& actor);
  Result<Json> rule_test(const Json& args, const Actor& actor);
  Result<Json> status(const Json& args, const Actor& actor);

  // Error: external_taken (kInput), by another than `by`.
  Status check_external(const std::string& external, const CustomerId& by);

  Shop& shop_;
  std::map<std::string, Verb, std::less<>> verbs_;
  std::function<nlohmann::json()> live_status_;
};

// The arguments of `restore`, which also works without a store. Error: bad_usage.
Result<RestoreOptions> read_restore(const nlohmann::json& args, const Settings& settings,
                                    KeyAccess own);
nlohmann::json restore_json(const RestoreReport& report);

}  // namespace maitred
