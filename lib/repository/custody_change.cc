#include "repository/custody_change.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/credential_wait.h"
#include "format/derive.h"
#include "format/names.h"
#include "repository/bootstrap.h"
#include "repository/key_objects.h"
#include "repository/leaf_shares.h"

namespace fenchi {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr int kAttemptsMax = 8;

// Another session may have rotated since: what this one holds is then not the whole any more.
Status CheckNewestKeys(const Access& access) {
  for (const format::PolicyDomain& named : access.policy.domains) {
    const format::DomainKeys* keys = access.FindDomain(named.id);
    const format::ReadKey* key = keys == nullptr ? nullptr : keys->FindReadKey(named.epoch);
    if (key != nullptr && key->pair.public_key == named.read_public_key) continue;
    return Conflict("the vault's keys were changed since it was opened here")
        .WithHint("open the vault again");
  }
  return Status::Ok();
}

// A change that takes the keys of the whole vault.
Status RequireSlot(const Access& access, std::string_view doing) {
  FENCHI_RETURN_IF_ERROR(RequireRole(access, Role::kAdmin, doing));
  if (access.root && access.verify) return CheckNewestKeys(access);
  return Denied("{} needs the keys of the whole vault, which only a slot opens", doing)
      .WithHint("open the vault with one of its slots and bring the admin key besides");
}

// Everything that the keyring must hold, from what this opening has.
format::Keyring KeyringOf(const Access& access) {
  format::Keyring keyring;
  keyring.epoch = access.epoch();
  keyring.outer_key = access.outer_key.Clone();
  keyring.name_key = access.name_key.Clone();
  keyring.verify = {access.verify->secret_key.Clone(), access.verify->public_key};
  for (const format::DomainKeys& keys : access.domains) keyring.domains.push_back(keys.Clone());
  return keyring;
}

// The admin's key lies in the keyring while it alone can sign, and no longer.
Status KeepOnlyAdmin(const format::AdminSet& admins, const Access& access,
                     format::Keyring& keyring) {
  keyring.admin_seed.reset();
  if (!access.keyring_admin_seed) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const SigningKey key,
                          SigningKey::FromSeed(access.keyring_admin_seed->view()));
  const bool alone =
      admins.threshold == 1 && admins.keys.size() == 1 && admins.keys.front() == key.public_key();
  if (alone) keyring.admin_seed = access.keyring_admin_seed->Clone();
  return Status::Ok();
}

// ---- Objects to >= W ----

Status PutShared(const Access& access, std::string (*name)(std::uint32_t, int),
                 std::uint32_t version, ByteView object, std::string_view what) {
  const PutOutcome outcome = access.seats.PutAtAll(
      [&](const Seat&, int generation) { return name(version, generation); }, object);
  const int quorum = access.policy.quorums.write_quorum;
  if (static_cast<int>(outcome.stored.size()) >= quorum) return Status::Ok();
  return QuorumFailure(access.seats, outcome, quorum, what);
}

// Each leaf at its own seat and nowhere else; a seat that is absent gets it by repair.
Status PutLeaves(const Access& access, const format::Policy& next,
                 const std::vector<Bytes>& leaves) {
  const NameAt name = [&](const Seat&, int generation) {
    return format::LeafName(next.leaf_version, generation);
  };
  std::vector<Status> answers(access.seats.size());
  access.seats.executor().ForEach(access.seats.size(), [&](std::size_t i) {
    const Seat& seat = access.seats.all()[i];
    const auto named = std::ranges::find(next.leaves, seat.number, &format::LeafHash::seat);
    const auto at = static_cast<std::size_t>(named - next.leaves.begin());
    answers[i] = seat.provider ? access.seats.PutAt(i, name, leaves[at])
                               : Unavailable("{}", seat.absent_reason);
  });
  PutOutcome outcome;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const int position = static_cast<int>(i);
    if (answers[i].ok()) outcome.stored.push_back(position);
    if (!answers[i].ok()) outcome.failed.emplace_back(position, answers[i]);
  }
  const int quorum = access.policy.quorums.write_quorum;
  if (static_cast<int>(outcome.stored.size()) >= quorum) return Status::Ok();
  return QuorumFailure(access.seats, outcome, quorum, "the leaf shares of the new epoch");
}

