// A credential that was made with a proposal: its writer is in no policy until enough admins have
// approved it. The file says so itself (FORMAT.md section 5.6, key 64), for whoever is given it.
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>

#include "format/credential.h"

namespace fenchi::format {

struct CredentialWait {
  std::uint32_t policy = 0;   // the version that would take the writer in
  std::uint32_t lacking = 0;  // approvals besides that of the admin who made it, at least 1
  friend bool operator==(const CredentialWait&, const CredentialWait&) = default;
};
struct WaitingCredential {
  Credential credential;
  std::optional<CredentialWait> wait;
};

// Errors of both: as in credential.h.
Result<SecretBytes> EncodeWaitingCredential(const Credential& credential,
                                            const std::optional<CredentialWait>& wait);
Result<WaitingCredential> DecodeWaitingCredential(ByteView file);

}  // namespace fenchi::format
