#include "repository/credential_access.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

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
  if (role == Role::kWrite) {
    return InvalidArgument("a write credential is a writer of its own: it is made with the policy");
  }
  FENCHI_RETURN_IF_ERROR(
      RequireRole(access, role, fmt::format("making a {} credential", RoleName(role))));
  format::Credential credential;
  credential.vault = access.vault;
  credential.role = static_cast<format::Role>(role);
  credential.epoch = access.epoch();
  credential.outer_key = access.outer_key.Clone();
  credential.name_key = access.name_key.Clone();
  credential.verify_public_key = access.policy.verify_public_key;
  const bool reads = role == Role::kRead || (role == Role::kAdmin && !key_domains.empty());
  if (reads) {
    FENCHI_ASSIGN_OR_RETURN(const auto chosen, ChosenDomains(access, key_domains));
    for (const format::DomainKeys* keys : chosen) credential.domains.push_back(keys->Clone());
  }
  // With the verify key one can also make tags, for every domain: not for readers of some domains.
  const bool whole = role == Role::kVerify || (role == Role::kRead && key_domains.empty());
  if (whole && access.verify) credential.verify_secret_key = access.verify->secret_key.Clone();
  if (role == Role::kAdmin) credential.admin_seed = SecretBytes::CopyOf(access.admin->seed());
  return format::EncodeCredential(credential);
}

Status CheckApproved(const format::WaitingCredential& file, const format::Policy& policy) {
  const auto& writer = file.credential.writer;
  if (!file.wait || !writer ||
      std::ranges::find(policy.writers, writer->id, &format::PolicyWriter::id) !=
          policy.writers.end()) {
    return Status::Ok();
  }
  const auto [version, lacking] = *file.wait;
  if (policy.version >= version) {
    return Denied(
               "the credential was never approved: the vault's policy {} came without its writer",
               version)
        .WithHint("ask for a new credential, whose proposal the admins approve");
  }
  return Denied(
             "the credential is not approved yet: it needs {} more approval{} of the proposal for "
             "policy {}, and then that is published",
             lacking, lacking == 1 ? "" : "s", version)
      .WithHint(
          "the admins approve the proposal (fenchi admin approve), one of them publishes it "
          "(fenchi "
          "admin publish); then the same file counts");
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
  for (const format::WriterDomain& keys : credential.writer_domains) {
    if (std::ranges::find(access.policy.domains, keys.id, &format::PolicyDomain::id) ==
        access.policy.domains.end()) {
      return stale();
    }
  }
  access.role = static_cast<Role>(credential.role);
  access.outer_key = std::move(credential.outer_key);
  access.name_key = std::move(credential.name_key);
  if (credential.verify_secret_key) {
    FENCHI_ASSIGN_OR_RETURN(access.verify,
                            KeyPair::FromSecretKey(credential.verify_secret_key->view()));
  }
  access.domains = std::move(credential.domains);
  access.writer_domains = std::move(credential.writer_domains);
  access.writer = std::move(credential.writer);
  if (credential.admin_seed) {
    FENCHI_ASSIGN_OR_RETURN(access.admin, SigningKey::FromSeed(credential.admin_seed->view()));
  }
  return Status::Ok();
}

}  // namespace fenchi
