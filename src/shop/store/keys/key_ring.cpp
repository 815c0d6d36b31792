#include "key_ring.h"

#include <algorithm>

namespace maitred {
namespace {

constexpr std::size_t kLasting = 3;  // keys
constexpr std::size_t kOfFormer = 2;
constexpr std::size_t kMostFormer = 64;  // seeds; each restore makes one, too

}  // namespace

KeyRing KeyRing::of_first(const Subkeys& subkeys) {
  SecretBytes bytes(kLasting * kKeyBytes);
  std::uint8_t* into = bytes.data();
  for (const Purpose purpose : {Purpose::kTokens, Purpose::kTombstones, Purpose::kRotation}) {
    into = std::ranges::copy(subkeys.of(purpose), into).out;
  }
  return KeyRing(std::move(bytes));
}

std::optional<KeyRing> KeyRing::decode(ByteView bytes) {
  constexpr std::size_t kFormerBytes = kOfFormer * kKeyBytes;
  constexpr std::size_t kLeast = kLasting * kKeyBytes;
  if (bytes.size() < kLeast || bytes.size() > kLeast + kMostFormer * kFormerBytes ||
      (bytes.size() - kLeast) % kFormerBytes != 0) {
    return std::nullopt;
  }
  return KeyRing(SecretBytes::copy_of(bytes));
}

std::size_t KeyRing::former_count() const {
  return (bytes_.size() / kKeyBytes - kLasting) / kOfFormer;
}

KeyRing::Former KeyRing::former(std::size_t index) const {
  const std::size_t first = kLasting + index * kOfFormer;
  return {key(first), key(first + 1)};
}

KeyRing KeyRing::after(const Subkeys& ending) const {
  const std::size_t dropped = former_count() == kMostFormer ? 1 : 0;
  SecretBytes bytes(bytes_.size() + (1 - dropped) * kOfFormer * kKeyBytes);
  const auto lasting = bytes_.span().first(kLasting * kKeyBytes);
  const auto kept = bytes_.span().subspan(lasting.size() + dropped * kOfFormer * kKeyBytes);
  std::uint8_t* into = std::ranges::copy(lasting, bytes.data()).out;
  into = std::ranges::copy(kept, into).out;
  into = std::ranges::copy(ending.of(Purpose::kErasures), into).out;
  std::ranges::copy(ending.of(Purpose::kBackup), into);
  return KeyRing(std::move(bytes));
}

}  // namespace maitred
