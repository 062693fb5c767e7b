// Making a vault: everything is checked and made in memory first, then written, the policy last, so
// that providers hold either a whole vault or objects that mean nothing. FORMAT.md section 11.
#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "fenchi/key_sharing.h"
#include "fenchi/testing/provider_contract.h"
#include "format/cbor.h"
#include "format/genesis.h"
#include "format/names.h"
#include "format/quorums.h"
#include "repository/bootstrap.h"
#include "repository/documents.h"
#include "repository/key_objects.h"
#include "repository/placement.h"
#include "repository/places.h"
#include "repository/policy_signing.h"

namespace fenchi {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::uint32_t kFirst = 1;  // version and epoch of a new vault

template <typename Id>
Id DrawId(Random& random) {
  Id id;
  random.Fill(id.mutable_view());
  return id;
}

// ---- Checks that need no provider ----

Status CheckLabels(const VaultPolicy& policy) {
  if (!format::IsUtf8(policy.name)) return InvalidArgument("the vault's name is not UTF-8");
  if (policy.key_domains.empty()) return InvalidArgument("a vault needs a key domain");
  std::set<std::string> labels;
  for (const std::string& label : policy.key_domains) {
    if (label.empty()) return InvalidArgument("a key domain has no label");
    if (!format::IsUtf8(label)) return InvalidArgument("a key domain's label is not UTF-8");
    if (!labels.insert(label).second) {
      return InvalidArgument("two key domains are called '{}'", label);
    }
  }
  return Status::Ok();
}

Result<format::Quorums> ChooseQuorums(const VaultPolicy& policy, int providers) {
  constexpr std::string_view hint =
      "change the number of providers, needed, liars, spare_losses or write_quorum; left out, they "
      "take safe values";
  // f and d alone must leave room for a W, whatever W and R are asked for.
  Result<format::Quorums> chosen =
      format::DefaultQuorums(policy.needed, providers, policy.liars, policy.spare_losses);
  if (!chosen.ok()) return chosen.status().WithHint(hint);
  if (policy.write_quorum) {
    chosen->write_quorum = *policy.write_quorum;
    chosen->read_quorum = providers + chosen->liars + 1 - chosen->write_quorum;
  }
  if (policy.read_quorum) chosen->read_quorum = *policy.read_quorum;
  FENCHI_RETURN_IF_ERROR(format::CheckQuorums(policy.needed, providers, *chosen).WithHint(hint));
  return chosen;
}

Status CheckPlaces(const Places& places, const VaultPolicy& policy, Timestamp now) {
  std::vector<std::pair<std::string, Domain>> domains;
  for (const Place& place : places.all()) {
    domains.emplace_back(place.name, place.provider->domain());
  }
  return PlacementStatus(CheckPlacement(domains, policy.needed, policy.placement, now));
}

// ---- Checks of the providers ----

// Errors: kAlreadyExists when the place holds any `k/` object; what it answered otherwise.
Status CheckEmpty(const Place& place) {
  std::string found;
  FENCHI_RETURN_IF_ERROR(place.provider->List("k/", "", [&](const ObjectInfo& object) {
    found = object.name;
    return false;
  }));
  if (found.empty()) {
    // A listing may lag behind; a read by name does not.
    const std::string genesis = format::GenesisName(0);
    const Status there = place.provider->Get(genesis, 0, {});
    if (there.ok()) found = genesis;
    if (!there.ok() && there.code() != StatusCode::kNotFound) return there;
  }
  if (found.empty()) return Status::Ok();
  return AlreadyExists("provider {} holds a vault already ({} at {})", place.name, found,
                       place.provider->location());
}

Status CheckAllEmpty(const Places& places) {
  std::vector<Status> answers(places.size());
  places.executor()->ForEach(places.size(),
                             [&](std::size_t i) { answers[i] = CheckEmpty(places.all()[i]); });
  std::string unreachable;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].code() == StatusCode::kAlreadyExists) {
      return answers[i].WithHint(
          "give it an empty place; if an `init` was interrupted there, empty "
          "its k/ folder first");
    }
    if (answers[i].ok()) continue;
    unreachable += fmt::format("{}{}: {}", unreachable.empty() ? "" : "; ", places.all()[i].name,
                               answers[i].message());
  }
  if (unreachable.empty()) return Status::Ok();
  return TooFewProviders("a new vault needs all of its providers; not reachable: {}", unreachable)
      .WithHint("nothing was written; run `init` again when they answer");
}

