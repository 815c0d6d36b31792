// What is known of an interrupted backup: any bytes give it or nothing; what is read is written the
// same way.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "maitred/base/secret.h"
#include "src/shop/store/backup/unfinished_backup.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maitred;
  initialise_crypto();
  const auto known = decode_unfinished({data, size});
  if (!known) return 0;
  if (!known->part.is_absolute()) std::abort();
  const ClearBytes written = encode_unfinished(*known);
  if (!std::equal(written.begin(), written.end(), data, data + size)) std::abort();
  return 0;
}
