// An eye's datagram: decoded or refused, and what is decoded can be encoded again.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "maitred/link/eye_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = maitred::decode(std::span(data, size));
  if (!message) return 0;
  const auto bytes = maitred::encode(*message);
  if (!bytes || bytes->size() != size || !maitred::decode(*bytes)) std::abort();
  return 0;
}
