// Proof of an erasure, signed by the store.
#pragma once

#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// All fields as they stand in the JSON text.
struct Receipt {
  std::string store;       // id of the store
  std::string customer;    // id of the erased customer
  std::string erased_at;   // ISO 8601 UTC
  std::string rows;        // number of deleted rows
  std::string epoch;       // the key epoch that began; the keys of earlier ones are destroyed
  std::string public_key;  // Ed25519, base64
  std::string signature;   // Ed25519 over all other fields, base64
};

// The receipt as one JSON object on one line, with the fields in the order above.
std::string receipt_text(const Receipt& receipt);

// Reads a receipt and checks its signature. If `expected_key` is not empty, the receipt must carry
// this public key (Store::signing_key). Pure. Errors:
// - receipt_malformed (kInput): not a receipt
// - receipt_invalid (kNo): the signature does not fit, or is another store's
Result<Receipt> verify_receipt(std::string_view text, std::string_view expected_key = {});

}  // namespace maitred
