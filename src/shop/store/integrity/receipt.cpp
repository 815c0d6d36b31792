#include "maitred/shop/store/receipt.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>

#include "maitred/base/file.h"
#include "maitred/base/secret.h"
#include "src/shop/store/keys/receipt_signing.h"

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

struct KeyPair {
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_key{};
  SecretBytes secret_key{crypto_sign_SECRETKEYBYTES};
};

KeyPair key_pair(ByteView seed) {
  static_assert(kKeyBytes == crypto_sign_SEEDBYTES);
  KeyPair pair;
  crypto_sign_seed_keypair(pair.public_key.data(), pair.secret_key.data(), seed.data());
  return pair;
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
  const std::string message = signed_text(receipt);
  if (crypto_sign_verify_detached(signature.data(), bytes_of(message).data(), message.size(),
                                  key.data()) != 0) {
    return clean_no("receipt_invalid", "the signature does not fit: the receipt was altered");
  }
  if (!expected_key.empty() && receipt.public_key != expected_key) {
    return clean_no("receipt_invalid", "the receipt is genuine, but of another store");
  }
  return receipt;
}

std::string receipt_public_key(ByteView seed) { return to_base64(key_pair(seed).public_key); }

void sign_receipt(Receipt& receipt, ByteView seed) {
  const KeyPair pair = key_pair(seed);
  receipt.public_key = to_base64(pair.public_key);
  const std::string message = signed_text(receipt);
  std::array<std::uint8_t, crypto_sign_BYTES> signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes_of(message).data(), message.size(),
                       pair.secret_key.data());
  receipt.signature = to_base64(signature);
}

}  // namespace maitred
