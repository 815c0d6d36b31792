// Customers: enrolment, queries, profile and consent.
#include "maitred/shop/store/customers.h"

#include <fmt/format.h>

#include "customer_faces.h"
#include "customer_rows.h"
#include "customer_walk.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {
namespace {

constexpr std::size_t kIdLength = 8;

Bytes tombstone_of(const Vault& vault, const CustomerId& id) {
  return vault.blind(Purpose::kTombstones, id.value);
}

// An id that is not in use and never was.
Result<CustomerId> fresh_id(Vault& vault) {
  for (;;) {
    CustomerId id(random_id(kIdLength));
    Query taken(vault.database(),
                "SELECT 1 FROM customers WHERE id = ?1 UNION ALL "
                "SELECT 1 FROM tombstones WHERE id = ?2",
                id.value, tombstone_of(vault, id));
    MAITRED_ASSIGN(const bool found, taken.next());
    if (!found) return id;
  }
}

Result<std::optional<CustomerId>> holder_of(Vault& vault, std::string_view loyalty) {
  const std::string normalised = normalised_loyalty(loyalty);
  if (normalised.empty()) return std::nullopt;
  // A rotation of keys under way has not reached every customer.
  Query row(vault.database(), "SELECT id FROM customers WHERE loyalty IN (?1, ?2)",
            vault.blind(Purpose::kBlindIndex, normalised),
            vault.former_blind(Purpose::kBlindIndex, normalised));
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return std::nullopt;
  return CustomerId(row.text(0));
}

// The blind index of the loyalty id; nothing for an empty one. Error: loyalty_taken.
Result<std::optional<Bytes>> claim_loyalty(Vault& vault, std::string_view loyalty,
                                           const CustomerId& by) {
  MAITRED_ASSIGN(const auto holder, holder_of(vault, loyalty));
  if (holder.has_value() && *holder != by) {
    return input_error(
        "loyalty_taken",
        fmt::format("the loyalty id belongs to customer {}: update that customer, or "
                    "give another loyalty id",
                    holder->value));
  }
  const std::string normalised = normalised_loyalty(loyalty);
  if (normalised.empty()) return std::nullopt;
  return vault.blind(Purpose::kBlindIndex, normalised);
}

Status insert_customer(Vault& vault, const CustomerId& id, const NewCustomer& customer,
                       const Actor& actor) {
  MAITRED_ASSIGN(const auto loyalty, claim_loyalty(vault, customer.profile.loyalty, id));
  // The key refers to the row, and the row is sealed with the key. So the row is inserted empty
  // first.
  MAITRED_TRY(Query(vault.database(),
                    "INSERT INTO customers (id, loyalty, sealed) VALUES (?1, ?2, ?3)", id.value,
                    loyalty, Bytes())
                  .run());
  MAITRED_TRY(vault.make_key(id));
  MAITRED_TRY(write_customer_record(vault, id, {customer.profile, actor.at, std::nullopt, {}}));
  MAITRED_TRY(add_consent(vault, id, customer.consent));
  std::uint64_t number = 0;
  for (const Template& plain : customer.templates) {
    MAITRED_TRY(insert_template(vault, id, ++number, vault.rotation().rotate(plain)));
  }
  number = 0;
  for (const auto& photo : customer.photos) MAITRED_TRY(insert_photo(vault, id, ++number, photo));
  return {};
}

}  // namespace

Result<CustomerId> Customers::enrol(const NewCustomer& customer, const Actor& actor) {
  MAITRED_TRY(check_profile(customer.profile));
  CustomerId id;
  const Status done = vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(id, fresh_id(vault_));
    MAITRED_TRY(insert_customer(vault_, id, customer, actor));
    return AuditChain(vault_).append(
        actor, "enrol", id.value,
        fmt::format("{} templates, {} photos", customer.templates.size(), customer.photos.size()));
  });
  MAITRED_TRY(done);
  return id;
}

Result<Customer> Customers::find(const CustomerId& id) const { return read_customer(vault_, id); }

