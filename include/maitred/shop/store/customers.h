// Customers, their consent, their templates and what staff should know of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"
#include "maitred/types/customer.h"
#include "maitred/types/ids.h"
#include "maitred/types/template.h"

namespace maitred {

class Vault;

struct NewCustomer {
  Profile profile;
  Consent consent;  // checked by the caller (consent/consent.h)
  std::vector<Template> templates;
  std::vector<std::vector<std::uint8_t>>
      photos;  // encoded images; kept only if the customer agreed
};

struct CustomerSummary {
  CustomerId id;
  std::string name;
  std::string loyalty;
  WallTime enrolled{};
  std::optional<WallTime> expires;
  std::optional<WallTime> withdrawn;
  std::optional<WallTime> last_visit;
  std::uint64_t row = 0;  // grows in order of enrolment
};

// A part of the customers: those after a row, at most so many.
struct CustomerPage {
  std::uint64_t after = 0;
  std::size_t limit = 0;  // 0: all
};

// How long what is held on a customer may be kept.
struct RetentionTerms {
  Milliseconds after_visit{};  // the last one; without one, the enrolment
  // The record of a withdrawn consent; as long as the others, if left out.
  std::optional<Milliseconds> after_withdrawal{};
};

// Whether the customer's data is due to go: one of the terms is over, or the consent has expired.
// Pure.
bool is_due(const CustomerSummary& customer, WallTime now, const RetentionTerms& terms);

// Everything of a customer is sealed under a key of that customer's own, and goes with it.
// A call that returns success has been written to disk. Errors of every call:
// - unknown_customer (kInput): no such id
// - store_corrupt (kEnvironment): a row does not open; names table and row
// - store_failed (kEnvironment): disk full, read-only and the like
// - field_invalid (kInput): a field is too long, empty where it must not be, or is not UTF-8
// Thread-compatible; part of a Store and not to outlive it.
class Customers {
 public:
  explicit Customers(Vault& vault) : vault_(vault) {}

  // Templates are plain; they are rotated and sealed here. `enrolled` becomes the actor's time.
  // Error: loyalty_taken (kInput), naming the id that has it.
  Result<CustomerId> enrol(const NewCustomer& customer, const Actor& actor);

  Result<Customer> find(const CustomerId& id) const;
  // The customer with this loyalty id, upper or lower case and outer blanks disregarded, or none.
  Result<std::optional<CustomerId>> by_loyalty(std::string_view loyalty) const;
  Result<std::uint64_t> count() const;
  // In order of enrolment.
  Result<std::vector<CustomerSummary>> list(const CustomerPage& page = {}) const;
  // In order of enrolment, without asks, purchases and appointments; for start-up. The store must
  // not be changed from within `visitor`.
  Status for_each(const std::function<void(Customer&&)>& visitor) const;
  // The same with their rotated templates of one engine, which may be none; whatever their consent
  // (the caller asks `may`). An error of `visitor` ends it.
  Status for_each_with_templates(
      std::string_view engine,
      const std::function<Status(Customer&&, std::vector<Template>&&)>& visitor) const;

  // Error: loyalty_taken.
  Status update_profile(const CustomerId& id, const Profile& profile, const Actor& actor);

  // What staff's answers led to. `detail` for the audit chain: "threshold raised to step 1", ...
  Status set_caution(const CustomerId& id, const Caution& caution, const Actor& actor,
                     std::string_view detail);

  // The newest consent counts; the older ones stay on record. `detail` for the audit chain:
  // "renewed", ... Withdrawal goes through Store::withdraw.
  Status set_consent(const CustomerId& id, const Consent& consent, const Actor& actor,
                     std::string_view detail);
  // Oldest first.
  Result<std::vector<Consent>> consent_history(const CustomerId& id) const;

  // Each gives the new entry its number. `number` in the argument is ignored.
  Result<Ask> add_ask(const CustomerId& id, Ask ask, const Actor& actor);
  Result<Purchase> add_purchase(const CustomerId& id, Purchase purchase, const Actor& actor);
  Result<Appointment> add_appointment(const CustomerId& id, Appointment appointment,
                                      const Actor& actor);
  // Error: unknown_ask (kInput). Closing a closed one is no error.
  Status close_ask(const CustomerId& id, std::uint64_t number, const Actor& actor);
  // Closes all open ones; how many there were.
  Result<std::uint64_t> close_asks(const CustomerId& id, const Actor& actor);

  // Rotated (rotation.h), as matching wants them. All engines.
  Result<std::vector<Template>> templates(const CustomerId& id) const;
  // Plain templates, in place of those of the same engines, or, when they are of new photos, of
  // all.
  enum class OtherEngines { kStay, kGo };
  Status replace_templates(const CustomerId& id, const std::vector<Template>& templates,
                           const Actor& actor, OtherEngines others = OtherEngines::kStay);

  // Sealed under the customer's key, kept only within consent scope photos: renewal without it,
  // withdrawal and erasure delete them.
  Result<std::vector<std::vector<std::uint8_t>>> photos(const CustomerId& id) const;
  Result<std::uint64_t> photo_count(const CustomerId& id) const;
  // In place of those that are kept; none deletes them.
  Status replace_photos(const CustomerId& id, const std::vector<std::vector<std::uint8_t>>& photos,
                        const Actor& actor);

  // Templates of confirmed visits, beside those of photos (consent scope template-improvement).
  // `rotated` as matching has it; at most `most` are kept of an engine, the newest.
  Status learn_template(const CustomerId& id, const Template& rotated, std::size_t most,
                        const Actor& actor);
  // How many are deleted.
  Result<std::uint64_t> forget_learned(const CustomerId& id, const Actor& actor);
  Result<std::uint64_t> learned_count(const CustomerId& id) const;

 private:
  Vault& vault_;
};

}  // namespace maitred
