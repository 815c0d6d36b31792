// Signatures of the store (Ed25519): of receipts and of backups. Each has a key pair of its own,
// from a subkey.
#pragma once

#include "sealing.h"

namespace maitred {

// The public half of the pair that belongs to a seed of 32 bytes.
Bytes signing_public_key(ByteView seed);
// The signature, 64 bytes.
Bytes sign(ByteView seed, ByteView message);
// False too for a key or signature of another length.
bool signature_fits(ByteView public_key, ByteView message, ByteView signature);

}  // namespace maitred
