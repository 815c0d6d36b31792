#include "maitred/types/ids.h"

#include <sodium.h>

namespace maitred {

std::string random_id(std::size_t length) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text(length, 'a');
  for (char& letter : text) letter = kAlphabet[randombytes_uniform(32)];
  return text;
}

}  // namespace maitred
