#include "src/shop/store/keys/sealing.h"

#include <gtest/gtest.h>

#include "maitred/base/secret.h"

namespace maitred {
namespace {

// What a damaged disk leaves of a row is refused, whatever its length.
TEST(Sealing, ARowOfAnyOtherLengthDoesNotOpen) {
  initialise_crypto();
  const Bytes key(kKeyBytes, 7);
  const Place place{"customers", "1", 1};
  const Bytes secret(kKeyBytes, 9);
  const Bytes sealed = seal(key, "store", place, secret);
  ASSERT_TRUE(unseal(key, "store", place, sealed));
  SecretBytes opened(kKeyBytes);
  ASSERT_TRUE(unwrap(key, "store", place, sealed, opened));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    const ByteView cut(sealed.data(), size);
    EXPECT_FALSE(unseal(key, "store", place, cut)) << size;
    EXPECT_FALSE(unwrap(key, "store", place, cut, opened)) << size;
  }
}

}  // namespace
}  // namespace maitred