// Whether a relaxation allows `axis` now.
bool IsRelaxed(const PlacementRules& rules, std::string_view axis, Timestamp now) {
  return std::ranges::any_of(rules.relaxations, [&](const Relaxation& one) {
    const bool expired = one.expires_seconds != 0 && one.expires_seconds <= now.seconds;
    return one.axis == axis && !one.ground.empty() && !one.approver.empty() && !expired;
  });
}

// A place that was empty a moment ago and cannot be written to.
Status NotReady(const Place& place, const Status& status) {
  const StatusCode code = status.code();
  const bool says_what_to_do = code == StatusCode::kFull || code == StatusCode::kDenied;
  return Status(says_what_to_do ? code : StatusCode::kTooFewProviders,
                fmt::format("no vault was made: provider {}: {}", place.name, status.message()),
                status.hint())
      .WithHint("nothing was written; run `init` again when all providers answer");
}

// A place that overwrites silently lets one writer destroy another's records. Declarations do not
// count: a server may not know the condition that it is sent.
Status CheckOverwriteRefusal(const Places& places, const PlacementRules& rules, Timestamp now,
                             Random& random) {
  if (IsRelaxed(rules, kCreateOnlyAxis, now)) return Status::Ok();
  for (const Place& place : places.all()) {
    const Result<bool> refuses = RefusesToOverwrite(*place.provider, random);
    if (!refuses.ok()) return NotReady(place, refuses.status());
    if (*refuses) continue;
    return Policy("provider {} overwrites what is there and says nothing ({})", place.name,
                  place.provider->location())
        .WithHint(fmt::format(
            "take another place, or write into vault.toml: [[policy.relax]] axis = \"{}\", "
            "ground = \"why\", approver = \"who\", expires = YYYY-MM-DD",
            kCreateOnlyAxis));
  }
  return Status::Ok();
}

// ---- Making ----

// All that is to be written, and the opened form of it.
struct NewVault {
  Access access;
  KeyObjects objects;  // leaves by place
};

Result<format::Keyring> MakeKeyring(const VaultPolicy& policy, const SigningKey& admin,
                                    Random& random) {
  format::Keyring keyring;
  keyring.epoch = kFirst;
  keyring.outer_key = SecretBytes::Random(kKeySize, random);
  keyring.name_key = SecretBytes::Random(kKeySize, random);
  keyring.verify = KeyPair::Generate(random);
  for (const std::string& label : policy.key_domains) {
    format::DomainKeys keys;
    keys.id = DrawId<DomainId>(random);
    keys.label = label;
    keys.read_keys.push_back({kFirst, KeyPair::Generate(random)});
    keys.id_root = SecretBytes::Random(kKeySize, random);
    keys.index_root = SecretBytes::Random(kKeySize, random);
    keyring.domains.push_back(std::move(keys));
  }
  keyring.admin_seed = SecretBytes::CopyOf(admin.seed());
  return keyring;
}

