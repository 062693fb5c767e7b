// Hashes and base64 as the protocols of providers over HTTP ask for them.
//
// Not for fenchi's own formats: those stand on crypto. MD5 is here because servers ask for it, and
// protects against nothing but a bad line.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "fenchi/bytes.h"
#include "fenchi/provider.h"
#include "fenchi/status.h"

namespace fenchi {

enum class DigestKind { kMd5, kSha256 };

// 16 bytes of MD5 or 32 of SHA-256.
Bytes DigestOf(DigestKind kind, ByteView message);
// Of a part of a source. Errors: whatever Source::Read answers.
Result<Bytes> DigestOf(DigestKind kind, Source& source, std::uint64_t offset, std::uint64_t size);

// HMAC-SHA-256, 32 bytes.
Bytes Hmac256(ByteView key, ByteView message);

// RFC 4648 section 4, with padding.
std::string ToBase64(ByteView bytes);
// Errors: kInvalidArgument when `text` is not base64 with its padding.
Result<Bytes> FromBase64(std::string_view text);

}  // namespace fenchi
