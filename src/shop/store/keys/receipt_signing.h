// Signing receipts.
#pragma once

#include <string>

#include "maitred/shop/store/receipt.h"
#include "sealing.h"

namespace maitred {

// The Ed25519 public key that belongs to a seed of 32 bytes, base64.
std::string receipt_public_key(ByteView seed);

// Fills in public key and signature.
void sign_receipt(Receipt& receipt, ByteView seed);

}  // namespace maitred