format::PolicyDetails MakeDetails(const Places& places, const CreateOptions& options,
                                  const format::Policy& policy, const format::Keyring& keyring) {
  const PlacementRules& rules = options.policy.placement;
  format::PolicyDetails details;
  details.vault_name = options.policy.name;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Domain domain = places.all()[i].provider->domain();
    details.providers.push_back({policy.providers[i].id, places.all()[i].name, domain.vendor,
                                 domain.vendor_home, domain.country, domain.region, domain.account,
                                 domain.medium});
  }
  for (const format::DomainKeys& keys : keyring.domains) {
    details.domains.push_back({keys.id, keys.label});
  }
  details.home_country = rules.home_country;
  details.denied_countries = rules.deny_countries;
  for (const Relaxation& one : rules.relaxations) {
    details.relaxations.push_back({one.axis, one.ground, one.approver, one.expires_seconds});
  }
  details.abroad = AbroadMin(rules);
  return details;
}

void NameKeys(const format::Keyring& keyring, const SigningKey& admin, format::Policy& policy) {
  policy.verify_public_key = keyring.verify.public_key;
  for (const format::DomainKeys& keys : keyring.domains) {
    policy.domains.push_back({keys.id, kFirst, keys.read_keys.front().pair.public_key});
  }
  policy.next_admins = {.threshold = 1, .keys = {admin.public_key()}};
  policy.format_doc = Sha256(AsBytes(FormatDocument()));
  policy.reader = Sha256(AsBytes(ReaderProgram()));
}

void TakeKeys(format::Keyring keyring, SigningKey admin, SecretBytes root, Access& access) {
  access.role = Role::kRead;
  access.outer_key = std::move(keyring.outer_key);
  access.name_key = std::move(keyring.name_key);
  access.verify = std::move(keyring.verify);
  access.domains = std::move(keyring.domains);
  access.admin = std::move(admin);
  access.keyring_admin_seed = std::move(keyring.admin_seed);
  access.root = std::move(root);
}

Seats SeatsOf(const Places& places, const format::Policy& policy) {
  std::vector<Seat> seats;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Place& place = places.all()[i];
    seats.push_back({policy.providers[i].seat, policy.providers[i].id, place.name,
                     place.provider->domain(), place.provider, ""});
  }
  return Seats(std::move(seats), places.executor());
}

// What a vault is made of, once all checks passed.
struct Blueprint {
  const CustodyPlan& custody;
  const CreateOptions& options;
  std::vector<format::AccessTerm> terms;
  format::Quorums quorums;
};

Result<NewVault> MakeVault(const Places& places, const Blueprint& blueprint, Random& random,
                           Clock& clock) {
  const CreateOptions& options = blueprint.options;
  SigningKey admin = SigningKey::Generate(random);
  NewVault out{.access = Access{.seats = Seats({}, places.executor())}};
  const format::Genesis genesis{{1, {admin.public_key()}}, DrawId<Hash256>(random)};
  FENCHI_ASSIGN_OR_RETURN(out.access.genesis_object, format::EncodeGenesis(genesis));
  out.access.vault = format::VaultIdOf(out.access.genesis_object);

  format::Policy policy;
  policy.vault = out.access.vault;
  policy.version = kFirst;
  policy.previous.bytes = policy.vault.bytes;
  policy.time = clock.Now();
  policy.needed = options.policy.needed;
  policy.quorums = blueprint.quorums;
  policy.suite = options.policy.suite.value_or(DefaultSuite());
  policy.epoch = kFirst;
  // Providers get seats in the order in which they were given.
  for (std::size_t i = 0; i < places.size(); ++i) {
    policy.providers.push_back(
        {DrawId<ProviderId>(random), static_cast<int>(i), format::ProviderState::kActive});
  }
  FENCHI_ASSIGN_OR_RETURN(format::Keyring keyring, MakeKeyring(options.policy, admin, random));
  NameKeys(keyring, admin, policy);
  policy.slots.version = policy.keyring.version = policy.leaf_version = kFirst;
  FENCHI_ASSIGN_OR_RETURN(out.objects, MakeKeyObjects(blueprint.custody, blueprint.terms, keyring,
                                                      policy, &admin, random));
  out.access.details = MakeDetails(places, options, policy, keyring);
  out.access.details.custodians = out.objects.custodians;
  FENCHI_ASSIGN_OR_RETURN(
      SignedVersion signed_policy,
      SignPolicy(policy, out.access.details, keyring.outer_key.view(), admin, random));
  signed_policy.holders = static_cast<int>(places.size());
  TakeVersion(signed_policy, out.access);
  TakeKeys(std::move(keyring), std::move(admin), out.objects.root.Clone(), out.access);
  out.access.seats = SeatsOf(places, policy);
  return out;
}