// ---- Publishing ----

// What a change sets in whatever policy it is applied to.
using Change = std::function<void(format::Policy&, format::PolicyDetails&)>;

// Whether another's version left what this change builds on.
bool SameKeys(const format::Policy& a, const format::Policy& b) {
  return a.epoch == b.epoch && a.slots == b.slots && a.keyring == b.keyring &&
         a.leaf_version == b.leaf_version && a.domains == b.domains &&
         a.next_admins == b.next_admins && a.needed == b.needed && a.providers == b.providers;
}

// Applies the change to the newest policy. A version that came between and changed other things,
// such as a new writer, is built upon.
Result<PolicyChange> Apply(Access& access, const Change& change, Clock& clock, Random& random) {
  const format::Policy before = access.policy;
  PolicyChange out;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    format::Policy next = access.policy;
    format::PolicyDetails details = access.details;
    next.closed_heads.clear();  // of the version that they stood in
    change(next, details);
    Result<Bytes> proposal =
        ProposePolicy(access, std::move(next), std::move(details), clock, random);
    if (proposal.ok()) {
      out.published = proposal->empty();
      out.policy_version = access.policy.version + (out.published ? 0 : 1);
      out.proposal = std::move(*proposal);
      return out;
    }
    const bool again =
        proposal.status().code() == StatusCode::kConflict && SameKeys(access.policy, before);
    if (!again) return proposal.status();
  }
  return Conflict("the policy was changed by somebody else again and again");
}

}  // namespace

// ---- A new epoch ----

Result<PolicyChange> RotateKeys(Access& access, const CustodyPlan& plan, Clock& clock,
                                Random& random) {
  FENCHI_RETURN_IF_ERROR(RequireSlot(access, "a new epoch"));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<format::AccessTerm> terms,
                          CheckCustodyPlan(plan, access.needed()));
  FENCHI_RETURN_IF_ERROR(RefreshPolicy(access).status());
  FENCHI_RETURN_IF_ERROR(CheckNewestKeys(access));
  format::Policy next = access.policy;
  ++next.epoch;
  ++next.slots.version;
  ++next.keyring.version;
  ++next.leaf_version;
  format::Keyring keyring = KeyringOf(access);
  keyring.epoch = next.epoch;
  FENCHI_RETURN_IF_ERROR(KeepOnlyAdmin(next.next_admins, access, keyring));
  for (format::DomainKeys& keys : keyring.domains) {
    keys.read_keys.push_back({next.epoch, KeyPair::Generate(random)});
    const auto named = std::ranges::find(next.domains, keys.id, &format::PolicyDomain::id);
    if (named == next.domains.end()) continue;
    named->epoch = next.epoch;
    named->read_public_key = keys.read_keys.back().pair.public_key;
  }
  const SigningKey* dealer = access.admin ? &*access.admin : nullptr;
  FENCHI_ASSIGN_OR_RETURN(KeyObjects made,
                          MakeKeyObjects(plan, terms, keyring, next, dealer, random));
  FENCHI_RETURN_IF_ERROR(PutLeaves(access, next, made.leaves));
  FENCHI_RETURN_IF_ERROR(
      PutShared(access, format::SlotsName, next.slots.version, made.slots, "the new slots"));
  FENCHI_RETURN_IF_ERROR(PutShared(access, format::KeyringName, next.keyring.version, made.keyring,
                                   "the new keyring"));
  FENCHI_RETURN_IF_ERROR(DeliverShares(plan, made.shares));
  const Change change = [&](format::Policy& policy, format::PolicyDetails& details) {
    policy.epoch = next.epoch;
    policy.slots = next.slots;
    policy.keyring = next.keyring;
    policy.leaf_version = next.leaf_version;
    policy.leaves = next.leaves;
    policy.domains = next.domains;
    details.custodians = made.custodians;
  };
  FENCHI_ASSIGN_OR_RETURN(PolicyChange out, Apply(access, change, clock, random));
  if (!out.published) return out;
  access.root = std::move(made.root);
  access.domains = std::move(keyring.domains);
  return out;
}

// ---- More slots ----

