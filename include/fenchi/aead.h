// Authenticated encryption: the plain cipher, segmented streams, and Seal, the committed box.
//
// Use Seal/OpenSealed for a small object under a long-lived key: it draws a salt, so no nonce has
// to be counted, and it commits to the key, so that no box opens under two keys. Use SegmentCipher
// with DeriveStreamKeys for large data that is read in parts. Aead is the bare cipher beneath both.
//
// Promises: without the key nothing but the length is learnt, and any change is refused, as far as
// AES-256-GCM and ChaCha20-Poly1305 keep their claims. Not promised by Aead alone: anything after a
// nonce was used twice under one key, or that a ciphertext opens under one key only (both ciphers
// lack that; compare StreamKeys::commitment first, as Seal does). Lengths are not hidden.
//
// Threads: an Aead or SegmentCipher belongs to one thread at a time; functions to any.
//
//   fenchi::SealContext context{fenchi::DefaultSuite(), fenchi::SealType::kRecord, vault_id, name};
//   FENCHI_ASSIGN_OR_RETURN(fenchi::Bytes box, fenchi::Seal(context, key, text, random));
//   FENCHI_ASSIGN_OR_RETURN(fenchi::SecretBytes back, fenchi::OpenSealed(context, key, box));
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// On disk, never change and never use a number again: FORMAT.md section "Seal".
enum class Suite : std::uint8_t {
  kAes256Gcm = 1,
  kChaCha20Poly1305 = 2,
};

// "aes256gcm" or "chacha20poly1305", the names in vault.toml; "unknown" for any other number.
FENCHI_EXPORT std::string_view SuiteName(Suite suite);
// Errors: kUnsupported when the name or number is of no suite of this build.
FENCHI_EXPORT Result<Suite> SuiteFromName(std::string_view name);
FENCHI_EXPORT Result<Suite> SuiteFromNumber(std::uint8_t number);

// Whether this CPU has AES and carry-less multiplication instructions that OpenSSL uses.
FENCHI_EXPORT bool HostHasAes();
// kAes256Gcm where HostHasAes(), else kChaCha20Poly1305. Every host reads both.
FENCHI_EXPORT Suite DefaultSuite();

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;
// Largest plaintext, and largest AAD, of one call: far below both ciphers' own limits.
inline constexpr std::size_t kAeadMessageSizeMax = std::size_t{1} << 30;

// One cipher with one key, kept ready: a call costs about 0.1 us more than its bytes.
//
// WARNING: two different messages encrypted or tagged under one key and one nonce lose
// confidentiality and, with suite 1, give the authentication key away. The caller must never use a
// (key, nonce) twice, Tag included. With random or counted nonces alike, one key is good for 2^32
// messages.
// Source: SP 800-38D (GCM, GMAC), RFC 8439 (ChaCha20-Poly1305).
class FENCHI_EXPORT Aead {
 public:
  // key: 32 bytes, uniformly random.
  // Errors: kInvalidArgument when the key has another size; kUnsupported for an unknown suite.
  static Result<Aead> Create(Suite suite, ByteView key);
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;
  ~Aead();

  // Takes another key, cheaper than a new Aead (about 0.5 us).
  // Errors: kInvalidArgument when the key has another size; the old key then stays.
  Status Rekey(ByteView key);

  // Writes the ciphertext and then the 16-byte tag to `out`, plaintext.size() + 16 bytes.
  //
  // `plaintext` may start where `out` starts (in place), and may not overlap it otherwise. Empty
  // plaintext and empty `aad` are allowed. nonce: 12 bytes.
  // Errors: kInvalidArgument when a size is wrong.
  Status Encrypt(ByteView nonce, ByteView aad, ByteView plaintext, MutableBytes out);

  // The inverse: `out` has 16 bytes less than `ciphertext_and_tag` and may start where that starts.
  // Errors: kDamaged when anything was changed, or key, nonce or aad are others (out is then wiped:
  // unchecked plaintext is never left there); kInvalidArgument when a size is wrong.
  Status Decrypt(ByteView nonce, ByteView aad, ByteView ciphertext_and_tag, MutableBytes out);

  // A 16-byte tag over `message` without encryption: the AEAD of an empty plaintext with `message`
  // as AAD. With suite 1 this is GMAC. Proves nothing to a holder of the key, who can forge it.
  // Errors: kInvalidArgument when a size is wrong.
  Status Tag(ByteView nonce, ByteView message, MutableBytes tag);
  // Errors: kDamaged when the tag does not fit; kInvalidArgument when a size is wrong.
  Status CheckTag(ByteView nonce, ByteView message, ByteView tag);

  Suite suite() const;

