// Credential files, FORMAT.md section 5.6: what a host holds outside the vault.
//
// The file is secret; it may be sealed into a box of type 12 by whoever stores it. Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(Credential credential, DecodeCredential(file));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/key_exchange.h"
#include "fenchi/bytes.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "format/ids.h"
#include "format/keyring.h"

namespace fenchi::format {

// A writer's part of a domain: enough to add, nothing to read with.
struct WriterDomain {
  DomainId id;
  std::string label;
  ExchangePublicKey read_public_key;
  SecretBytes id_key;  // of this writer's own id
  SecretBytes index_key;
};

struct CredentialWriter {
  WriterId id;
  SecretBytes seed;  // Ed25519
};

struct Credential {
  VaultId vault;
  Role role = Role::kRead;
  std::uint32_t epoch = 0;
  SecretBytes outer_key;
  SecretBytes name_key;
  std::optional<SecretBytes> verify_secret_key;
  ExchangePublicKey verify_public_key;
  std::vector<DomainKeys> domains;           // role kRead, kAdmin
  std::vector<WriterDomain> writer_domains;  // role kWrite
  std::optional<CredentialWriter> writer;
  std::optional<SecretBytes> admin_seed;
};

Result<SecretBytes> EncodeCredential(const Credential& credential);
// Errors: kDamaged, for a wrong checksum too; kUnsupported.
Result<Credential> DecodeCredential(ByteView file);

}  // namespace fenchi::format
