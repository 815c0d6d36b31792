// Records as JSON: the fields of record_fields.h and "v", the version.
#include "records_json.h"

#include <sodium.h>

#include "record_fields.h"

namespace maitred {
namespace {

constexpr std::uint64_t kRecordVersion = 1;

tl::unexpected<Error> unfit(const char* what) {
  return input_error("field_invalid", std::string("a given text is ") + what);
}

// Nothing when a string is not UTF-8.
std::optional<ClearBytes> dump(const nlohmann::json& object) {
  try {
    std::string text = object.dump();
    ClearBytes bytes(text.begin(), text.end());
    sodium_memzero(text.data(), text.size());
    return bytes;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

template <class Record>
Result<ClearBytes> encode_record(const Record& record) {
  nlohmann::json object = write_record(record, kFieldsOf<Record>);
  object["v"] = kRecordVersion;
  auto bytes = dump(object);
  if (!bytes) return unfit("not UTF-8");
  if (bytes->size() > kLongestRecord) return unfit("too long to be stored");
  // A record that could not be read again must never reach the disk.
  if (!decode_record<Record>(*bytes)) return unfit("out of range");
  return std::move(*bytes);
}

template <class Record>
std::optional<Record> decode_record(ByteView bytes) {
  if (bytes.size() > kLongestRecord) return std::nullopt;
  const auto object = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto version = object.find("v");
  if (version == object.end() || number_value(*version, {}) != kRecordVersion) return std::nullopt;
  return read_record(object, kFieldsOf<Record>);
}

template Result<ClearBytes> encode_record(const CustomerRecord&);
template Result<ClearBytes> encode_record(const Consent&);
template Result<ClearBytes> encode_record(const Ask&);
template Result<ClearBytes> encode_record(const Purchase&);
template Result<ClearBytes> encode_record(const Appointment&);
template Result<ClearBytes> encode_record(const Visit&);
template Result<ClearBytes> encode_record(const StoredAlert&);
template Result<ClearBytes> encode_record(const AlertEvent&);
template Result<ClearBytes> encode_record(const Feedback&);
template Result<ClearBytes> encode_record(const StaffMember&);
template Result<ClearBytes> encode_record(const Tombstone&);
template Result<ClearBytes> encode_record(const AuditRow&);
template Result<ClearBytes> encode_record(const AuditSubject&);
template Result<ClearBytes> encode_record(const RotationState&);
template Result<ClearBytes> encode_record(const NotedTime&);
template std::optional<CustomerRecord> decode_record(ByteView);
template std::optional<Consent> decode_record(ByteView);
template std::optional<Ask> decode_record(ByteView);
template std::optional<Purchase> decode_record(ByteView);
template std::optional<Appointment> decode_record(ByteView);
template std::optional<Visit> decode_record(ByteView);
template std::optional<StoredAlert> decode_record(ByteView);
template std::optional<AlertEvent> decode_record(ByteView);
template std::optional<Feedback> decode_record(ByteView);
template std::optional<StaffMember> decode_record(ByteView);
template std::optional<Tombstone> decode_record(ByteView);
template std::optional<AuditRow> decode_record(ByteView);
template std::optional<AuditSubject> decode_record(ByteView);
template std::optional<RotationState> decode_record(ByteView);
template std::optional<NotedTime> decode_record(ByteView);

}  // namespace maitred
