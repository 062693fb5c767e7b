// Key sharing: a 32-byte key becomes p shares, any m of which give it back, and name a bad one.
//
// Adept secret sharing (Bellare, Dai, Rogaway, PoPETs 2020(4)) over Shamir's scheme in
// GF(2^8)/0x11b. Use it for keys held by people (custodians) and for the leaf that is spread over
// providers; data is split by erasure_code.h, which hides nothing.
//
// Promises, as far as HKDF-SHA-512 behaves like a random function: fewer than m shares tell nothing
// feasible of a uniformly random key (shares carry a check value and a ciphertext, so the claim is
// about computing power, not about information); and no altered shares make recovery return another
// key of the same sharing: it returns the key that was split, or fails. As long as m good shares
// are supplied, altered, foreign, old and repeated ones are told apart and named by the item they
// came in. Who makes m shares of a key of his own makes a sharing, too: `accept`, `context` or the
// dealer's signature says which is meant.
// Timing: no branch or address depends on key or shares, but for whether shares fit together.
// Threads: free functions, no state.
//
//   FENCHI_ASSIGN_OR_RETURN(std::vector<KeyShare> shares,
//                           SplitKey(key, {.threshold = 3, .count = 5}, context, SystemRandom()));
//   FENCHI_ASSIGN_OR_RETURN(RecoveredKey back, RecoverKey(items));
//   for (const ShareFault& fault : back.faults) Tell(fault.name, fault.message);
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

inline constexpr std::size_t kSharedKeySizeBytes = 32;
inline constexpr std::size_t kShareContextSizeBytesMax = 65535;
// Combinations tried inside one group of shares: all 8-subsets of 16 custodians.
inline constexpr int kShareCombinationsMax = 12870;

struct ShareCounts {
  int threshold = 0;  // m, 1..count: shares that recover the key
  int count = 0;      // p, 1..255: shares that are made
};

// Who vouches for shares: an Ed25519 key, in memory or on a token.
class FENCHI_EXPORT ShareSigner {
 public:
  virtual ~ShareSigner() = default;
  virtual std::array<std::uint8_t, 32> PublicKey() const = 0;
  virtual Result<std::array<std::uint8_t, 64>> Sign(ByteView message) const = 0;
};

// One share. Move-only, since `value` is secret.
struct FENCHI_EXPORT KeyShare {
  int threshold = 0;  // 1..255
  int index = 0;      // 1..255
  Bytes context;      // what the sharing is for: equal in all shares of it
  SecretBytes value;  // 32 bytes: the point of the polynomials at `index`
  std::array<std::uint8_t, 64> ciphertext{};
  std::array<std::uint8_t, 32> check{};              // J: binds key, context and threshold
  std::array<std::uint8_t, 32> dealer_public_key{};  // all zeros: unsigned
  std::array<std::uint8_t, 64> signature{};

  bool is_signed() const;
  // 238 bytes and the context: on disk, never change, FORMAT.md "Key share".
  SecretBytes Serialize() const;
  // Checks magic, lengths, checksum, ranges and, on a signed share, its signature by the key that
  // it names.
  // Errors: kDamaged when any of these is wrong; kUnsupported when the scheme is unknown.
  static Result<KeyShare> Parse(ByteView bytes);
};

// Splits a key into shares so that any `counts.threshold` of them recover it.
//
// key: 32 bytes, uniformly random. context: up to 65,535 bytes, bound to the key.
// dealer: signs each share; null for shares that are protected by hashes elsewhere.
// Errors: kInvalidArgument when a size or count is out of range; what `dealer` returns.
// Cost: O(threshold * count) on 32 bytes.
// Source: Bellare, Dai, Rogaway 2020, section 5; Shamir 1979; FIPS 197 section 4.2 (the field).
FENCHI_EXPORT Result<std::vector<KeyShare>> SplitKey(const SecretBytes& key, ShareCounts counts,
                                                     ByteView context, Random& random,
                                                     const ShareSigner* dealer = nullptr);

// A share as it was handed over: the name is what people know it by (file, page, provider).
struct NamedShare {
  std::string name;
  ByteView bytes;
};

enum class ShareFaultKind {
  kDamaged,    // checksum, signature or form is wrong: misread or decayed
  kForged,     // well-formed, but not what the dealer made
  kForeign,    // of another key, vault, dealer or version
  kOld,        // of the same vault, but of another epoch, access rule or slot
  kDuplicate,  // the same share once more
  kBadIndex,   // index or threshold outside 1..255
};
// "damaged", "forged", ...
FENCHI_EXPORT std::string_view ShareFaultKindName(ShareFaultKind kind);

struct ShareFault {
  std::string name;
  ShareFaultKind kind = ShareFaultKind::kDamaged;
  std::string message;    // a sentence without the name
  int claimed_index = 0;  // as it stands in the item; 0 as well where none can be read
};

struct RecoverOptions {
  // Says whether a recovered key is the right one, by a commitment for example. Empty: all are.
  std::function<bool(ByteView key)> accept = {};
  std::optional<Bytes> context = {};  // only shares of this context are used
  // Only shares signed by this key are used.
  std::optional<std::array<std::uint8_t, 32>> dealer_public_key = {};
  // A share of another context with this many equal leading bytes (the vault id) is called old,
  // else foreign.
  std::size_t vault_prefix_size_bytes = 32;
};

struct RecoveredKey {
  SecretBytes key;
  std::vector<std::string> used;   // the items that are good shares of it, in the order supplied
  std::vector<ShareFault> faults;  // all others, in the order supplied
};

// Recovers the key from m or more shares, whatever else is among them.
//
// Errors: kWrongKey when no sharing has m good shares, when `accept` refuses all that have, or when
// two have and `accept` does not tell which; the message names the items that cannot be used.
// Cost: at most kShareCombinationsMax combinations (some 20 us each) for each sharing among the
// items; where all items are good, one. Drop bad leaf shares by hash before: many of them in more
// than 16 items exceed the limit.
FENCHI_EXPORT Result<RecoveredKey> RecoverKey(std::span<const NamedShare> items,
                                              const RecoverOptions& options = {});

// Makes share `index` (1..255) of an unsigned sharing again, byte for byte as SplitKey made it.
//
// Errors: kInvalidArgument when the index is out of range or the sharing is signed (only its dealer
// can); else as RecoverKey.
FENCHI_EXPORT Result<KeyShare> RebuildShare(std::span<const NamedShare> items, int index,
                                            const RecoverOptions& options = {});

}  // namespace fenchi
