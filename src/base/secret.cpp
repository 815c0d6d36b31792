#include "maitred/base/secret.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "maitred/base/locked_memory.h"

namespace maitred {
namespace {

// Locked memory that a store needs, with a reserve.
constexpr std::size_t kLockedBytes = std::size_t{48} << 10;

constexpr const char* kCannotLock =
    "no locked memory left for keys: raise the limit (ulimit -l, or LimitMEMLOCK= in the service)";

}  // namespace

Status check_locked_memory() {
  void* memory = sodium_malloc(kLockedBytes);
  const bool locked = memory != nullptr && sodium_mlock(memory, kLockedBytes) == 0;
  sodium_free(memory);
  if (locked) return {};
  return environment_error("memory_not_locked", kCannotLock);
}

void initialise_crypto() {
  if (sodium_init() < 0) {
    std::fputs("maitred: libsodium cannot start: the system gives no randomness\n", stderr);
    std::abort();
  }
}

void wipe(std::span<std::byte> memory) { sodium_memzero(memory.data(), memory.size_bytes()); }
void wipe(std::span<float> memory) { sodium_memzero(memory.data(), memory.size_bytes()); }

SecretBytes::SecretBytes(std::size_t size_bytes) : size_bytes_(size_bytes) {
  if (size_bytes == 0) return;
  data_ = static_cast<std::uint8_t*>(sodium_malloc(size_bytes));
  // sodium_malloc tries to lock its memory, but does not report a failure.
  if (data_ == nullptr || sodium_mlock(data_, size_bytes) != 0) {
    std::fprintf(stderr, "maitred: %s\n", kCannotLock);
    std::_Exit(3);
  }
  std::memset(data_, 0, size_bytes);
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    sodium_free(data_);
    data_ = std::exchange(other.data_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { sodium_free(data_); }

SecretBytes SecretBytes::random(std::size_t size_bytes) {
  SecretBytes secret(size_bytes);
  randombytes_buf(secret.data(), size_bytes);
  return secret;
}

SecretBytes SecretBytes::copy_of(std::span<const std::uint8_t> bytes) {
  SecretBytes secret(bytes.size());
  if (!bytes.empty()) std::memcpy(secret.data(), bytes.data(), bytes.size());
  return secret;
}

}  // namespace maitred
