#include "fenchi/secret.h"

#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace fenchi {
namespace {

// libsodium must be started before its allocator; once for the process, thread-safe.
void StartSodium() {
  static const int started = sodium_init();
  if (started < 0) std::abort();
}

std::uint8_t* AllocateGuarded(std::size_t size) {
  StartSodium();
  auto* data = static_cast<std::uint8_t*>(sodium_malloc(size));
  if (data == nullptr) throw std::bad_alloc();
  std::memset(data, 0, size);
  return data;
}

// A copy or a hash of a secret stays in the vector registers, since little else uses them. From
// there it comes to lie on a stack: a new thread begins with its parent's registers, and the first
// call of a library's function saves them all.
void WipeVectorRegisters() {
#if defined(__x86_64__)
  static const bool avx = __builtin_cpu_supports("avx") != 0;
  static const bool avx512 = __builtin_cpu_supports("avx512f") != 0;
#define FENCHI_XMM_0_TO_15                                                                 \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory"
#if defined(__AVX512F__)  // else the compiler neither knows the others nor uses them: libc does
#define FENCHI_XMM_16_TO_31                                                                 \
  "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", \
      "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "memory"
#else
#define FENCHI_XMM_16_TO_31 "memory"
#endif
  if (avx) {
    __asm__ volatile("vzeroall" ::: FENCHI_XMM_0_TO_15);
  } else {
    __asm__ volatile(
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n pxor %%xmm\\n, %%xmm\\n\n .endr" ::
            : FENCHI_XMM_0_TO_15);
  }
  if (avx512) {
    __asm__ volatile(
        ".irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        " vpxord %%zmm\\n, %%zmm\\n, %%zmm\\n\n .endr" ::
            : FENCHI_XMM_16_TO_31);
  }
#undef FENCHI_XMM_0_TO_15
#undef FENCHI_XMM_16_TO_31
#endif
}

// Slots that nobody holds may not be touched: the sanitizer says so where it watches.
void Forbid([[maybe_unused]] std::uint8_t* data, [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(data, size);
#endif
}
void Allow([[maybe_unused]] std::uint8_t* data, [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(data, size);
#endif
}

// Slots of one size in slabs from libsodium. A pack needs some sixty short-lived keys: a mapping of
// its own for each, locked and guarded, cost a sixth of the time to seal the pack.
class SlotPool {
 public:
  explicit SlotPool(std::size_t slot_size) : slot_size_(slot_size) {}

  std::uint8_t* Take(std::size_t size) {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) Grow();
    std::uint8_t* slot = free_.back();
    free_.pop_back();
    Allow(slot, size);
    return slot;  // zeros
  }
  void GiveBack(std::uint8_t* slot) {
    Allow(slot, slot_size_);
    sodium_memzero(slot, slot_size_);
    Forbid(slot, slot_size_);
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);  // never grows: Grow reserved for every slot
  }

 private:
  void Grow() {
    constexpr std::size_t kSlabSize = std::size_t{32} << 10;
    const std::size_t slots = kSlabSize / slot_size_;
    free_.reserve(slots_ + slots);
    std::uint8_t* slab = AllocateGuarded(kSlabSize);  // kept as long as the process lives
    for (std::size_t i = slots; i-- > 0;) free_.push_back(slab + i * slot_size_);
    Forbid(slab, kSlabSize);
    slots_ += slots;
  }

  std::size_t slot_size_;
  std::size_t slots_ = 0;
  std::mutex mutex_;
  std::vector<std::uint8_t*> free_;
};

// The pool for secrets of that size; null: they get a mapping of their own. Never destroyed, for a
// secret in a static object may die after everything else.
SlotPool* PoolFor(std::size_t size) {
  static auto* const small = new SlotPool(64);
  static auto* const middle = new SlotPool(512);
  static auto* const large = new SlotPool(4096);
  if (size <= 64) return small;
  if (size <= 512) return middle;
  return size <= 4096 ? large : nullptr;
}

std::uint8_t* Allocate(std::size_t size) {
  if (size == 0) return nullptr;
  SlotPool* const pool = PoolFor(size);
  return pool != nullptr ? pool->Take(size) : AllocateGuarded(size);
}

void Free(std::uint8_t* data, std::size_t size) {
  if (data == nullptr) return;
  WipeVectorRegisters();  // whoever held it has used it
  SlotPool* const pool = PoolFor(size);
  if (pool == nullptr) {
    sodium_free(data);
  } else {
    pool->GiveBack(data);
  }
}

}  // namespace

SecretBytes::SecretBytes(std::size_t size_bytes) : data_(Allocate(size_bytes)), size_(size_bytes) {}

SecretBytes SecretBytes::CopyOf(ByteView bytes) {
  SecretBytes out(bytes.size());
  if (!bytes.empty()) std::memcpy(out.data_, bytes.data(), bytes.size());
  WipeVectorRegisters();
  return out;
}

SecretBytes SecretBytes::Random(std::size_t size_bytes, class Random& random) {
  SecretBytes out(size_bytes);
  random.Fill(out.mutable_view());
  WipeVectorRegisters();
  return out;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Free(data_, size_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { Free(data_, size_); }

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