// ---- Writing ----

// Writes a new vault's objects, and takes back exactly those when something fails.
class VaultWriter {
 public:
  VaultWriter(const Places& places, const NewVault& vault)
      : places_(places), vault_(vault), written_(places.size()) {}

  Status WriteAll();

 private:
  Status WriteEverywhere(const std::string& name, ByteView bytes);
  Status WriteOne(std::size_t place, const std::string& name, ByteView bytes);
  // A place that shows another's leaf is the same place.
  Status CheckLeaves();
  Status WriteLeaves();
  Status WriteShared();
  void TakeBack();

  const Places& places_;
  const NewVault& vault_;
  std::vector<std::vector<std::pair<std::string, ByteView>>> written_;  // by place, also in doubt
};

Status VaultWriter::WriteOne(std::size_t place, const std::string& name, ByteView bytes) {
  MemorySource source(bytes);
  const Status put = places_.all()[place].provider->Put(name, source, {});
  // A failed Put may have stored the object all the same; only a refusal surely did not.
  if (put.code() != StatusCode::kAlreadyExists) written_[place].emplace_back(name, bytes);
  return put;
}

// One status for all places that failed; their own code only where it says what to do.
Status WriteFailure(const Places& places, const std::string& name,
                    const std::vector<Status>& answers) {
  StatusCode code = StatusCode::kTooFewProviders;
  std::string failed;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].ok()) continue;
    if (answers[i].code() == StatusCode::kFull || answers[i].code() == StatusCode::kDenied) {
      code = answers[i].code();
    }
    failed += fmt::format("{}{}: {}", failed.empty() ? "" : "; ", places.all()[i].name,
                          answers[i].message());
  }
  if (failed.empty()) return Status::Ok();
  return Status(code, fmt::format("{} could not be written: {}", name, failed));
}

Status VaultWriter::WriteEverywhere(const std::string& name, ByteView bytes) {
  std::vector<Status> answers(places_.size());
  places_.executor()->ForEach(places_.size(), [&](std::size_t i) {
    answers[i] = WriteOne(i, name, bytes);
    if (answers[i].code() != StatusCode::kAlreadyExists) return;
    // Two names for one place share an object that is the same for all; the leaf tells them apart.
    const Result<Bytes> there = GetAll(*places_.all()[i].provider, name, bytes.size());
    if (there.ok() && std::ranges::equal(*there, bytes)) answers[i] = Status::Ok();
  });
  return WriteFailure(places_, name, answers);
}

Status VaultWriter::CheckLeaves() {
  const std::string name = format::LeafName(kFirst, 0);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_.all()[i];
    const Result<Bytes> there = GetAll(*place.provider, name, format::kGenesisObjectSizeMax);
    if (!there.ok()) return there.status().At("provider " + place.name);
    if (*there == vault_.objects.leaves[i]) continue;
    const auto other = std::ranges::find(vault_.objects.leaves, *there);
    if (other == vault_.objects.leaves.end()) {
      return AlreadyExists("provider {}: another vault is being made there", place.name);
    }
    const std::size_t j = static_cast<std::size_t>(other - vault_.objects.leaves.begin());
    return InvalidArgument("providers {} and {} are the same place",
                           places_.all()[std::min(i, j)].name, places_.all()[std::max(i, j)].name)
        .WithHint("each provider needs a place of its own: what one place loses, both lose");
  }
  return Status::Ok();
}

