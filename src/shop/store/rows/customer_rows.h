// Reads and writes the rows of one customer; shared by the parts of the store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/types/customer.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

tl::unexpected<Error> unknown_customer(const CustomerId& id);

// Error: unknown_customer.
Result<CustomerRecord> read_customer_record(Vault& vault, const CustomerId& id);
Result<CustomerRecord> read_customer_record(Vault& vault, const CustomerId& id, ByteView sealed);
Status write_customer_record(Vault& vault, const CustomerId& id, const CustomerRecord& record);
// Writes the index of the loyalty id again, under the present seed.
Status reindex_customer(Vault& vault, const CustomerId& id);

// The newest consent counts.
Result<Consent> read_consent(Vault& vault, const CustomerId& id);
Status add_consent(Vault& vault, const CustomerId& id, const Consent& consent);

// Reads everything but templates and photos. Errors: unknown_customer, store_corrupt.
Result<Customer> read_customer(Vault& vault, const CustomerId& id);
// Builds a customer without asks, purchases and appointments.
Customer assemble(const CustomerId& id, CustomerRecord record, Consent consent);

// The row of an entry with this number, for its Place: "ID/3".
std::string row_of(const CustomerId& id, std::uint64_t number);

// Longest id of another system, in bytes.
inline constexpr std::size_t kLongestExternal = 200;

// The loyalty id without outer blanks, in upper case.
std::string normalised_loyalty(std::string_view loyalty);

// Check the limits of fields. Error: field_invalid.
Status check_text(std::string_view field, std::string_view value, std::size_t longest,
                  bool may_be_empty);
Status check_profile(const Profile& profile);

}  // namespace maitred
