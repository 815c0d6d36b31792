#include "key_slots.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "certificates.h"
#include "maitred/base/file.h"
#include "sealing.h"

namespace maitred {
namespace {

struct SlotKeys {
  Bytes public_key = Bytes(crypto_box_PUBLICKEYBYTES);
  SecretBytes secret_key{crypto_box_SECRETKEYBYTES};
};

SlotKeys slot_keys(const SecretBytes& key) {
  static_assert(crypto_box_SEEDBYTES == sizeof(Digest));
  Digest seed = keyed_hash(key.span(), "maitred slot");
  SlotKeys keys;
  crypto_box_seed_keypair(keys.public_key.data(), keys.secret_key.data(), seed.data());
  sodium_memzero(seed.data(), seed.size());
  return keys;
}

// Derives the key that two parties share, bound to both public halves.
std::optional<SecretBytes> shared_key(const SecretBytes& secret, ByteView other, ByteView passing,
                                      ByteView lasting) {
  SecretBytes point(crypto_scalarmult_BYTES);
  if (other.size() != crypto_scalarmult_BYTES ||
      crypto_scalarmult(point.data(), secret.data(), other.data()) != 0) {
    return std::nullopt;
  }
  SecretBytes key(kKeyBytes);
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, key.size());
  crypto_generichash_update(&state, point.data(), point.size());
  crypto_generichash_update(&state, passing.data(), passing.size());
  crypto_generichash_update(&state, lasting.data(), lasting.size());
  crypto_generichash_final(&state, key.data(), key.size());
  return key;
}

// `wrapped` is an ephemeral public key, then the sealed secret.
std::optional<SecretBytes> open_sealed_to(const SlotKeys& keys, const std::string& store_id,
                                          const Place& place, ByteView wrapped) {
  if (wrapped.size() <= crypto_box_PUBLICKEYBYTES) return std::nullopt;
  const ByteView passing = wrapped.first(crypto_box_PUBLICKEYBYTES);
  const auto key = shared_key(keys.secret_key, passing, passing, keys.public_key);
  SecretBytes secret(kKeyBytes);
  if (!key || !unwrap(key->span(), store_id, place, wrapped.subspan(passing.size()), secret)) {
    return std::nullopt;
  }
  return secret;
}

// The store's id is part of the message, so that a proof of one store does not fit another.
Digest proof_of(const SecretBytes& key, const std::string& store_id) {
  return keyed_hash(key.span(), "maitred key of " + store_id);
}

Place place_of_slot(std::string_view table, std::int64_t number) {
  return {table, std::to_string(number)};
}

std::optional<SecretBytes> open_one(const SlotRecord& slot, const SecretBytes& key,
                                    const SlotKeys& keys, const std::string& store_id,
                                    std::string_view table) {
  const Place place = place_of_slot(table, slot.number);
  if (!slot.public_key.empty()) {
    if (slot.public_key != keys.public_key) return std::nullopt;
    return open_sealed_to(keys, store_id, place, slot.wrapped);
  }
  SecretBytes secret(kKeyBytes);
  if (!unwrap(key.span(), store_id, place, slot.wrapped, secret)) return std::nullopt;
  return secret;
}

Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// True if the key is that of the slot.
bool fits(const SlotRecord& slot, const SecretBytes& key, const std::string& store_id) {
  if (slot.proof.empty()) return slot.public_key == slot_keys(key).public_key;
  const Digest proof = proof_of(key, store_id);
  return slot.proof.size() == proof.size() &&
         sodium_memcmp(slot.proof.data(), proof.data(), proof.size()) == 0;
}

Result<SlotRecord> public_slot(const KeyAccess& access, SlotRecord slot,
                               const std::string& store_id, std::string_view table,
                               const SecretBytes& secret) {
  const auto key = from_base64(access.source.where);
  if (key) {
    // The secret half of a public key is a key file, so the slot is of that kind.
    slot.kind = key_kind_word(KeyKind::kFile);
    slot.public_key = *key;
    refill_slot(slot, store_id, table, secret);
    if (slot.wrapped.size() > crypto_box_PUBLICKEYBYTES) return slot;
  }
  return input_error("public_key_invalid",
                     "this is not a public key: give the .pub file that maitredctl key pair wrote");
}

}  // namespace

Result<std::string> provide_key_pair(const KeyAccess& access) {
  initialise_crypto();
  MAITRED_TRY(provide_key(access));
  MAITRED_ASSIGN(const SecretBytes key, read_key_file(access));
  return to_base64(slot_keys(key).public_key);
}

