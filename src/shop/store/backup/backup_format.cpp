#include "backup_format.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "maitred/base/file.h"
#include "maitred/base/json_record.h"

namespace maitred {
namespace {

constexpr std::string_view kBackupMagic = "MAITREDB";
constexpr std::size_t kMostBackupSlots = 16;
constexpr std::size_t kLongestSlotField = 512;

void put_word(Bytes& bytes, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::uint32_t word_at(ByteView bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t byte = 4; byte-- > 0;) value = value << 8 | bytes[offset + byte];
  return value;
}

tl::unexpected<Error> bad_backup(const char* how) {
  return input_error("backup_invalid", fmt::format("this is not a backup of maitred: {}", how));
}

// Bytes as base64 text.
struct Base64Codec {
  template <class Json>
  Json write(const Bytes& bytes) const {
    return to_base64(bytes);
  }
  bool read(const nlohmann::json& json, const FieldRule& rule, Bytes& out) const {
    const auto text = text_value(json, rule);
    if (!text) return false;
    auto bytes = from_base64(*text);
    if (bytes) out = std::move(*bytes);
    return bytes.has_value();
  }
};

constexpr FieldRule kBytesRule{.longest_bytes = kLongestSlotField};
constexpr FieldRule kOptionalBytes{.need = FieldRule::Need::kOptional,
                                   .longest_bytes = kLongestSlotField};

constexpr auto kSlotFields = record_fields<SlotRecord>(
    field("slot", &SlotRecord::number, {.most = 0xffff}), field("kind", &SlotRecord::kind),
    field_as("salt", &SlotRecord::salt, Base64Codec{}, kBytesRule),
    field("operations", &SlotRecord::operations), field("memory", &SlotRecord::memory_bytes),
    field_as("proof", &SlotRecord::proof, Base64Codec{}, kBytesRule),
    field_as("public_key", &SlotRecord::public_key, Base64Codec{},
             {.may_be_empty = false, .longest_bytes = kLongestSlotField}),
    field_as("wrapped", &SlotRecord::wrapped, Base64Codec{}, kBytesRule),
    field_as("certificate", &SlotRecord::certificate, Base64Codec{}, kOptionalBytes));

constexpr auto kHeadFields = record_fields<BackupHead>(
    field("store", &BackupHead::store), time_text("made", &BackupHead::made),
    field("schema", &BackupHead::schema, {.most = 1000}),
    object_field("slots", &BackupHead::slots, kSlotFields, {.most_elements = kMostBackupSlots}),
    field_as("for_store", &BackupHead::for_store, Base64Codec{}, kOptionalBytes),
    field_as("signer", &BackupHead::signer, Base64Codec{}, kOptionalBytes));

}  // namespace

Bytes encode_backup_head(const BackupHead& head) {
  const std::string text = json_text(write_record(head, kHeadFields));
  Bytes bytes(kBackupMagic.begin(), kBackupMagic.end());
  put_word(bytes, head.version);
  put_word(bytes, static_cast<std::uint32_t>(text.size()));
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

Result<BackupPrelude> read_backup_prelude(ByteView prelude) {
  if (prelude.size() != kBackupPreludeBytes ||
      std::memcmp(prelude.data(), kBackupMagic.data(), kBackupMagic.size()) != 0) {
    return bad_backup("it does not begin like one; give the file that maitredctl backup wrote");
  }
  const std::uint32_t version = word_at(prelude, 8);
  if (version > kBackupVersion) {
    return input_error("backup_invalid",
                       fmt::format("the backup was written by a newer maitred (version {}, this "
                                   "program knows {}): install the newer version",
                                   version, kBackupVersion));
  }
  const std::uint32_t length = word_at(prelude, 12);
  if (version == 0 || length == 0 || length > kLongestBackupHead) {
    return bad_backup("its head is damaged; take another copy");
  }
  return BackupPrelude{version, length};
}

Result<BackupHead> decode_backup_head(ByteView json, std::uint32_t version) {
  const auto damaged = [] { return bad_backup("its head is damaged; take another copy"); };
  const auto object = parse_json({reinterpret_cast<const char*>(json.data()), json.size()},
                                 {.bytes = kLongestBackupHead, .depth = 4});
  if (!object) return damaged();
  auto head = read_record(*object, kHeadFields);
  if (!head || head->store.size() != 36 || head->slots.empty()) return damaged();
  if ((version == 1) != head->signer.empty()) return damaged();
  head->version = version;
  return std::move(*head);
}

ClearBytes encode_backup_secrets(const BackupSecrets& secrets) {
  ClearBytes bytes(kKeyBytes + sizeof secrets.database_bytes);
  std::memcpy(bytes.data(), secrets.root.data(), kKeyBytes);
  std::memcpy(bytes.data() + kKeyBytes, &secrets.database_bytes, sizeof secrets.database_bytes);
  return bytes;
}

std::optional<BackupSecrets> decode_backup_secrets(ByteView bytes) {
  BackupSecrets secrets;
  if (bytes.size() != kKeyBytes + sizeof secrets.database_bytes) return std::nullopt;
  std::memcpy(secrets.root.data(), bytes.data(), kKeyBytes);
  std::memcpy(&secrets.database_bytes, bytes.data() + kKeyBytes, sizeof secrets.database_bytes);
  return secrets;
}

}  // namespace maitred
