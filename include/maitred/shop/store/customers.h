// Customers: profile, consent, templates, photos and entries for staff.
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

// A page of the list of customers: those after a row, up to a limit.
struct CustomerPage {
  std::uint64_t after = 0;
  std::size_t limit = 0;  // 0: all
};

// How long the data of a customer may be kept.
struct RetentionTerms {
  Milliseconds after_visit{};  // after the last visit; without one, after the enrolment
  // After a withdrawal of consent; if left out, after_visit counts for them too.
  std::optional<Milliseconds> after_withdrawal{};
};

// A time further ahead of the clock than this is a mistake, of a clock that was wrong or of an eye.
inline constexpr std::chrono::hours kFurthestAhead{7 * 24};
// True if the last visit or the enrolment lies further ahead of `now`: retention would come too
// late, or never. Pure.
bool is_ahead(const CustomerSummary& customer, WallTime now);

// True if the customer's data must be erased: a term is over, or the consent has expired. Pure.
bool is_due(const CustomerSummary& customer, WallTime now, const RetentionTerms& terms);

// Everything of a customer is sealed under a key of that customer's own, and is erased with it. A
// call that returns success has been written to disk. Errors of every call:
// - unknown_customer (kInput): no such id
// - store_corrupt (kEnvironment): a row does not open; names table and row
// - store_failed (kEnvironment): disk full, read-only and the like
// - field_invalid (kInput): a field is too long, empty where it must not be, or is not UTF-8
// Thread-compatible; part of a Store, which must outlive it.
class Customers {
 public:
  explicit Customers(Vault& vault) : vault_(vault) {}

  // Enrols a customer at the actor's time. Templates are plain; they are rotated and sealed here.
  // Error: loyalty_taken (kInput), naming the customer who has that loyalty id.
  Result<CustomerId> enrol(const NewCustomer& customer, const Actor& actor);

  Result<Customer> find(const CustomerId& id) const;
  // The customer with this loyalty id, if there is one. Case and outer blanks do not matter.
  Result<std::optional<CustomerId>> by_loyalty(std::string_view loyalty) const;
  Result<std::uint64_t> count() const;
  // In order of enrolment.
  Result<std::vector<CustomerSummary>> list(const CustomerPage& page = {}) const;
  // Visits all customers in order of enrolment, without asks, purchases and appointments; for
  // start-up. `visitor` must not change the store.
  Status for_each(const std::function<void(Customer&&)>& visitor) const;
  // The same with the rotated templates of one engine, which may be none. Does not check consent.
  // An error of `visitor` ends it.
  Status for_each_with_templates(
      std::string_view engine,
      const std::function<Status(Customer&&, std::vector<Template>&&)>& visitor) const;

  // Error: loyalty_taken.
  Status update_profile(const CustomerId& id, const Profile& profile, const Actor& actor);

  // Sets the result of staff's reports. `detail` is for the audit chain: "threshold raised to step
  // 1".
  Status set_caution(const CustomerId& id, const Caution& caution, const Actor& actor,
                     std::string_view detail);

  // Adds a consent; the newest one counts, and the older ones stay on record. `detail` is for the
  // audit chain: "renewed". Use Store::withdraw for a withdrawal.
  Status set_consent(const CustomerId& id, const Consent& consent, const Actor& actor,
                     std::string_view detail);
  // Oldest first.
  Result<std::vector<Consent>> consent_history(const CustomerId& id) const;

  // Each adds an entry and assigns its number. `number` in the argument is ignored.
  Result<Ask> add_ask(const CustomerId& id, Ask ask, const Actor& actor);
  Result<Purchase> add_purchase(const CustomerId& id, Purchase purchase, const Actor& actor);
  Result<Appointment> add_appointment(const CustomerId& id, Appointment appointment,
                                      const Actor& actor);
  // Closes all open asks and returns their number.
  Result<std::uint64_t> close_asks(const CustomerId& id, const Actor& actor);

  // The rotated templates (rotation.h) of all engines.
  Result<std::vector<Template>> templates(const CustomerId& id) const;
  // Replaces the templates of the same engines by these plain ones. Templates of new photos replace
  // those of the other engines too (kGo).
  enum class OtherEngines { kStay, kGo };
  Status replace_templates(const CustomerId& id, const std::vector<Template>& templates,
                           const Actor& actor, OtherEngines others = OtherEngines::kStay);

  // Sets a last visit or an enrolment that is_ahead to the actor's time, so that retention counts
  // from now.
  Status bring_back(const CustomerId& id, const Actor& actor);

  // Encoded photos, kept only with consent scope photos: a renewal without it, a withdrawal and an
  // erasure delete them.
  Result<std::vector<std::vector<std::uint8_t>>> photos(const CustomerId& id) const;
  Result<std::uint64_t> photo_count(const CustomerId& id) const;
  // Replaces the kept photos; an empty list deletes them.
  Status replace_photos(const CustomerId& id, const std::vector<std::vector<std::uint8_t>>& photos,
                        const Actor& actor);

  // Adds a rotated template of a confirmed visit (consent scope template-improvement). The newest
  // `most` such templates of an engine are kept.
  Status learn_template(const CustomerId& id, const Template& rotated, std::size_t most,
                        const Actor& actor);
  // Deletes the templates of visits and returns their number.
  Result<std::uint64_t> forget_learned(const CustomerId& id, const Actor& actor);
  Result<std::uint64_t> learned_count(const CustomerId& id) const;

 private:
  Vault& vault_;
};

}  // namespace maitred
