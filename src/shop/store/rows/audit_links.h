// Moves the audit chain to a new seed, during a rotation of keys.
#pragma once

#include "records_json.h"
#include "src/shop/store/keys/vault.h"

namespace maitred {

// Checks, seals and links up to `rows` more rows under the present seed, and moves `state` on: call
// Vault::note_relinked with it after the commit. Requires a transaction and a former seed. Error:
// store_corrupt for a row that does not fit the chain.
Status relink_some(Vault& vault, RotationState& state, std::size_t rows);

// The old link of the row that the state has reached. Nothing if it is no link.
std::optional<Digest> old_link_of(const RotationState& state);

}  // namespace maitred
