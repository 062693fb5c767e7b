// The keys of one backup run in one key domain, and their wrapped forms.
//
// A run draws S (opens packs) and T (checks tags) once; every shard header of the run carries the
// same wrapped bytes. FORMAT.md section 6.
#pragma once

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

// Draws and wraps the keys of a new run of a host with the read role.
Result<RunKeys> NewRunKeys(const Access& access, const format::DomainKeys& domain,
                           const WriterId& writer, Random& random);

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
