#include "customer_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/text.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestLoyalty = 100;
constexpr std::size_t kLongestTier = 64;
constexpr std::size_t kLongestProfileNote = 500;
constexpr std::size_t kMostPreferences = 32;
constexpr std::size_t kLongestPreferenceKey = 64;
constexpr std::size_t kLongestPreference = 200;

Status read_entries(Vault& vault, Customer& customer) {
  Query rows(vault.database(),
             "SELECT kind, number, sealed FROM entries WHERE customer = ?1 ORDER BY kind, number",
             customer.id.value);
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return {};
    const std::string kind = rows.text(0);
    const Place place{"entries", fmt::format("{}/{}/{}", customer.id.value, kind, rows.number(1))};
    if (kind == "ask") {
      MAITRED_ASSIGN(Ask ask, vault.read_for<Ask>(customer.id, place, rows.blob(2)));
      customer.asks.push_back(std::move(ask));
    } else if (kind == "purchase") {
      MAITRED_ASSIGN(Purchase bought, vault.read_for<Purchase>(customer.id, place, rows.blob(2)));
      customer.purchases.push_back(std::move(bought));
    } else if (kind == "appointment") {
      MAITRED_ASSIGN(Appointment booked,
                     vault.read_for<Appointment>(customer.id, place, rows.blob(2)));
      customer.appointments.push_back(std::move(booked));
    } else {
      return vault.corrupt("entries", place.row);
    }
  }
}

}  // namespace

tl::unexpected<Error> unknown_customer(const CustomerId& id) {
  // The given text may be anything, even a name. Only text that looks like an id goes into a
  // message.
  const bool is_id =
      id.value.size() <= 16 && std::all_of(id.value.begin(), id.value.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '2' && letter <= '7');
      });
  return input_error("unknown_customer",
                     fmt::format("there is no customer {}: see maitredctl list",
                                 is_id ? id.value : std::string("with that id")));
}

std::string row_of(const CustomerId& id, std::uint64_t number) {
  return fmt::format("{}/{}", id.value, number);
}

Result<CustomerRecord> read_customer_record(Vault& vault, const CustomerId& id) {
  Query row(vault.database(), "SELECT sealed FROM customers WHERE id = ?1", id.value);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return unknown_customer(id);
  return read_customer_record(vault, id, row.blob(0));
}

Result<CustomerRecord> read_customer_record(Vault& vault, const CustomerId& id, ByteView sealed) {
  return vault.read_for<CustomerRecord>(id, {"customers", id.value}, sealed);
}

Status write_customer_record(Vault& vault, const CustomerId& id, const CustomerRecord& record) {
  MAITRED_ASSIGN(const Bytes sealed, vault.write_for(id, {"customers", id.value}, record));
  return Query(vault.database(), "UPDATE customers SET sealed = ?2 WHERE id = ?1", id.value, sealed)
      .run();
}

Status reindex_customer(Vault& vault, const CustomerId& id) {
  MAITRED_ASSIGN(const CustomerRecord record, read_customer_record(vault, id));
  const std::string normalised = normalised_loyalty(record.profile.loyalty);
  if (normalised.empty()) return {};
  return Query(vault.database(), "UPDATE customers SET loyalty = ?2 WHERE id = ?1", id.value,
               vault.blind(Purpose::kBlindIndex, normalised))
      .run();
}

Result<Consent> read_consent(Vault& vault, const CustomerId& id) {
  Query row(vault.database(),
            "SELECT number, sealed FROM consents WHERE customer = ?1 ORDER BY number DESC LIMIT 1",
            id.value);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return vault.corrupt("consents", row_of(id, 1));
  return vault.read_for<Consent>(id, {"consents", row_of(id, row.count(0))}, row.blob(1));
}

Status add_consent(Vault& vault, const CustomerId& id, const Consent& consent) {
  Query last(vault.database(), "SELECT ifnull(max(number), 0) FROM consents WHERE customer = ?1",
             id.value);
  MAITRED_TRY(last.next());
  const std::uint64_t number = last.count(0) + 1;
  MAITRED_ASSIGN(const Bytes sealed,
                 vault.write_for(id, {"consents", row_of(id, number)}, consent));
  return Query(vault.database(), "INSERT INTO consents VALUES (?1, ?2, ?3)", id.value, number,
               sealed)
      .run();
}

Result<Customer> read_customer(Vault& vault, const CustomerId& id) {
  MAITRED_ASSIGN(CustomerRecord record, read_customer_record(vault, id));
  MAITRED_ASSIGN(Consent consent, read_consent(vault, id));
  Customer customer = assemble(id, std::move(record), std::move(consent));
  MAITRED_TRY(read_entries(vault, customer));
  return customer;
}

Customer assemble(const CustomerId& id, CustomerRecord record, Consent consent) {
  Customer customer;
  customer.id = id;
  customer.profile = std::move(record.profile);
  customer.enrolled = record.enrolled;
  customer.last_visit = record.last_visit;
  customer.caution = std::move(record.caution);
  customer.consent = std::move(consent);
  return customer;
}

std::string normalised_loyalty(std::string_view loyalty) {
  std::string text(trimmed(loyalty));
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return text;
}

Status check_text(std::string_view field, std::string_view value, std::size_t longest,
                  bool may_be_empty) {
  if (!may_be_empty && trimmed(value).empty()) {
    return input_error("field_invalid", fmt::format("the {} is empty: give one", field));
  }
  if (value.size() > longest) {
    return input_error("field_invalid",
                       fmt::format("the {} is longer than {} bytes", field, longest));
  }
  return {};
}

Status check_profile(const Profile& profile) {
  MAITRED_TRY(check_text("name", profile.name, kLongestName, false));
  MAITRED_TRY(check_text("loyalty id", profile.loyalty, kLongestLoyalty, true));
  MAITRED_TRY(check_text("tier", profile.tier, kLongestTier, true));
  MAITRED_TRY(check_text("note", profile.note, kLongestProfileNote, true));
  MAITRED_TRY(check_text("external id", profile.external, kLongestExternal, true));
  if (profile.preferences.size() > kMostPreferences) {
    return input_error("field_invalid",
                       fmt::format("more than {} preferences are not kept", kMostPreferences));
  }
  for (const auto& [key, value] : profile.preferences) {
    MAITRED_TRY(check_text("name of a preference", key, kLongestPreferenceKey, false));
    MAITRED_TRY(check_text("value of a preference", value, kLongestPreference, true));
  }
  return {};
}

}  // namespace maitred