Status VaultWriter::WriteLeaves() {
  const std::string name = format::LeafName(kFirst, 0);
  std::vector<Status> answers(places_.size());
  places_.executor()->ForEach(places_.size(), [&](std::size_t i) {
    answers[i] = WriteOne(i, name, vault_.objects.leaves[i]);
    // Somebody else's leaf has the name: CheckLeaves says whose.
    if (answers[i].code() == StatusCode::kAlreadyExists) answers[i] = Status::Ok();
  });
  FENCHI_RETURN_IF_ERROR(WriteFailure(places_, name, answers));
  return CheckLeaves();
}

Status VaultWriter::WriteShared() {
  FENCHI_RETURN_IF_ERROR(WriteEverywhere(format::SlotsName(kFirst, 0), vault_.objects.slots));
  FENCHI_RETURN_IF_ERROR(WriteEverywhere(format::KeyringName(kFirst, 0), vault_.objects.keyring));
  FENCHI_RETURN_IF_ERROR(WriteEverywhere(format::FormatDocName(0), AsBytes(FormatDocument())));
  FENCHI_RETURN_IF_ERROR(WriteEverywhere(format::ReaderName(0), AsBytes(ReaderProgram())));
  // From here on the vault exists.
  return WriteEverywhere(format::PolicyName(kFirst, 0), vault_.access.policy_objects.front());
}

Status VaultWriter::WriteAll() {
  Status status = WriteEverywhere(format::GenesisName(0), vault_.access.genesis_object);
  if (status.ok()) status = WriteLeaves();
  if (status.ok()) status = WriteShared();
  if (status.ok()) return status;
  TakeBack();
  return status.At("no vault was made")
      .WithHint(
          "what this run had written was removed where the providers let it; empty their k/ "
          "folders if the next `init` says that a vault is there");
}

void VaultWriter::TakeBack() {
  places_.executor()->ForEach(places_.size(), [&](std::size_t i) {
    Provider& provider = *places_.all()[i].provider;
    // The policy first: what is left without it is no vault.
    for (std::size_t j = written_[i].size(); j-- > 0;) {
      const auto& [name, bytes] = written_[i][j];
      const Result<Bytes> there = GetAll(provider, name, bytes.size());
      if (!there.ok() || !std::ranges::equal(*there, bytes)) continue;
      const std::string names[] = {name};
      // Best effort: the message says what to do when it stays.
      (void)provider.Delete(names);
    }
  });
}

}  // namespace

Result<Access> CreateVault(const std::vector<NamedProvider>& providers, const CustodyPlan& custody,
                           const CreateOptions& options, std::shared_ptr<Executor> executor) {
  Random& random = options.environment.random ? *options.environment.random : SystemRandom();
  Clock& clock = options.environment.clock ? *options.environment.clock : SystemClock();
  Blueprint blueprint{custody, options, {}, {}};
  FENCHI_ASSIGN_OR_RETURN(blueprint.terms, CheckCustodyPlan(custody, options.policy.needed));
  FENCHI_ASSIGN_OR_RETURN(const Places places, Places::Of(providers, std::move(executor)));
  FENCHI_RETURN_IF_ERROR(CheckLabels(options.policy));
  FENCHI_ASSIGN_OR_RETURN(blueprint.quorums,
                          ChooseQuorums(options.policy, static_cast<int>(places.size())));
  FENCHI_RETURN_IF_ERROR(CheckPlaces(places, options.policy, clock.Now()));
  FENCHI_RETURN_IF_ERROR(CheckAllEmpty(places));
  FENCHI_RETURN_IF_ERROR(
      CheckOverwriteRefusal(places, options.policy.placement, clock.Now(), random));
  FENCHI_ASSIGN_OR_RETURN(NewVault vault, MakeVault(places, blueprint, random, clock));
  FENCHI_RETURN_IF_ERROR(DeliverShares(custody, vault.objects.shares));
  FENCHI_RETURN_IF_ERROR(VaultWriter(places, vault).WriteAll());
  return std::move(vault.access);
}

}  // namespace fenchi
