// What a sealed row opens to: any bytes give a record or none. The first byte chooses the kind;
// what is read must be written and read again the same way.
#include <cstdint>
#include <cstdlib>

#include "src/shop/store/integrity/ledger.h"
#include "src/shop/store/rows/records_json.h"

namespace {

using maitred::ByteView;

template <class Record>
void round_trip(ByteView bytes) {
  const auto record = maitred::decode_record<Record>(bytes);
  if (!record) return;
  const auto written = maitred::encode_record(*record);
  // A record may have been read from a spelling shorter than ours.
  if (!written) return;
  if (!maitred::decode_record<Record>(*written)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  switch (data[0] % 16) {
    case 0:
      round_trip<maitred::CustomerRecord>(bytes);
      break;
    case 1:
      round_trip<maitred::Consent>(bytes);
      break;
    case 2:
      round_trip<maitred::Ask>(bytes);
      break;
    case 3:
      round_trip<maitred::Purchase>(bytes);
      break;
    case 4:
      round_trip<maitred::Appointment>(bytes);
      break;
    case 5:
      round_trip<maitred::Visit>(bytes);
      break;
    case 6:
      round_trip<maitred::StoredAlert>(bytes);
      break;
    case 7:
      round_trip<maitred::AlertEvent>(bytes);
      break;
    case 8:
      round_trip<maitred::Feedback>(bytes);
      break;
    case 9:
      round_trip<maitred::StaffMember>(bytes);
      break;
    case 10:
      round_trip<maitred::Tombstone>(bytes);
      break;
    case 11:
      round_trip<maitred::AuditRow>(bytes);
      break;
    case 12:
      round_trip<maitred::Template>(bytes);
      break;
    case 14:
      round_trip<maitred::RotationState>(bytes);
      break;
    case 15:
      round_trip<maitred::NotedTime>(bytes);
      break;
    default:
      static_cast<void>(maitred::decode_ledger(bytes));
  }
  return 0;
}
