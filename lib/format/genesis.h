// The genesis, FORMAT.md section 5.1: who may sign the first policy. Its hash is the vault id.
//
//   Hash256 id = Sha256(object); Genesis genesis = DecodeGenesis(object)
#pragma once

#include <vector>

#include "crypto/signing.h"
#include "fenchi/bytes.h"
#include "fenchi/status.h"
#include "format/cbor.h"

namespace fenchi::format {

// m admins of these sign a policy.
struct AdminSet {
  int threshold = 1;                   // m, 1..keys.size()
  std::vector<SigningPublicKey> keys;  // 1..255, distinct
  friend bool operator==(const AdminSet&, const AdminSet&) = default;
};

// Parts of other objects. Errors of the check: kInvalidArgument.
Status CheckAdminSet(const AdminSet& admins);
void WriteAdminKeys(CborWriter& writer, const AdminSet& admins);
Result<std::vector<SigningPublicKey>> ReadAdminKeys(CborReader& reader);

struct Genesis {
  AdminSet admins;
  Hash256 random;  // 32 random bytes
  friend bool operator==(const Genesis&, const Genesis&) = default;
};

// Errors: kInvalidArgument when a count is out of range or keys repeat.
Result<Bytes> EncodeGenesis(const Genesis& genesis);
// Errors: kDamaged; kUnsupported for a format version of later.
Result<Genesis> DecodeGenesis(ByteView object);
// H(genesis object).
VaultId VaultIdOf(ByteView genesis_object);

}  // namespace fenchi::format