namespace {

bool HoldsAtProviders(const format::AccessTerm& term) {
  return term.name == format::kProvidersGroup ||
         std::ranges::any_of(term.children, HoldsAtProviders);
}

Result<SecretBytes> ReadLeafSecret(const Access& access) {
  std::vector<LeafShare> shares;
  AwaySeats away;
  for (std::size_t i = 0; i < access.seats.size(); ++i) {
    std::optional<LeafShare> share = ReadLeafAt(access, i, away);
    if (share) shares.push_back(std::move(*share));
  }
  return RecoverLeafSecret(access.policy, shares);
}

}  // namespace

Result<PolicyChange> AddSlots(Access& access, const CustodyPlan& plan, Clock& clock,
                              Random& random) {
  FENCHI_RETURN_IF_ERROR(RequireSlot(access, "a new slot"));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<format::AccessTerm> terms,
                          CheckCustodyPlan(plan, access.needed()));
  if (std::ranges::any_of(terms, HoldsAtProviders)) {
    return Unsupported("shares that lie at the providers take a new epoch")
        .WithHint("rotate the keys, with this alternative in the plan");
  }
  FENCHI_RETURN_IF_ERROR(RefreshPolicy(access).status());
  FENCHI_RETURN_IF_ERROR(CheckNewestKeys(access));
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes leaf_secret, ReadLeafSecret(access));
  FENCHI_ASSIGN_OR_RETURN(format::SlotTable table, ReadSlotTable(access, access.policy));
  const SigningKey* dealer = access.admin ? &*access.admin : nullptr;
  const SlotPlace place{access.suite(),     access.vault,        access.epoch(), access.needed(),
                        leaf_secret.view(), access.root->view(), dealer};
  FENCHI_ASSIGN_OR_RETURN(MadeSlots made, MakeSlots(place, plan, terms, random));
  for (format::Slot& slot : made.slots) table.slots.push_back(std::move(slot));
  FENCHI_ASSIGN_OR_RETURN(const Bytes object, format::EncodeSlots(table));
  const format::VersionedHash slots{access.policy.slots.version + 1, Sha256(object)};
  FENCHI_RETURN_IF_ERROR(
      PutShared(access, format::SlotsName, slots.version, object, "the new slots"));
  FENCHI_RETURN_IF_ERROR(DeliverShares(plan, made.shares));
  const Change change = [&](format::Policy& policy, format::PolicyDetails& details) {
    policy.slots = slots;
    details.custodians.insert(details.custodians.end(), made.custodians.begin(),
                              made.custodians.end());
  };
  return Apply(access, change, clock, random);
}

// ---- Key domains, writers, admins ----

namespace {

// A PolicyEdit on its way into a policy version.
class Edit {
 public:
  Edit(const Access& access, const PolicyEdit& edit, Random& random)
      : access_(access), edit_(edit), random_(random) {}

  // Checks everything and makes keys; touches no provider.
  Status Prepare();
  // The keyring's new object goes to >= W first, where there is one.
  Status PutKeyring();
  void ApplyTo(format::Policy& policy, format::PolicyDetails& details) const;

  std::vector<SecretBytes> credentials;
  std::optional<format::Keyring> keyring;

 private:
  Status AddDomains();
  Status AddWriters();
  Status AddWriter(const NewWriter& wanted);
  Status CheckAdmins();
  Status CheckRevoked() const;
  Result<SecretBytes> CredentialOf(const NewWriter& wanted, const WriterId& id,
                                   const SigningKey& key) const;
  std::optional<format::CredentialWait> Wait() const;

