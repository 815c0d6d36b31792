#include "chance.h"

#include <sodium.h>

#include <cstdlib>

namespace maitred::simulation {
namespace {

std::mt19937_64 bytes;

std::uint32_t random_number() { return static_cast<std::uint32_t>(bytes() >> 32); }

void random_bytes(void* const into, const std::size_t size) {
  auto* out = static_cast<unsigned char*>(into);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(bytes() >> 32);
}

const char* name() { return "seeded"; }

}  // namespace

void seed_sodium(std::uint64_t seed) {
  static randombytes_implementation seeded{name,    random_number, nullptr,
                                           nullptr, random_bytes,  nullptr};
  ::randombytes_set_implementation(&seeded);
  if (::sodium_init() < 0) std::abort();  // draws once in the life of the process
  bytes.seed(seed);
}

}  // namespace maitred::simulation