Result<std::optional<CustomerId>> Customers::by_loyalty(std::string_view loyalty) const {
  return holder_of(vault_, loyalty);
}

Result<std::uint64_t> Customers::count() const {
  Query row(vault_.database(), "SELECT count(*) FROM customers");
  MAITRED_TRY(row.next());
  return row.count(0);
}

Result<std::vector<CustomerSummary>> Customers::list(const CustomerPage& page) const {
  Query rows(vault_.database(), "SELECT id, sealed, n FROM customers WHERE n > ?1 ORDER BY n",
             page.after);
  std::vector<CustomerSummary> summaries;
  for (;;) {
    if (page.limit != 0 && summaries.size() == page.limit) return summaries;
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return summaries;
    const CustomerId id(rows.text(0));
    MAITRED_ASSIGN(CustomerRecord record, read_customer_record(vault_, id, rows.blob(1)));
    MAITRED_ASSIGN(const Consent consent, read_consent(vault_, id));
    summaries.push_back({id, std::move(record.profile.name), std::move(record.profile.loyalty),
                         record.enrolled, consent.expires, consent.withdrawn, record.last_visit,
                         rows.count(2)});
  }
}

Status Customers::for_each(const std::function<void(Customer&&)>& visitor) const {
  CustomerWalk walk(vault_);
  for (;;) {
    MAITRED_ASSIGN(const bool found, walk.next());
    if (!found) return {};
    MAITRED_ASSIGN(Customer customer, walk.customer());
    visitor(std::move(customer));
  }
}

Status Customers::for_each_with_templates(
    std::string_view engine,
    const std::function<Status(Customer&&, std::vector<Template>&&)>& visitor) const {
  CustomerWalk walk(vault_);
  for (;;) {
    MAITRED_ASSIGN(const bool found, walk.next());
    if (!found) return {};
    MAITRED_ASSIGN(Customer customer, walk.customer());
    MAITRED_ASSIGN(std::vector<Template> templates, walk.templates(engine));
    MAITRED_TRY(visitor(std::move(customer), std::move(templates)));
  }
}

Status Customers::update_profile(const CustomerId& id, const Profile& profile, const Actor& actor) {
  MAITRED_TRY(check_profile(profile));
  return vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(CustomerRecord record, read_customer_record(vault_, id));
    MAITRED_ASSIGN(const auto loyalty, claim_loyalty(vault_, profile.loyalty, id));
    record.profile = profile;
    MAITRED_TRY(write_customer_record(vault_, id, record));
    MAITRED_TRY(Query(vault_.database(), "UPDATE customers SET loyalty = ?2 WHERE id = ?1",
                      id.value, loyalty)
                    .run());
    return AuditChain(vault_).append(actor, "update", id.value, "profile");
  });
}

Status Customers::set_caution(const CustomerId& id, const Caution& caution, const Actor& actor,
                              std::string_view detail) {
  return vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(CustomerRecord record, read_customer_record(vault_, id));
    record.caution = caution;
    MAITRED_TRY(write_customer_record(vault_, id, record));
    return AuditChain(vault_).append(actor, "caution", id.value, detail);
  });
}

Status Customers::set_consent(const CustomerId& id, const Consent& consent, const Actor& actor,
                              std::string_view detail) {
  return vault_.transact([&]() -> Status {
    MAITRED_TRY(read_customer_record(vault_, id));
    MAITRED_TRY(add_consent(vault_, id, consent));
    return AuditChain(vault_).append(actor, "consent", id.value, detail);
  });
}

Result<std::vector<Consent>> Customers::consent_history(const CustomerId& id) const {
  MAITRED_TRY(read_customer_record(vault_, id));
  Query rows(vault_.database(),
             "SELECT number, sealed FROM consents WHERE customer = ?1 ORDER BY number", id.value);
  std::vector<Consent> history;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return history;
    MAITRED_ASSIGN(Consent consent, vault_.read_for<Consent>(
                                        id, {"consents", row_of(id, rows.count(0))}, rows.blob(1)));
    history.push_back(std::move(consent));
  }
}

}  // namespace maitred
