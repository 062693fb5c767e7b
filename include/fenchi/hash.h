// SHA-256, HMAC-SHA-256 and HKDF: names for content, keyed names, and keys made from keys.
//
// Use Sha256 to name public bytes, HmacSha256 or KeyedHash where the name must tell nothing to
// those without the key, and Hkdf to derive independent keys from one strong secret. None of these
// is for passwords: a guess costs nothing here (passwords are stretched with Argon2id first).
//
// Promises: SHA-256 is collision resistant and HMAC a pseudo-random function as far as is publicly
// known; equal inputs give equal outputs everywhere. Not promised: secrecy of an input that can be
// guessed (Sha256), or that `parts` are told apart (HmacSha256 joins them: prefix lengths).
// Comparing a received HMAC needs ConstantTimeEquals (fenchi/secret.h).
//
// Threads: functions may be called from any thread; an object belongs to one thread at a time. A
// process whose OpenSSL has no SHA-2, or that has no memory left, ends: no call here can fail.
//
//   fenchi::Hash256 name = fenchi::Sha256(fenchi::AsBytes("abc"));
//   fenchi::SecretBytes key = fenchi::HkdfSha512(root.view(), {}, fenchi::AsBytes("index"), 32);
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// The SHA-256 of `message`; empty is allowed. Source: FIPS 180-4.
FENCHI_EXPORT Hash256 Sha256(ByteView message);

// SHA-256 of a message that comes in pieces; how it is cut does not matter.
class FENCHI_EXPORT Sha256Hasher {
 public:
  Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;
  ~Sha256Hasher();

  void Update(ByteView piece);  // empty: no change
  // The hash of all pieces since construction or the last Finish; starts again from nothing.
  Hash256 Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// HMAC-SHA-256; `key` and `message` of any size, empty included. Source: RFC 2104, RFC 4231.
FENCHI_EXPORT Hash256 HmacSha256(ByteView key, ByteView message);

// HMAC-SHA-256 of the parts joined. WARNING: {"ab", "c"} and {"a", "bc"} are the same message; the
// caller gives parts a fixed size or a length prefix.
FENCHI_EXPORT Hash256 HmacSha256(ByteView key, std::initializer_list<ByteView> parts);

// HMAC-SHA-256 of a message that comes in pieces.
class FENCHI_EXPORT HmacSha256Hasher {
 public:
  explicit HmacSha256Hasher(ByteView key);  // any size, empty included; copied and wiped in the end
  HmacSha256Hasher(HmacSha256Hasher&&) noexcept;
  HmacSha256Hasher& operator=(HmacSha256Hasher&&) noexcept;
  ~HmacSha256Hasher();

  void Update(ByteView piece);  // empty: no change
  // The HMAC of all pieces since construction or the last Finish; starts again, same key.
  Hash256 Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// HMAC-SHA-256 under one kept key, for many messages: chunk ids. Key setup is paid once.
class FENCHI_EXPORT KeyedHash {
 public:
  // key: 32 bytes, uniformly random.
  // Errors: kInvalidArgument when the key has another size.
  static Result<KeyedHash> Create(ByteView key);

  // HMAC-SHA-256(key, message); empty is allowed. One thread at a time.
  Hash256 operator()(ByteView message);

 private:
  explicit KeyedHash(HmacSha256Hasher hasher) : hasher_(std::move(hasher)) {}
  HmacSha256Hasher hasher_;
};

// HKDF in its two steps. `ikm` is the secret input, `salt` may be public and empty (then it counts
// as zeros), `info` names the use: two infos give independent keys. Extract gives 64 (SHA-512) or
// 32 (SHA-256) bytes, and equals HMAC(key = salt, message = ikm). out_size: 0..16,320 bytes
// (SHA-512), 0..8,160 bytes (SHA-256). Other sizes are a programmer's error and end the process.
// Source: RFC 5869.
FENCHI_EXPORT SecretBytes HkdfExtractSha512(ByteView ikm, ByteView salt);
FENCHI_EXPORT SecretBytes HkdfExpandSha512(ByteView prk, ByteView info, std::size_t out_size);
FENCHI_EXPORT SecretBytes HkdfSha512(ByteView ikm, ByteView salt, ByteView info,
                                     std::size_t out_size);
FENCHI_EXPORT SecretBytes HkdfExtractSha256(ByteView ikm, ByteView salt);
FENCHI_EXPORT SecretBytes HkdfExpandSha256(ByteView prk, ByteView info, std::size_t out_size);
FENCHI_EXPORT SecretBytes HkdfSha256(ByteView ikm, ByteView salt, ByteView info,
                                     std::size_t out_size);

}  // namespace fenchi
