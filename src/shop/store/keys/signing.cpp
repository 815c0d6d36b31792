#include "signing.h"

#include <sodium.h>

namespace maitred {
namespace {

struct KeyPair {
  Bytes public_key = Bytes(crypto_sign_PUBLICKEYBYTES);
  SecretBytes secret_key{crypto_sign_SECRETKEYBYTES};
};

KeyPair key_pair(ByteView seed) {
  static_assert(kKeyBytes == crypto_sign_SEEDBYTES);
  KeyPair pair;
  crypto_sign_seed_keypair(pair.public_key.data(), pair.secret_key.data(), seed.data());
  return pair;
}

}  // namespace

Bytes signing_public_key(ByteView seed) { return key_pair(seed).public_key; }

Bytes sign(ByteView seed, ByteView message) {
  const KeyPair pair = key_pair(seed);
  Bytes signature(crypto_sign_BYTES);
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       pair.secret_key.data());
  return signature;
}

bool signature_fits(ByteView public_key, ByteView message, ByteView signature) {
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     public_key.data()) == 0;
}

}  // namespace maitred
