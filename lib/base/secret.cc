#include "fenchi/secret.h"

#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace fenchi {
namespace {

// libsodium must be started before its allocator; once for the process, thread-safe.
void StartSodium() {
  static const int started = sodium_init();
  if (started < 0) std::abort();
}

std::uint8_t* Allocate(std::size_t size) {
  if (size == 0) return nullptr;
  StartSodium();
  auto* data = static_cast<std::uint8_t*>(sodium_malloc(size));
  if (data == nullptr) throw std::bad_alloc();
  std::memset(data, 0, size);
  return data;
}

}  // namespace

SecretBytes::SecretBytes(std::size_t size_bytes) : data_(Allocate(size_bytes)), size_(size_bytes) {}

SecretBytes SecretBytes::CopyOf(ByteView bytes) {
  SecretBytes out(bytes.size());
  if (!bytes.empty()) std::memcpy(out.data_, bytes.data(), bytes.size());
  return out;
}

SecretBytes SecretBytes::Random(std::size_t size_bytes, class Random& random) {
  SecretBytes out(size_bytes);
  random.Fill(out.mutable_view());
  return out;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    sodium_free(data_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { sodium_free(data_); }

SecretBytes SecretBytes::Clone() const { return CopyOf(view()); }

bool SecretBytes::Equals(ByteView other) const { return ConstantTimeEquals(view(), other); }

bool ConstantTimeEquals(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  if (a.empty()) return true;
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(MutableBytes bytes) {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace fenchi
