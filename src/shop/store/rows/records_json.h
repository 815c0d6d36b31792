// Content of sealed rows: JSON with a version, or for templates a short binary form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/shop/store/audit.h"
#include "maitred/shop/store/staff.h"
#include "maitred/shop/store/visits.h"
#include "maitred/types/customer.h"
#include "maitred/types/template.h"
#include "maitred/types/visit.h"
#include "src/shop/store/keys/sealing.h"

namespace maitred {

// Longest record, in bytes.
inline constexpr std::size_t kLongestRecord = 64 << 10;
inline constexpr std::size_t kLongestTemplate = 4096;  // floats
inline constexpr std::size_t kLongestEngineName = 32;

// The row of a customer, without the id.
struct CustomerRecord {
  Profile profile;
  WallTime enrolled{};
  std::optional<WallTime> last_visit;
  Caution caution{};
};

// Proof that an erased or withdrawn customer was here.
struct Tombstone {
  WallTime erased{};
  std::uint64_t epoch = 0;
  std::optional<std::uint64_t> rows{};  // number of deleted rows; unknown for a replayed erasure
};

// What an audit row says about a customer.
struct AuditSubject {
  std::string subject;
  std::string detail;
};

// How far a rotation of keys is. First the groups from `next_group` up to `groups` get a new key,
// then the customers: rows up to `after` have theirs, rows up to `last` get it. `old_slot` is the
// slot of the key file's old key, 0 once it is gone. Then the rows that hang on the seed: of table
// number `table` those up to `row` are sealed under the new seed. Last the audit chain: rows up to
// `relinked` are linked under the new seed, and `link` is the old link of that row (base64).
struct RotationState {
  std::int64_t after = 0;
  std::int64_t last = 0;
  std::int64_t old_slot = 0;
  std::uint64_t done = 0;  // customers
  std::uint64_t total = 0;
  std::int64_t next_group = 0;
  std::int64_t groups = 0;
  std::uint64_t table = 0;
  std::int64_t row = 0;
  std::uint64_t relinked = 0;
  std::string link{};
  bool chain_moved = false;  // the whole chain is
};

// When something was last done.
struct NotedTime {
  WallTime at{};
};

// For each record below, decode_record reads what encode_record wrote. Error of encoding:
// field_invalid (kInput) for text that is not UTF-8, a time out of range or a record that is too
// long. Decoding accepts any bytes, and returns nothing for bytes that are not such a record of
// this version.
template <class Record>
Result<ClearBytes> encode_record(const Record& record);
template <class Record>
std::optional<Record> decode_record(ByteView bytes);

extern template Result<ClearBytes> encode_record(const CustomerRecord&);
extern template Result<ClearBytes> encode_record(const Consent&);
extern template Result<ClearBytes> encode_record(const Ask&);
extern template Result<ClearBytes> encode_record(const Purchase&);
extern template Result<ClearBytes> encode_record(const Appointment&);
extern template Result<ClearBytes> encode_record(const Visit&);
extern template Result<ClearBytes> encode_record(const StoredAlert&);
extern template Result<ClearBytes> encode_record(const AlertEvent&);
extern template Result<ClearBytes> encode_record(const Feedback&);
extern template Result<ClearBytes> encode_record(const StaffMember&);
extern template Result<ClearBytes> encode_record(const Tombstone&);
extern template Result<ClearBytes> encode_record(const AuditRow&);
extern template Result<ClearBytes> encode_record(const AuditSubject&);
extern template Result<ClearBytes> encode_record(const RotationState&);
extern template Result<ClearBytes> encode_record(const NotedTime&);
extern template std::optional<CustomerRecord> decode_record(ByteView);
extern template std::optional<Consent> decode_record(ByteView);
extern template std::optional<Ask> decode_record(ByteView);
extern template std::optional<Purchase> decode_record(ByteView);
extern template std::optional<Appointment> decode_record(ByteView);
extern template std::optional<Visit> decode_record(ByteView);
extern template std::optional<StoredAlert> decode_record(ByteView);
extern template std::optional<AlertEvent> decode_record(ByteView);
extern template std::optional<Feedback> decode_record(ByteView);
extern template std::optional<StaffMember> decode_record(ByteView);
extern template std::optional<Tombstone> decode_record(ByteView);
extern template std::optional<AuditRow> decode_record(ByteView);
extern template std::optional<AuditSubject> decode_record(ByteView);
extern template std::optional<RotationState> decode_record(ByteView);
extern template std::optional<NotedTime> decode_record(ByteView);

// version (1 byte), length of the engine's name (1 byte), the name, count (4 bytes, little endian),
// floats (IEEE 754, little endian).
template <>
Result<ClearBytes> encode_record(const Template& record);
template <>
std::optional<Template> decode_record(ByteView bytes);

}  // namespace maitred
