// SecretBytes: key material that is locked into memory, wiped when it dies, and hard to leak.
//
// Memory is libsodium's, small secrets share slabs of it: guard pages, no swap, no core dump, wiped
// at the end. It cannot be copied by accident, printed or compared in variable time. Locking may
// fail on a host with a tiny RLIMIT_MEMLOCK; the bytes are then still wiped and guarded.
//
//   SecretBytes key = SecretBytes::Random(32, fenchi::SystemRandom());
//   UseKey(key.view());
#pragma once

#include <cstddef>
#include <cstdint>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/random.h"

namespace fenchi {

class FENCHI_EXPORT SecretBytes {
 public:
  SecretBytes() = default;                       // empty
  explicit SecretBytes(std::size_t size_bytes);  // zeros
  static SecretBytes CopyOf(ByteView bytes);     // the caller wipes its own copy
  static SecretBytes Random(std::size_t size_bytes, class Random& random);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes Clone() const;  // explicit, so that each copy is seen in review
  ByteView view() const { return {data_, size_}; }
  MutableBytes mutable_view() { return {data_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Constant time in the content; false at once when the sizes differ.
  bool Equals(ByteView other) const;

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// Constant-time comparison of equally long byte strings; false when the lengths differ.
FENCHI_EXPORT bool ConstantTimeEquals(ByteView a, ByteView b);

// Overwrites `bytes` in a way that the compiler may not remove.
FENCHI_EXPORT void Wipe(MutableBytes bytes);

}  // namespace fenchi
