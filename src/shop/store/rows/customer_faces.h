// Template and photo rows of one customer.
#pragma once

#include <cstdint>
#include <vector>

#include "maitred/types/template.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Template rows with this number or a higher one were learned from confirmed visits.
inline constexpr std::uint64_t kFirstLearned = 1'000'000;

// The rotated templates of all engines, ordered by number.
Result<std::vector<Template>> read_templates(Vault& vault, const CustomerId& id);
Status insert_template(Vault& vault, const CustomerId& id, std::uint64_t number,
                       const Template& rotated);
Status insert_photo(Vault& vault, const CustomerId& id, std::uint64_t number, const Bytes& photo);
Status delete_photos(Vault& vault, const CustomerId& id);

}  // namespace maitred
