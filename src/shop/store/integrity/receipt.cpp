#include "maitred/shop/store/receipt.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>

#include "maitred/base/file.h"
#include "src/shop/store/keys/receipt_signing.h"
#include "src/shop/store/keys/signing.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestReceipt = 4096;

struct Field {
  const char* name;
  std::string Receipt::*value;
};

constexpr std::array<Field, 7> kFields = {{{"store", &Receipt::store},
                                           {"customer", &Receipt::customer},
                                           {"erased_at", &Receipt::erased_at},
                                           {"rows", &Receipt::rows},
                                           {"epoch", &Receipt::epoch},
                                           {"public_key", &Receipt::public_key},
                                           {"signature", &Receipt::signature}}};

// The text that is signed. Each field stands after its length, so that it cannot be read in two
// ways.
std::string signed_text(const Receipt& receipt) {
  std::string text = "maitred erasure receipt 1\n";
  for (const Field& field : kFields) {
    const std::string& value = receipt.*field.value;
    if (field.value == &Receipt::signature) continue;
    text += fmt::format("{}={}:{}\n", field.name, value.size(), value);
  }
  return text;
}

// Accepts only the canonical base64 of the bytes, so that no character can be altered.
Result<Bytes> decode(const std::string& text, std::size_t length) {
  auto bytes = from_base64(text);
  if (!bytes || bytes->size() != length || to_base64(*bytes) != text) {
    return input_error("receipt_malformed", "the key or signature of the receipt is not readable");
  }
  return bytes;
}

Result<Receipt> parse(std::string_view text) {
  const auto malformed = [] {
    return input_error("receipt_malformed",
                       "this is not a receipt of maitred: give the file that forget wrote");
  };
  if (text.size() > kLongestReceipt) return malformed();
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object() || object.size() != kFields.size()) return malformed();
  Receipt receipt;
  for (const Field& field : kFields) {
    const auto found = object.find(field.name);
    if (found == object.end() || !found->is_string()) return malformed();
    receipt.*field.value = found->get<std::string>();
  }
  return receipt;
}

}  // namespace

std::string receipt_text(const Receipt& receipt) {
  nlohmann::ordered_json object;
  for (const Field& field : kFields) object[field.name] = receipt.*field.value;
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<Receipt> verify_receipt(std::string_view text, std::string_view expected_key) {
  MAITRED_ASSIGN(Receipt receipt, parse(text));
  MAITRED_ASSIGN(const Bytes key, decode(receipt.public_key, crypto_sign_PUBLICKEYBYTES));
  MAITRED_ASSIGN(const Bytes signature, decode(receipt.signature, crypto_sign_BYTES));
  if (!signature_fits(key, bytes_of(signed_text(receipt)), signature)) {
    return clean_no("receipt_invalid", "the signature does not fit: the receipt was altered");
  }
  if (!expected_key.empty() && receipt.public_key != expected_key) {
    return clean_no("receipt_invalid", "the receipt is genuine, but of another store");
  }
  return receipt;
}

std::string receipt_public_key(ByteView seed) { return to_base64(signing_public_key(seed)); }

void sign_receipt(Receipt& receipt, ByteView seed) {
  receipt.public_key = receipt_public_key(seed);
  receipt.signature = to_base64(sign(seed, bytes_of(signed_text(receipt))));
}

}  // namespace maitred
