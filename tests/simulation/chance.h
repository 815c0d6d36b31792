// All chance of a simulated world comes from one seed, the random bytes of libsodium included.
#pragma once

#include <cstdint>
#include <random>

#include "maitred/base/time.h"

namespace maitred::simulation {

// Makes libsodium's random numbers a function of the seed. No simulated key is a secret.
void seed_sodium(std::uint64_t seed);

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t end) { return engine_() % end; }  // end > 0
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  // Uniform, from `least` to `most`.
  Milliseconds between(Milliseconds least, Milliseconds most) {
    const auto width = static_cast<std::uint64_t>((most - least).count());
    return least + Milliseconds(static_cast<std::int64_t>(below(width + 1)));
  }
  template <class List>
  auto& of(List& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace maitred::simulation
