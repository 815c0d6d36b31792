// Keys that outlive a rotation of keys.
#pragma once

#include <cstddef>
#include <optional>

#include "sealing.h"

namespace maitred {

// One block of locked memory, which the setting `key_ring` holds too. Without that setting no seed
// came before the present one.
//
// - Three keys stay for good. Who had an earlier key knows them. `tokens` hashes tokens of 256
//   random bits and names of terminals, `erased` hashes ids of customers that are gone, and
//   `rotation` turns templates, which are sealed under keys of their own. None of them opens or
//   proves anything: the rows that hold such hashes are sealed under subkeys of the present seed.
// - Two subkeys of each former seed, the newest last. They serve backups made under that seed:
//   `erasures` signs the list of erasures for them, `backup` opens them.
class KeyRing {
 public:
  struct Former {
    ByteView erasures;
    ByteView backup;
  };

  // The ring of a store whose first seed has these subkeys.
  static KeyRing of_first(const Subkeys& subkeys);
  // Nothing if the bytes are no ring.
  static std::optional<KeyRing> decode(ByteView bytes);

  ByteView bytes() const { return bytes_.span(); }
  ByteView tokens() const { return key(0); }
  ByteView erased() const { return key(1); }
  ByteView rotation() const { return key(2); }
  std::size_t former_count() const;
  Former former(std::size_t index) const;

  // This ring once the seed with these subkeys has become a former one. The oldest former seed
  // leaves a full ring.
  KeyRing after(const Subkeys& ending) const;

 private:
  explicit KeyRing(SecretBytes bytes) : bytes_(std::move(bytes)) {}
  ByteView key(std::size_t index) const {
    return bytes_.span().subspan(index * kKeyBytes, kKeyBytes);
  }

  SecretBytes bytes_;
};

}  // namespace maitred
