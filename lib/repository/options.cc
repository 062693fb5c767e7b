// The few functions behind the public option and report types.
#include "fenchi/options.h"

#include <utility>

#include "base/display.h"
#include "fenchi/report.h"

namespace fenchi {

std::string EscapePath(std::string_view path) { return EscapeForDisplay(path); }

std::string_view DamageKindName(DamageKind kind) {
  switch (kind) {
    case DamageKind::kMissing:
      return "missing";
    case DamageKind::kTruncated:
      return "truncated";
    case DamageKind::kHeader:
      return "header";
    case DamageKind::kBlock:
      return "block";
    case DamageKind::kContent:
      return "content";
    case DamageKind::kObject:
      return "object";
    case DamageKind::kUnreachable:
      return "unreachable";
  }
  return "unknown";
}

Unlock::Unlock(SecretBytes secret, bool is_credential)
    : secret_(std::make_shared<const SecretBytes>(std::move(secret))),
      is_credential_(is_credential) {}
Unlock Unlock::WithPassphrase(SecretBytes passphrase) {
  return Unlock(std::move(passphrase), false);
}
Unlock Unlock::WithCredential(SecretBytes credential) {
  return Unlock(std::move(credential), true);
}

}  // namespace fenchi