Result<SlotRecord> make_slot(const KeyAccess& access, const std::string& store_id,
                             std::string_view table, std::int64_t number, const SecretBytes& secret,
                             ByteView signer) {
  SlotRecord slot;
  slot.number = number;
  if (access.source.kind == KeyKind::kPublic) {
    return public_slot(access, std::move(slot), store_id, table, secret);
  }
  slot.kind = key_kind_word(access.source.kind);
  SecretBytes key;
  if (access.source.kind == KeyKind::kPassphrase) {
    slot.salt.resize(crypto_pwhash_SALTBYTES);
    randombytes_buf(slot.salt.data(), slot.salt.size());
    slot.operations = access.cost.operations;
    slot.memory_bytes = access.cost.memory_bytes;
    MAITRED_ASSIGN(key, stretch(access, {slot.salt, slot.operations, slot.memory_bytes}));
  } else {
    MAITRED_ASSIGN(key, read_key_file(access));
  }
  const Digest proof = proof_of(key, store_id);
  slot.proof = copy_of(proof);
  slot.public_key = slot_keys(key).public_key;
  slot.certificate = certificate_of(voucher_of(key), store_id, signer);
  refill_slot(slot, store_id, table, secret);
  return slot;
}

void refill_slot(SlotRecord& slot, const std::string& store_id, std::string_view table,
                 const SecretBytes& secret) {
  Bytes passing(crypto_box_PUBLICKEYBYTES);
  SecretBytes passing_secret(crypto_box_SECRETKEYBYTES);
  crypto_box_keypair(passing.data(), passing_secret.data());
  const auto key = shared_key(passing_secret, slot.public_key, passing, slot.public_key);
  slot.wrapped = passing;
  if (!key) return;  // an invalid public key: the slot opens for nobody, as before
  const Bytes sealed =
      seal(key->span(), store_id, place_of_slot(table, slot.number), secret.span());
  slot.wrapped.insert(slot.wrapped.end(), sealed.begin(), sealed.end());
}

Result<std::optional<OpenedSlot>> open_slots(const std::vector<SlotRecord>& slots,
                                             const std::string& store_id, std::string_view table,
                                             const KeyAccess& access) {
  const bool by_passphrase = access.source.kind == KeyKind::kPassphrase;
  SecretBytes key;
  if (!by_passphrase) {
    MAITRED_ASSIGN(key, read_key_file(access));
  }
  for (const SlotRecord& slot : slots) {
    // A passphrase costs seconds for each slot, because each has its own salt.
    if ((slot.kind == "passphrase") != by_passphrase) continue;
    if (by_passphrase) {
      MAITRED_ASSIGN(key, stretch(access, {slot.salt, slot.operations, slot.memory_bytes}));
    }
    if (!fits(slot, key, store_id)) continue;
    const SlotKeys keys = slot_keys(key);
    auto secret = open_one(slot, key, keys, store_id, table);
    if (!secret) {
      return environment_error("store_corrupt", fmt::format("key slot {} is damaged: restore the "
                                                            "store from a backup",
                                                            slot.number));
    }
    return OpenedSlot{slot.number, std::move(*secret), keys.public_key, voucher_of(key)};
  }
  return std::nullopt;
}

Result<std::vector<SlotRecord>> read_slots(Database& database, int schema_version) {
  Query rows(database,
             schema_version < 2
                 ? "SELECT slot, kind, salt, operations, memory, proof, wrapped, x'', '', 0 "
                   "FROM key_slots ORDER BY slot"
                 : "SELECT slot, kind, salt, operations, memory, proof, wrapped, public_key, "
                   "label, made FROM key_slots ORDER BY slot");
  std::vector<SlotRecord> slots;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return slots;
    SlotRecord slot;
    slot.number = rows.number(0);
    slot.kind = rows.text(1);
    slot.salt = copy_of(rows.blob(2));
    slot.operations = rows.count(3);
    slot.memory_bytes = rows.count(4);
    slot.proof = copy_of(rows.blob(5));
    slot.wrapped = copy_of(rows.blob(6));
    slot.public_key = copy_of(rows.blob(7));
    slot.label = rows.text(8);
    slot.made = WallTime(Milliseconds(rows.number(9)));
    slots.push_back(std::move(slot));
  }
}

Status insert_slot(Database& database, const SlotRecord& slot) {
  return Query(database,
               "INSERT INTO key_slots (slot, kind, salt, operations, memory, proof, wrapped, "
               "public_key, label, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
               slot.number, slot.kind, slot.salt, slot.operations, slot.memory_bytes, slot.proof,
               slot.wrapped, slot.public_key, slot.label, slot.made.time_since_epoch().count())
      .run();
}

Status update_slot(Database& database, const SlotRecord& slot) {
  return Query(database,
               "UPDATE key_slots SET proof = ?2, wrapped = ?3, public_key = ?4 WHERE slot = ?1",
               slot.number, slot.proof, slot.wrapped, slot.public_key)
      .run();
}

Result<OpenedSlot> open_root(Database& database, int schema_version, const std::string& store_id,
                             const KeyAccess& access) {
  MAITRED_ASSIGN(const auto slots, read_slots(database, schema_version));
  MAITRED_ASSIGN(auto opened, open_slots(slots, store_id, kSlotsTable, access));
  if (opened) return std::move(*opened);
  return environment_error("key_wrong",
                           fmt::format("{} does not open {}: give the key this store was made with",
                                       describe(access.source), database.path().string()));
}

}  // namespace maitred
