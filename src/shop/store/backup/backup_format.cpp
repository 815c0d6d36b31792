#include "backup_format.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "src/shop/store/rows/json_fields.h"

namespace maitred {
namespace {

constexpr std::string_view kBackupMagic = "MAITREDB";
constexpr std::uint32_t kBackupVersion = 1;
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

Json slot_json(const SlotRecord& slot) {
  return {{"slot", slot.number},
          {"kind", slot.kind},
          {"salt", to_base64(slot.salt)},
          {"operations", slot.operations},
          {"memory", slot.memory_bytes},
          {"proof", to_base64(slot.proof)},
          {"public_key", to_base64(slot.public_key)},
          {"wrapped", to_base64(slot.wrapped)}};
}

Bytes binary(FieldReader& fields, std::string_view name) {
  const std::string text = fields.text(name);
  auto bytes = from_base64(text.substr(0, kLongestSlotField + 1));
  if (text.size() > kLongestSlotField || !bytes) {
    fields.fail();
    return {};
  }
  return std::move(*bytes);
}

std::optional<SlotRecord> slot_from(const Json& object) {
  FieldReader fields(object);
  SlotRecord slot;
  slot.number = static_cast<std::int64_t>(fields.number("slot") & 0xffff);
  slot.kind = fields.text("kind");
  slot.salt = binary(fields, "salt");
  slot.operations = fields.number("operations");
  slot.memory_bytes = fields.number("memory");
  slot.proof = binary(fields, "proof");
  slot.public_key = binary(fields, "public_key");
  slot.wrapped = binary(fields, "wrapped");
  if (!fields.ok() || slot.public_key.empty()) return std::nullopt;
  return slot;
}

}  // namespace

Bytes encode_backup_head(const BackupHead& head) {
  Json object = {{"store", head.store},
                 {"made", format_time(head.made)},
                 {"schema", head.schema},
                 {"slots", Json::array()}};
  if (!head.for_store.empty()) object["for_store"] = to_base64(head.for_store);
  for (const SlotRecord& slot : head.slots) object["slots"].push_back(slot_json(slot));
  const std::string text = json_text(object);
  Bytes bytes(kBackupMagic.begin(), kBackupMagic.end());
  put_word(bytes, kBackupVersion);
  put_word(bytes, static_cast<std::uint32_t>(text.size()));
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

Result<std::size_t> read_backup_prelude(ByteView prelude) {
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
  return length;
}

Result<BackupHead> decode_backup_head(ByteView json) {
  const auto damaged = [] { return bad_backup("its head is damaged; take another copy"); };
  const auto object = parse_json({reinterpret_cast<const char*>(json.data()), json.size()},
                                 {.bytes = kLongestBackupHead, .depth = 4});
  if (!object) return damaged();
  FieldReader fields(*object);
  BackupHead head;
  head.store = fields.text("store");
  const auto made = parse_time(fields.text("made"));
  const std::uint64_t schema = fields.number("schema");
  head.slots = fields.list<SlotRecord>("slots", slot_from);
  if (fields.find("for_store") != nullptr) head.for_store = binary(fields, "for_store");
  if (!fields.ok() || !made || schema > 1000 || head.store.size() != 36 || head.slots.empty() ||
      head.slots.size() > kMostBackupSlots) {
    return damaged();
  }
  head.made = *made;
  head.schema = static_cast<int>(schema);
  return head;
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
