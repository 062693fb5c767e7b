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
    case DamageKind::kUnreadable:
      return "unreadable";
  }
  return "unknown";
}

std::string_view LockStandingName(LockStanding standing) {
  switch (standing) {
    case LockStanding::kLocked:
      return "locked";
    case LockStanding::kUnlocked:
      return "unlocked";
    case LockStanding::kUnknown:
      return "unknown";
  }
  return "unknown";
}

namespace {
Unlock::Secret Shared(SecretBytes secret) {
  return std::make_shared<const SecretBytes>(std::move(secret));
}
}  // namespace

Unlock Unlock::WithPassphrase(SecretBytes passphrase) {
  Unlock unlock;
  unlock.AddPassphrase(std::move(passphrase));
  return unlock;
}
Unlock Unlock::WithCredential(SecretBytes credential) {
  Unlock unlock;
  unlock.credential_ = Shared(std::move(credential));
  return unlock;
}
Unlock& Unlock::AddPassphrase(SecretBytes passphrase) {
  passphrases_.push_back(Shared(std::move(passphrase)));
  return *this;
}
Unlock& Unlock::AddRecipientKey(SecretBytes secret_key) {
  recipient_keys_.push_back(Shared(std::move(secret_key)));
  return *this;
}
Unlock& Unlock::AddToken(std::shared_ptr<KeyToken> token) {
  tokens_.push_back(std::move(token));
  return *this;
}
Unlock& Unlock::AddShare(std::string name, SecretBytes key_share) {
  shares_.push_back({std::move(name), Shared(std::move(key_share))});
  return *this;
}
Unlock& Unlock::AddAdminKey(SecretBytes secret_key) {
  admin_key_ = Shared(std::move(secret_key));
  return *this;
}

}  // namespace fenchi
