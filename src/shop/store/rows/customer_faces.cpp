// Customers: templates and photos.
#include "customer_faces.h"

#include <fmt/format.h>

#include "customer_rows.h"
#include "maitred/shop/store/customers.h"

namespace maitred {
namespace {

// The number in the first row of a query, such as a count.
template <class... Values>
Result<std::uint64_t> one_number(Vault& vault, std::string_view literal, const Values&... values) {
  Query row(vault.database(), literal, values...);
  MAITRED_TRY(row.next());
  return row.count(0);
}

}  // namespace

Status insert_template(Vault& vault, const CustomerId& id, std::uint64_t number,
                       const Template& rotated) {
  MAITRED_ASSIGN(const Bytes sealed,
                 vault.write_for(id, {"templates", row_of(id, number)}, rotated));
  return Query(vault.database(), "INSERT INTO templates VALUES (?1, ?2, ?3, ?4)", id.value, number,
               rotated.engine(), sealed)
      .run();
}

Status insert_photo(Vault& vault, const CustomerId& id, std::uint64_t number, const Bytes& photo) {
  MAITRED_ASSIGN(const Bytes sealed, vault.seal_for(id, {"photos", row_of(id, number)}, photo));
  return Query(vault.database(), "INSERT INTO photos VALUES (?1, ?2, ?3)", id.value, number, sealed)
      .run();
}

Result<std::vector<Template>> read_templates(Vault& vault, const CustomerId& id) {
  Query rows(vault.database(),
             "SELECT number, sealed FROM templates WHERE customer = ?1 ORDER BY number", id.value);
  std::vector<Template> templates;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return templates;
    MAITRED_ASSIGN(
        Template rotated,
        vault.read_for<Template>(id, {"templates", row_of(id, rows.count(0))}, rows.blob(1)));
    templates.push_back(std::move(rotated));
  }
}

Status delete_photos(Vault& vault, const CustomerId& id) {
  return Query(vault.database(), "DELETE FROM photos WHERE customer = ?1", id.value).run();
}

Status Customers::replace_templates(const CustomerId& id, const std::vector<Template>& templates,
                                    const Actor& actor, OtherEngines others) {
  return vault_.transact([&]() -> Status {
    MAITRED_TRY(read_customer_record(vault_, id));
    MAITRED_ASSIGN(const std::uint64_t last,
                   one_number(vault_,
                              "SELECT ifnull(max(number), 0) FROM templates WHERE customer = ?1 "
                              "AND number < ?2",
                              id.value, kFirstLearned));
    for (const Template& plain : templates) {
      MAITRED_TRY(Query(vault_.database(),
                        "DELETE FROM templates WHERE customer = ?1 AND engine = ?2 AND "
                        "(number <= ?3 OR number >= ?4)",
                        id.value, plain.engine(), last, kFirstLearned)
                      .run());
    }
    if (others == OtherEngines::kGo) {
      MAITRED_TRY(
          Query(vault_.database(), "DELETE FROM templates WHERE customer = ?1", id.value).run());
    }
    std::uint64_t number = last;
    for (const Template& plain : templates) {
      MAITRED_TRY(insert_template(vault_, id, ++number, vault_.rotation().rotate(plain)));
    }
    return AuditChain(vault_).append(actor, "update", id.value,
                                     fmt::format("{} templates", templates.size()));
  });
}

Result<std::vector<Template>> Customers::templates(const CustomerId& id) const {
  MAITRED_TRY(read_customer_record(vault_, id));
  return read_templates(vault_, id);
}

Result<std::vector<std::vector<std::uint8_t>>> Customers::photos(const CustomerId& id) const {
  MAITRED_TRY(read_customer_record(vault_, id));
  Query rows(vault_.database(),
             "SELECT number, sealed FROM photos WHERE customer = ?1 ORDER BY number", id.value);
  std::vector<std::vector<std::uint8_t>> photos;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return photos;
    MAITRED_ASSIGN(const ClearBytes photo,
                   vault_.open_for(id, {"photos", row_of(id, rows.count(0))}, rows.blob(1)));
    photos.emplace_back(photo.begin(), photo.end());
  }
}

Result<std::uint64_t> Customers::photo_count(const CustomerId& id) const {
  MAITRED_TRY(read_customer_record(vault_, id));
  return one_number(vault_, "SELECT count(*) FROM photos WHERE customer = ?1", id.value);
}

Status Customers::replace_photos(const CustomerId& id,
                                 const std::vector<std::vector<std::uint8_t>>& photos,
                                 const Actor& actor) {
  return vault_.transact([&]() -> Status {
    MAITRED_TRY(read_customer_record(vault_, id));
    MAITRED_TRY(delete_photos(vault_, id));
    std::uint64_t number = 0;
    for (const auto& photo : photos) MAITRED_TRY(insert_photo(vault_, id, ++number, photo));
    return AuditChain(vault_).append(actor, "update", id.value,
                                     fmt::format("{} photos", photos.size()));
  });
}

Status Customers::learn_template(const CustomerId& id, const Template& rotated, std::size_t most,
                                 const Actor& actor) {
  return vault_.transact([&]() -> Status {
    MAITRED_TRY(read_customer_record(vault_, id));
    MAITRED_ASSIGN(const std::uint64_t next,
                   one_number(vault_,
                              "SELECT ifnull(max(number) + 1, ?2) FROM templates "
                              "WHERE customer = ?1 AND number >= ?2",
                              id.value, kFirstLearned));
    // The newest templates replace the oldest: faces change.
    MAITRED_TRY(insert_template(vault_, id, next, rotated));
    MAITRED_TRY(Query(vault_.database(),
                      "DELETE FROM templates WHERE customer = ?1 AND number IN (SELECT number FROM "
                      "templates WHERE customer = ?1 AND engine = ?2 AND number >= ?3 "
                      "ORDER BY number DESC LIMIT -1 OFFSET ?4)",
                      id.value, rotated.engine(), kFirstLearned, static_cast<std::uint64_t>(most))
                    .run());
    return AuditChain(vault_).append(actor, "update", id.value, "template of a confirmed visit");
  });
}

Result<std::uint64_t> Customers::learned_count(const CustomerId& id) const {
  MAITRED_TRY(read_customer_record(vault_, id));
  return one_number(vault_, "SELECT count(*) FROM templates WHERE customer = ?1 AND number >= ?2",
                    id.value, kFirstLearned);
}

Result<std::uint64_t> Customers::forget_learned(const CustomerId& id, const Actor& actor) {
  MAITRED_ASSIGN(const std::uint64_t count, learned_count(id));
  const Status done = vault_.transact([&]() -> Status {
    MAITRED_TRY(Query(vault_.database(),
                      "DELETE FROM templates WHERE customer = ?1 AND number >= ?2", id.value,
                      kFirstLearned)
                    .run());
    return AuditChain(vault_).append(actor, "update", id.value,
                                     fmt::format("{} templates of visits deleted", count));
  });
  MAITRED_TRY(done);
  return count;
}

}  // namespace maitred
