#include "repository/credential_access.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

Status UnsupportedRole(std::string_view role) {
  return Unsupported("credentials for the {} role cannot be made or used by this version", role)
      .WithHint("use the read or verify role");
}

Result<std::vector<const format::DomainKeys*>> ChosenDomains(
    const Access& access, std::span<const std::string> key_domains) {
  std::vector<const format::DomainKeys*> chosen;
  if (key_domains.empty()) {
    if (access.domains.empty()) return Denied("this vault was opened without a read key");
    for (const format::DomainKeys& keys : access.domains) chosen.push_back(&keys);
    return chosen;
  }
  for (const std::string& label : key_domains) {
    if (label.empty()) return InvalidArgument("a key domain without a label");
    FENCHI_ASSIGN_OR_RETURN(const format::DomainKeys* keys, access.FindDomain(label));
    if (std::ranges::find(chosen, keys) == chosen.end()) chosen.push_back(keys);
  }
  return chosen;
}

}  // namespace

Result<SecretBytes> ExportCredentialFile(const Access& access, Role role,
                                         std::span<const std::string> key_domains) {
  if (role == Role::kWrite) return UnsupportedRole("write");
  if (role == Role::kAdmin) return UnsupportedRole("admin");
  format::Credential credential;
  credential.vault = access.vault;
  credential.role = role == Role::kVerify ? format::Role::kVerify : format::Role::kRead;
  credential.epoch = access.epoch();
  credential.outer_key = access.outer_key.Clone();
  credential.name_key = access.name_key.Clone();
  credential.verify_public_key = access.policy.verify_public_key;
  if (role == Role::kVerify && !access.verify) {
    return Denied("this vault was opened without the verify key");
  }
  if (role == Role::kRead) {
    FENCHI_ASSIGN_OR_RETURN(const auto chosen, ChosenDomains(access, key_domains));
    for (const format::DomainKeys* keys : chosen) credential.domains.push_back(keys->Clone());
  }
  // With the verify key one can also make tags, for every domain: not for readers of some domains.
  const bool whole = role == Role::kVerify || key_domains.empty();
  if (whole && access.verify) credential.verify_secret_key = access.verify->secret_key.Clone();
  return format::EncodeCredential(credential);
}

Result<format::Credential> ReadCredentialFile(ByteView file) {
  FENCHI_ASSIGN_OR_RETURN(format::Credential credential, format::DecodeCredential(file));
  if (credential.role == format::Role::kWrite) return UnsupportedRole("write");
  if (credential.role == format::Role::kAdmin) return UnsupportedRole("admin");
  return credential;
}

Status TakeCredentialKeys(format::Credential credential, Access& access) {
  const auto stale = [] {
    return WrongKey("the credential is of other keys than the vault has now")
        .WithHint("ask for a new credential file");
  };
  if (credential.verify_public_key != access.policy.verify_public_key) return stale();
  for (const format::DomainKeys& keys : credential.domains) {
    const auto named = std::ranges::find(access.policy.domains, keys.id, &format::PolicyDomain::id);
    if (named == access.policy.domains.end()) return stale();
    const format::ReadKey* key = keys.FindReadKey(named->epoch);
    // A key of an earlier epoch still reads what was written then.
    if (key != nullptr && key->pair.public_key != named->read_public_key) return stale();
  }
  access.role = credential.role == format::Role::kVerify ? Role::kVerify : Role::kRead;
  access.outer_key = std::move(credential.outer_key);
  access.name_key = std::move(credential.name_key);
  if (credential.verify_secret_key) {
    FENCHI_ASSIGN_OR_RETURN(access.verify,
                            KeyPair::FromSecretKey(credential.verify_secret_key->view()));
  }
  access.domains = std::move(credential.domains);
  return Status::Ok();
}

}  // namespace fenchi
