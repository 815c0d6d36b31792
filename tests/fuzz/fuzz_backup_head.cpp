// The head of a backup: any bytes give a head or an error; what is read is written the same way.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "src/shop/store/backup/backup_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maitred;
  const ByteView bytes(data, size);
  if (size < kBackupPreludeBytes) return 0;
  const auto prelude = read_backup_prelude(bytes.first(kBackupPreludeBytes));
  if (!prelude || prelude->head_bytes > size - kBackupPreludeBytes) return 0;
  const auto head =
      decode_backup_head(bytes.subspan(kBackupPreludeBytes, prelude->head_bytes), prelude->version);
  if (!head) return 0;
  const Bytes written = encode_backup_head(*head);
  const auto again =
      decode_backup_head(ByteView(written).subspan(kBackupPreludeBytes), head->version);
  const auto same = [](const SlotRecord& a, const SlotRecord& b) {
    return a.kind == b.kind && a.proof == b.proof && a.public_key == b.public_key &&
           a.wrapped == b.wrapped && a.certificate == b.certificate;
  };
  if (!again || again->signer != head->signer) std::abort();
  if (!std::ranges::equal(again->slots, head->slots, same)) std::abort();
  return 0;
}