  const Access& access_;
  const PolicyEdit& edit_;
  Random& random_;
  std::vector<format::PolicyDomain> domains_;
  std::vector<format::DomainDetails> labels_;
  std::vector<format::PolicyWriter> writers_;
  std::vector<format::WriterDetails> writer_labels_;
  std::optional<format::AdminSet> admins_;
  std::optional<format::VersionedHash> keyring_hash_;
};

Status Edit::Prepare() {
  FENCHI_RETURN_IF_ERROR(CheckRevoked());
  FENCHI_RETURN_IF_ERROR(CheckAdmins());
  FENCHI_RETURN_IF_ERROR(AddDomains());
  return AddWriters();
}

Status Edit::CheckRevoked() const {
  for (const WriterId& id : edit_.revoke_writers) {
    if (std::ranges::find(access_.policy.writers, id, &format::PolicyWriter::id) ==
        access_.policy.writers.end()) {
      return NotFound("the vault has no writer {}", id.hex());
    }
  }
  return Status::Ok();
}

Status Edit::CheckAdmins() {
  if (!edit_.admins) return Status::Ok();
  format::AdminSet& admins = admins_.emplace();
  admins.threshold = edit_.admins->threshold;
  for (const AdminKey& key : edit_.admins->keys) {
    FENCHI_RETURN_IF_ERROR(CheckPublicKey(key).At("admin's key"));
    admins.keys.push_back(SigningPublicKey{key});
  }
  FENCHI_RETURN_IF_ERROR(format::CheckAdminSet(admins));
  // The seed that lies in the keyring for the 1-of-1 default goes with it.
  if (!access_.keyring_admin_seed) return Status::Ok();
  FENCHI_RETURN_IF_ERROR(RequireSlot(access_, "changing the admins of a vault with one"));
  keyring = KeyringOf(access_);
  return KeepOnlyAdmin(admins, access_, *keyring);
}

Status Edit::AddDomains() {
  if (edit_.add_key_domains.empty()) return Status::Ok();
  FENCHI_RETURN_IF_ERROR(RequireSlot(access_, "a new key domain"));
  if (!keyring) {
    keyring = KeyringOf(access_);
    FENCHI_RETURN_IF_ERROR(KeepOnlyAdmin(access_.policy.next_admins, access_, *keyring));
  }
  for (const std::string& label : edit_.add_key_domains) {
    if (label.empty() || !format::IsUtf8(label)) {
      return InvalidArgument("a key domain's label is empty or not UTF-8");
    }
    const auto same = [&](const format::DomainKeys& keys) { return keys.label == label; };
    if (std::ranges::any_of(keyring->domains, same)) {
      return AlreadyExists("a key domain is called '{}' already", label);
    }
    format::DomainKeys keys;
    random_.Fill(keys.id.mutable_view());
    keys.label = label;
    keys.read_keys.push_back({access_.epoch(), KeyPair::Generate(random_)});
    keys.id_root = SecretBytes::Random(kKeySize, random_);
    keys.index_root = SecretBytes::Random(kKeySize, random_);
    domains_.push_back({keys.id, access_.epoch(), keys.read_keys.front().pair.public_key});
    labels_.push_back({keys.id, label});
    keyring->domains.push_back(std::move(keys));
  }
  return Status::Ok();
}

Status Edit::AddWriters() {
  for (const NewWriter& wanted : edit_.add_writers) FENCHI_RETURN_IF_ERROR(AddWriter(wanted));
  return Status::Ok();
}

Status Edit::AddWriter(const NewWriter& wanted) {
  if (wanted.role != Role::kWrite && wanted.role != Role::kRead) {
    return InvalidArgument("a writer has the write or the read role");
  }
  if (!format::IsUtf8(wanted.label)) return InvalidArgument("a writer's label is not UTF-8");
  FENCHI_RETURN_IF_ERROR(RequireRole(access_, Role::kRead, "making a writer's credential"));
  WriterId id;
  random_.Fill(id.mutable_view());
  const SigningKey key = SigningKey::Generate(random_);
  const std::uint32_t rights = wanted.role == Role::kWrite ? format::kRightBackup : kRightsOfHosts;
  writers_.push_back({id, key.public_key(), rights, format::WriterState::kActive});
  if (!wanted.label.empty()) writer_labels_.push_back({id, wanted.label});
  FENCHI_ASSIGN_OR_RETURN(SecretBytes file, CredentialOf(wanted, id, key));
  credentials.push_back(std::move(file));
  return Status::Ok();
}

Result<SecretBytes> Edit::CredentialOf(const NewWriter& wanted, const WriterId& id,
                                       const SigningKey& key) const {
  const std::vector<format::DomainKeys>& domains = keyring ? keyring->domains : access_.domains;
  format::Credential credential;
  credential.vault = access_.vault;
  credential.role = wanted.role == Role::kWrite ? format::Role::kWrite : format::Role::kRead;
  credential.epoch = access_.epoch();
  credential.outer_key = access_.outer_key.Clone();
  credential.name_key = access_.name_key.Clone();
  credential.verify_public_key = access_.policy.verify_public_key;
  credential.writer = format::CredentialWriter{id, SecretBytes::CopyOf(key.seed())};
  for (const std::string& label : wanted.key_domains) {
    const auto same = [&](const format::DomainKeys& keys) { return keys.label == label; };
    if (std::ranges::none_of(domains, same)) return NotFound("no key domain is called '{}'", label);
  }
  for (const format::DomainKeys& keys : domains) {
    const auto& labels = wanted.key_domains;
    if (!labels.empty() && std::ranges::find(labels, keys.label) == labels.end()) continue;
    if (wanted.role == Role::kRead) {
      credential.domains.push_back(keys.Clone());
      continue;
    }
    format::IdScope scope;
    scope.bytes = id.bytes;
    credential.writer_domains.push_back(
        {keys.id, keys.label, keys.read_keys.back().pair.public_key,
         format::IdKey(keys.id_root.view(), access_.vault, keys.id, scope),
         format::IndexKey(keys.index_root.view(), access_.vault, keys.id, scope)});
  }
  const bool whole = wanted.role == Role::kRead && wanted.key_domains.empty() && access_.verify;
  if (whole) credential.verify_secret_key = access_.verify->secret_key.Clone();
  return format::EncodeWaitingCredential(credential, Wait());
}

// What is lacking until the policy with the new writers counts. Nothing: it is published at once.
std::optional<format::CredentialWait> Edit::Wait() const {
  const format::AdminSet& admins = access_.policy.next_admins;
  const bool counts =
      access_.admin &&
      std::ranges::find(admins.keys, access_.admin->public_key()) != admins.keys.end();
  const int lacking = admins.threshold - (counts ? 1 : 0);
  if (lacking <= 0) return std::nullopt;
  return format::CredentialWait{access_.policy.version + 1, static_cast<std::uint32_t>(lacking)};
}

Status Edit::PutKeyring() {
  if (!keyring) return Status::Ok();
  const Suite suite = access_.suite();
  FENCHI_ASSIGN_OR_RETURN(
      const Bytes object,
      format::SealKeyring(suite, access_.vault, access_.root->view(), *keyring, random_));
  keyring_hash_ = {access_.policy.keyring.version + 1, Sha256(object)};
  return PutShared(access_, format::KeyringName, keyring_hash_->version, object, "the new keyring");
}

void Edit::ApplyTo(format::Policy& policy, format::PolicyDetails& details) const {
  policy.domains.insert(policy.domains.end(), domains_.begin(), domains_.end());
  details.domains.insert(details.domains.end(), labels_.begin(), labels_.end());
  policy.writers.insert(policy.writers.end(), writers_.begin(), writers_.end());
  details.writers.insert(details.writers.end(), writer_labels_.begin(), writer_labels_.end());
  for (format::PolicyWriter& writer : policy.writers) {
    const auto& revoked = edit_.revoke_writers;
    if (std::ranges::find(revoked, writer.id) == revoked.end()) continue;
    writer.state = format::WriterState::kRevoked;
  }
  if (admins_) policy.next_admins = *admins_;
  if (keyring_hash_) policy.keyring = *keyring_hash_;
}

}  // namespace

Result<PolicyChange> EditPolicy(Access& access, const PolicyEdit& edit,
                                const std::vector<format::LogHead>& heads, Clock& clock,
                                Random& random) {
  FENCHI_RETURN_IF_ERROR(RequireRole(access, Role::kAdmin, "changing the policy"));
  FENCHI_RETURN_IF_ERROR(RefreshPolicy(access).status());
  Edit change(access, edit, random);
  FENCHI_RETURN_IF_ERROR(change.Prepare());
  FENCHI_RETURN_IF_ERROR(change.PutKeyring());
  FENCHI_ASSIGN_OR_RETURN(PolicyChange out,
                          Apply(
                              access,
                              [&](format::Policy& policy, format::PolicyDetails& details) {
                                change.ApplyTo(policy, details);
                                if (edit.close_former_admins) policy.closed_heads = heads;
                              },
                              clock, random));
  out.credentials = std::move(change.credentials);
  if (out.published && change.keyring) {
    access.domains = std::move(change.keyring->domains);
    access.keyring_admin_seed = std::move(change.keyring->admin_seed);
  }
  return out;
}

}  // namespace fenchi
