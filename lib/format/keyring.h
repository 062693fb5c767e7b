// The keyring, FORMAT.md section 5.5: all keys that the epoch root opens.
//
// The encoded form is secret: it exists in locked memory and inside a box only. Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes object, SealKeyring(suite, vault, root.view(), keyring, random));
//   FENCHI_ASSIGN_OR_RETURN(Keyring keys, OpenKeyring(vault, root.view(), epoch, object));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/key_exchange.h"
#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "format/cbor.h"
#include "format/ids.h"

namespace fenchi::format {

struct ReadKey {
  std::uint32_t epoch = 0;
  KeyPair pair;
};

struct DomainKeys {
  DomainId id;
  std::string label;
  std::vector<ReadKey> read_keys;  // ascending epochs, at least one
  SecretBytes id_root;
  SecretBytes index_root;

  const ReadKey* FindReadKey(std::uint32_t epoch) const;  // null when there is none
  DomainKeys Clone() const;
};

struct Keyring {
  std::uint32_t epoch = 0;
  SecretBytes outer_key;
  SecretBytes name_key;
  KeyPair verify;
  std::vector<DomainKeys> domains;        // distinct ids
  std::optional<SecretBytes> admin_seed;  // 1-of-1 default only

  const DomainKeys* FindDomain(const DomainId& id) const;  // null when there is none
};

Result<SecretBytes> EncodeKeyring(const Keyring& keyring);
// Errors: kDamaged, also when a public key is not the one of its secret key; kUnsupported.
Result<Keyring> DecodeKeyring(ByteView bytes);

// Box of type 6, padded. root: the epoch root, 32 bytes.
Result<Bytes> SealKeyring(Suite suite, const VaultId& vault, ByteView root, const Keyring& keyring,
                          Random& random);
// Errors: kDamaged when the keyring is of another epoch; otherwise as OpenPadded, DecodeKeyring.
Result<Keyring> OpenKeyring(const VaultId& vault, ByteView root, std::uint32_t epoch,
                            ByteView object);

// Shared with credentials: one domain's map. Errors of the check: kInvalidArgument.
Status CheckDomainKeys(const DomainKeys& domain);
void WriteDomainKeys(CborWriter& writer, const DomainKeys& domain);
Result<DomainKeys> ReadDomainKeys(CborReader& reader);

}  // namespace fenchi::format
