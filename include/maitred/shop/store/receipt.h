// Proof of an erasure, signed by the store.
#pragma once

#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// All fields as they stand in the JSON text.
struct Receipt {
  std::string store;       // id of the store
  std::string customer;    // id that was erased
  std::string erased_at;   // ISO 8601 UTC
  std::string rows;        // how many rows went
  std::string epoch;       // the key epoch that began; keys of earlier ones are destroyed
  std::string public_key;  // Ed25519, base64
  std::string signature;   // Ed25519 over all other fields, base64
};

// One JSON object on one line, the fields in the order above.
std::string receipt_text(const Receipt& receipt);

// Reads the object and checks its signature. `expected_key`, if not empty, is the store's
// public key (Store::signing_key) the receipt must carry. Pure. Errors:
// - receipt_malformed (kInput): not a receipt
// - receipt_invalid (kNo): the signature does not fit, or is another store's
Result<Receipt> verify_receipt(std::string_view text, std::string_view expected_key = {});

}  // namespace maitred
