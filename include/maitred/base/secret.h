// Memory for keys and templates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace maitred {

// Must be called before any other call of libsodium. Ends the program if the system has no
// randomness. Thread-safe.
void initialise_crypto();

// Overwrites memory in a way that the compiler does not remove.
void wipe(std::span<std::byte> memory);
void wipe(std::span<float> memory);

// An allocator that wipes memory before it frees it, so that a vector of template values leaves
// nothing behind, even when it grows.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) {}  // NOLINT: an allocator converts
  T* allocate(std::size_t count) { return std::allocator<T>{}.allocate(count); }
  void deallocate(T* memory, std::size_t count) {
    wipe(std::as_writable_bytes(std::span<T>(memory, count)));
    std::allocator<T>{}.deallocate(memory, count);
  }
  template <class U>
  bool operator==(const WipingAllocator<U>&) const {
    return true;
  }
};

template <class T>
using WipedVector = std::vector<T, WipingAllocator<T>>;

// Bytes in guarded, locked memory (sodium_malloc): kept out of swap and core files, wiped on
// destruction. Movable, not copyable, not printable. For keys: a few hundred bytes at most.
// Thread-compatible.
class SecretBytes {
 public:
  SecretBytes() = default;
  // The bytes are zero. Ends the program if no locked memory is left.
  explicit SecretBytes(std::size_t size_bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes();

  static SecretBytes random(std::size_t size_bytes);
  static SecretBytes copy_of(std::span<const std::uint8_t> bytes);

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_bytes_; }
  bool empty() const { return size_bytes_ == 0; }
  std::span<const std::uint8_t> span() const { return {data_, size_bytes_}; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_bytes_ = 0;
};

}  // namespace maitred
