#include "maitred/shop/store/rotation.h"

#include <sodium.h>

#include <cmath>
#include <numbers>
#include <span>

#include "maitred/base/check.h"
#include "sealing.h"

namespace maitred {
namespace {

// A stream of Gaussian numbers that the key determines.
class GaussianStream {
 public:
  explicit GaussianStream(const Digest& key) : key_(key) {}
  ~GaussianStream() { sodium_memzero(key_.data(), key_.size()); }
  GaussianStream(const GaussianStream&) = delete;
  GaussianStream& operator=(const GaussianStream&) = delete;

  // Method of Box and Muller (1958).
  void fill(std::span<double> values) {
    WipedVector<std::uint64_t> random(2 * values.size());
    std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> nonce{};
    nonce[0] = static_cast<std::uint8_t>(block_);
    nonce[1] = static_cast<std::uint8_t>(block_ >> 8);
    ++block_;
    crypto_stream_chacha20(reinterpret_cast<std::uint8_t*>(random.data()),
                           random.size() * sizeof(std::uint64_t), nonce.data(), key_.data());
    for (std::size_t index = 0; index < values.size(); ++index) {
      values[index] = std::sqrt(-2.0 * std::log(uniform(random[2 * index]))) *
                      std::cos(2.0 * std::numbers::pi * uniform(random[2 * index + 1]));
    }
  }

 private:
  // A number in (0, 1], so that its logarithm is finite.
  static double uniform(std::uint64_t random) {
    return (static_cast<double>(random >> 11) + 1.0) / 9007199254740992.0;
  }

  Digest key_;
  unsigned block_ = 0;
};

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t index = 0; index < a.size(); ++index) sum += a[index] * b[index];
  return sum;
}

// Turns a Gaussian vector x into the unit direction of the reflection that maps x to the first
// axis. Its first element keeps the sign of x.
void make_direction(std::span<double> vector) {
  vector[0] += std::copysign(std::sqrt(dot(vector, vector)), vector[0]);
  const double length = std::sqrt(dot(vector, vector));
  for (double& value : vector) value /= length;
}

// Applies the reflection, times the sign that makes the image of the axis x itself.
void reflect(std::span<const double> direction, std::span<double> vector) {
  const double sign = direction[0] > 0.0 ? -1.0 : 1.0;
  const double twice = 2.0 * dot(direction, vector);
  for (std::size_t index = 0; index < vector.size(); ++index) {
    vector[index] = sign * (vector[index] - twice * direction[index]);
  }
}

}  // namespace

const TemplateRotation::Directions& TemplateRotation::directions(const std::string& engine,
                                                                 std::size_t length) const {
  Directions& directions = directions_[{engine, length}];
  if (!directions.empty() || length == 0) return directions;
  MAITRED_CHECK(seed_.size() == kKeyBytes);
  GaussianStream stream(keyed_hash(seed_.span(), engine + "|" + std::to_string(length)));
  // The directions follow each other: vectors of length, length - 1, ..., 1 for the last
  // coordinates.
  directions.resize(length * (length + 1) / 2);
  std::size_t offset = 0;
  for (std::size_t size = length; size > 0; offset += size, --size) {
    const std::span<double> direction(directions.data() + offset, size);
    stream.fill(direction);
    make_direction(direction);
  }
  return directions;
}

Template TemplateRotation::rotate(const Template& plain) const {
  const std::size_t length = plain.values().size();
  const Directions& all = directions(plain.engine(), length);
  WipedVector<double> turned(plain.values().begin(), plain.values().end());
  std::size_t offset = all.size();
  for (std::size_t size = 1; size <= length; ++size) {
    offset -= size;
    const std::span<const double> direction(all.data() + offset, size);
    const std::span<double> tail(turned.data() + length - size, size);
    reflect(direction, tail);
  }
  WipedVector<float> values(length);
  for (std::size_t index = 0; index < length; ++index) {
    values[index] = static_cast<float>(turned[index]);
  }
  return Template(plain.engine(), values, plain.quality());
}

}  // namespace maitred
