// Credential files: opening a vault without a slot, and making such files.
//
// A credential holds keys, not the leaf: whoever has it needs no passphrase, so it is a secret
// file. FORMAT.md section 5.6.
#pragma once

#include <span>
#include <string>

#include "fenchi/options.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "format/credential_wait.h"
#include "repository/access.h"

namespace fenchi {

// key_domains: labels; empty: all that `access` reads, and for kAdmin none. Not looked at for the
// verify role. A write credential names a writer of its own, so EditPolicy makes it.
// Errors: kDenied when `access` has less than the role needs; kNotFound for a label;
// kInvalidArgument for kWrite.
Result<SecretBytes> ExportCredentialFile(const Access& access, Role role,
                                         std::span<const std::string> key_domains);

// That the credential counts: one that was made with a proposal does so once its writer is in the
// policy. Errors: kDenied, which says how many approvals it lacks.
Status CheckApproved(const format::WaitingCredential& file, const format::Policy& policy);

// Moves the credential's keys into `access`, whose policy is set.
// Errors: kWrongKey when the credential is of other keys than the policy names.
Status TakeCredentialKeys(format::Credential credential, Access& access);

}  // namespace fenchi
