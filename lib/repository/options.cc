// The few functions behind the public option types.
#include "fenchi/options.h"

#include <utility>

namespace fenchi {

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
