// The keys of one backup run in one key domain, and their wrapped forms.
//
// A run draws S (opens packs) and T (checks tags) once; every shard header of the run carries the
// same wrapped bytes. FORMAT.md section 6.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fenchi/aead.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "format/ids.h"
#include "format/keyring.h"
#include "format/shard_header.h"
#include "repository/access.h"

namespace fenchi {

struct RunKeys {
  RunId run;
  DomainId domain;
  WriterId writer;
  format::IdScope id_scope;  // zeros: made by a read host
  std::uint32_t epoch = 0;
  Suite suite = Suite::kAes256Gcm;
  SecretBytes data_key;  // S
  SecretBytes tag_key;   // T
  Bytes wrapped_data_key;
  Bytes wrapped_tag_key;
};

// What a host adds to a key domain with, whether it may read there or not.
struct WriteKeys {
  DomainId id;
  std::string label;
  format::IdScope scope;  // zeros: a read host; else the writer id of a write-only one
  SecretBytes id_key;
  SecretBytes index_key;
  std::uint32_t epoch = 0;
  ExchangePublicKey read_public_key;  // of that epoch
  // To wrap S with, so that no public-key cipher stands between; none on a write-only host.
  std::optional<KeyPair> read_key;

  SecretBytes id_root;  // of a host that may read: makes the ids of every scope
  VaultId vault;

  bool may_read() const { return read_key.has_value(); }
  // Only where may_read().
  SecretBytes IdKeyOf(const format::IdScope& of) const;
};
// By label; empty: the first. Errors: kDenied where the keys are of an older epoch than the policy;
// kNotFound naming the labels that there are.
Result<WriteKeys> WriteKeysFor(const Access& access, std::string_view label);

// Draws and wraps the keys of a new run. A write-only host seals S to the domain's read public key
// and cannot open it again once RunKeys is gone.
Result<RunKeys> NewRunKeys(const Access& access, const WriteKeys& domain, const WriterId& writer,
                           Random& random);

// Opens a wrapped S. Errors: kDenied when `access` cannot read that domain or epoch; kDamaged.
Result<SecretBytes> OpenDataKey(const Access& access, const DomainId& domain, std::uint32_t epoch,
                                const RunId& run, ByteView wrapped);
// Opens a wrapped T. Errors: kDenied without the verify secret; kDamaged.
Result<SecretBytes> OpenTagKey(const Access& access, const DomainId& domain, const RunId& run,
                               ByteView wrapped);

// Whether a header's wrapped keys open and its commitment fits, as far as `access` has the keys to
// tell: a holder of K_outer can seal any header. Errors: kDamaged.
Status CheckHeaderKeys(const Access& access, const format::ShardHeader& header);

}  // namespace fenchi
