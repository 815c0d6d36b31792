// A small seeded generator whose numbers are the same on every machine and library (those of
// <random>'s distributions are not), so that a seed always draws the same person.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace maitred::drawn {

// SplitMix64. Thread-compatible.
class Random {
 public:
  // Scrambled, so that the streams of neighbouring seeds have nothing in common.
  explicit Random(std::uint64_t seed) : state_(scramble(seed ^ 0x5DEECE66DULL)) {}

  std::uint64_t next() { return scramble(state_ += 0x9E3779B97F4A7C15ULL); }
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(next() >> 11U) * 0x1.0p-53;
  }

  // Bell-shaped around `mean`, never further than three `spread`s from it.
  double around(double mean, double spread) {
    double sum = 0.0;
    for (int i = 0; i < 3; ++i) sum += uniform(-1.0, 1.0);
    return mean + sum * spread;
  }

  bool chance(double probability) { return uniform(0.0, 1.0) < probability; }

  int whole(int low, int high) {
    return low + static_cast<int>(next() % static_cast<std::uint64_t>(high - low + 1));
  }

  // The index of a weight, drawn in proportion to the weights.
  int weighted(std::initializer_list<double> weights) {
    double total = 0.0;
    for (const double w : weights) total += w;
    double at = uniform(0.0, total);
    int index = 0;
    for (const double w : weights) {
      if (at < w) return index;
      at -= w;
      ++index;
    }
    return index - 1;
  }

 private:
  static std::uint64_t scramble(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
};

}  // namespace maitred::drawn
