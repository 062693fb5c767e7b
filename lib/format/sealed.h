// Padded boxes, FORMAT.md section 3: small objects whose size tells little.
//
// A padded plaintext is be32(length) | bytes | zeros, so long that the whole box is a power of two
// of at least 2^min_exponent bytes. Opening refuses any other length and any nonzero padding.
// Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes object, SealPadded(context, key, record, 12,
//                                                    kRecordObjectSizeMax, random));
//   FENCHI_ASSIGN_OR_RETURN(SecretBytes text, OpenPadded(context, key, object, 12,
//                                                        kRecordObjectSizeMax));
#pragma once

#include <cstddef>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi::format {

inline constexpr int kRecordPadding = 12;  // also lists, indexes, keyring, shard headers
inline constexpr int kSnapshotPadding = 10;
inline constexpr int kPolicyDetailsPadding = 10;

// The padded plaintext of `bytes`. limit: the largest box in bytes.
// Errors: kInvalidArgument when the box would be larger than `limit`.
Result<SecretBytes> PadTo(ByteView bytes, int min_exponent, std::size_t limit);
// The bytes in a padded plaintext, a view into it.
// Errors: kDamaged when the length does not fit or padding is not zero.
Result<ByteView> Unpad(ByteView padded, int min_exponent);

// A padded box with a fresh salt, or with the given one. Errors: as PadTo and Seal.
Result<Bytes> SealPadded(const SealContext& context, ByteView key, ByteView bytes, int min_exponent,
                         std::size_t limit, Random& random);
Result<Bytes> SealPadded(const SealContext& context, ByteView key, ByteView bytes, int min_exponent,
                         std::size_t limit, ByteView salt);
// Errors: kDamaged when the box is larger than `limit` or its size or padding are wrong; otherwise
// as OpenSealed.
Result<SecretBytes> OpenPadded(const SealContext& context, ByteView key, ByteView box,
                               int min_exponent, std::size_t limit);

}  // namespace fenchi::format