 private:
  struct State;
  explicit Aead(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// ---- Segmented streams ----

// What one secret gives for one stream: the cipher's key, and a commitment that is stored openly.
struct StreamKeys {
  SecretBytes key;     // 32 bytes
  Hash256 commitment;  // compare in constant time before anything is decrypted
};

// On disk, never change: FORMAT.md sections "Seal" and "Packs and shards". 64 bytes of
// HKDF-SHA-512(ikm = secret, salt, info): the first 32 are the key, the next 32 the commitment.
// With salts of one size, no other secret, salt or info gives the same commitment, as far as
// SHA-512 resists collisions.
//
// secret: at least 32 bytes, uniformly random; (secret, salt, info) is used for one stream only.
// Errors: kInvalidArgument when the secret is shorter.
FENCHI_EXPORT Result<StreamKeys> DeriveStreamKeys(ByteView secret, ByteView salt, ByteView info);

using AeadNonce = std::array<std::uint8_t, kAeadNonceSize>;

// On disk, never change, FORMAT.md sections as above: be32(final ? 1 : 0) | be64(segment).
FENCHI_EXPORT AeadNonce SegmentNonce(std::uint64_t segment, bool final);

// Seals and opens the segments of one stream in any order, each alone.
//
// Number and final flag are in the nonce: a segment that was moved, repeated, dropped or taken from
// another stream does not open where it stands, and neither does a stream cut short, provided that
// the reader asks for the last segment it sees as final. Each segment of a key is sealed once.
class FENCHI_EXPORT SegmentCipher {
 public:
  // Errors: as Aead::Create.
  static Result<SegmentCipher> Create(Suite suite, ByteView key);
  // Errors: as Aead::Rekey.
  Status Rekey(ByteView key) { return aead_.Rekey(key); }

  // out: plaintext.size() + 16 bytes; in place is allowed as for Aead. Empty is allowed.
  // Errors: kInvalidArgument when a size is wrong.
  Status SealSegment(std::uint64_t segment, bool final, ByteView plaintext, MutableBytes out);
  // out: sealed.size() - 16 bytes.
  // Errors: kDamaged when this is not that segment, unchanged (out is then wiped);
  // kInvalidArgument when a size is wrong.
  Status OpenSegment(std::uint64_t segment, bool final, ByteView sealed, MutableBytes out);

  Suite suite() const { return aead_.suite(); }

 private:
  explicit SegmentCipher(Aead aead) : aead_(std::move(aead)) {}
  Aead aead_;
};

// ---- Seal ----

// What is in the box. On disk, never change: FORMAT.md section "Seal".
enum class SealType : std::uint8_t {
  kHeader = 1,
  kRecord = 2,
  kSnapshot = 3,
  kIndex = 4,
  kList = 5,
  kKeyring = 6,
  kSlot = 7,
  kWrappedDataKey = 8,
  kWrappedTagKey = 9,
  kChildKey = 10,
  kPolicyDetails = 11,
  kCredential = 12,
  kLocalState = 14,
};

// Everything that a box is bound to besides its key. `context` names the object further and may be
// empty; it is viewed during the call only.
struct SealContext {
  Suite suite = Suite::kAes256Gcm;
  SealType type = SealType::kRecord;
  VaultId vault;
  ByteView context;
};

inline constexpr std::size_t kSealSaltSize = 32;
inline constexpr std::size_t kSealOverhead = 84;

// On disk, never change: FORMAT.md section "Seal".
//   box = version 1 | suite | type | 0 | salt 32 | commitment 32 | ciphertext | tag 16
//   HKDF-SHA-512(ikm = key, salt, info = "fenchi/1/seal" | 0 | version | suite | type | vault 32 |
//   be32(context size) | context, 64 bytes) = K | commitment
//   ciphertext | tag = AEAD(K, nonce = SegmentNonce(0, true), no AAD, plaintext)
// The box is plaintext.size() + kSealOverhead bytes. Empty plaintext is allowed.
//
// key: 32 bytes. salt: 32 bytes, never given twice with different plaintexts for one key, type,
// vault and context: fresh random bytes, or a keyed hash of key, purpose and plaintext.
// Errors: kInvalidArgument when a size is wrong; kUnsupported for an unknown suite.
FENCHI_EXPORT Result<Bytes> Seal(const SealContext& context, ByteView key, ByteView plaintext,
                                 ByteView salt);
// The same with a fresh salt.
FENCHI_EXPORT Result<Bytes> Seal(const SealContext& context, ByteView key, ByteView plaintext,
                                 Random& random);

// The plaintext of a box. context.suite is ignored: the box says which it is.
// Errors: kWrongKey when key, vault or context are not those of the box, or its salt, commitment or
// suite were changed (nothing was decrypted); kDamaged when it is too short, is of another type,
// has a nonzero reserved byte, or was changed behind its commitment; kUnsupported for a version or
// suite that this build does not know; kInvalidArgument when the key is not 32 bytes.
FENCHI_EXPORT Result<SecretBytes> OpenSealed(const SealContext& context, ByteView key,
                                             ByteView box);

}  // namespace fenchi
