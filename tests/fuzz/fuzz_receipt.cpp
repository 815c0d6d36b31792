// A receipt of erasure: no text that was not signed is taken for one.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "maitred/base/secret.h"
#include "maitred/shop/store/receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = (maitred::initialise_crypto(), true);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto receipt = maitred::verify_receipt(text);
  if (ready && receipt && !maitred::verify_receipt(maitred::receipt_text(*receipt))) std::abort();
  return 0;
}
