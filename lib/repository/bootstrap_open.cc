// Opening a vault from what its providers serve, FORMAT.md section 13:
// 1. find the genesis whose hash is the vault id;
// 2. read the chain of policies that its admins signed;
// 3. read leaf shares, which also tell the providers apart;
// 4. open a slot and the keyring, or take the keys from a credential;
// 5. open the policy's details and put each provider into its seat.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/genesis.h"
#include "format/names.h"
#include "repository/bootstrap.h"
#include "repository/bootstrap_seats.h"
#include "repository/credential_access.h"
#include "repository/leaf_shares.h"
#include "repository/places.h"
#include "repository/policy_chain.h"
#include "repository/policy_signing.h"
#include "repository/slot_keys.h"

namespace fenchi {
namespace {

struct FoundVault {
  VaultId vault;
  Bytes genesis_object;
  std::vector<Copies> genesis_copies;  // of each place
  PolicyChain chain;
};

struct Candidate {
  Bytes object;
  int holders = 0;
};
// Different genesis objects, by the vault id that each gives.
std::map<VaultId, Candidate> CandidatesIn(const std::vector<Copies>& copies) {
  std::map<VaultId, Candidate> out;
  for (const Copies& of_place : copies) {
    std::set<VaultId> here;  // one place is one holder, however many generations it serves
    for (const Bytes& object : of_place.objects) {
      if (!format::DecodeGenesis(object).ok()) continue;
      const VaultId vault = format::VaultIdOf(object);
      if (!here.insert(vault).second) continue;
      Candidate& candidate = out[vault];
      candidate.object = object;
      ++candidate.holders;
    }
  }
  return out;
}

// Why no genesis that counts was found.
Status NoVault(const Places& places, const std::vector<Copies>& copies,
               const std::map<VaultId, Candidate>& candidates,
               const std::optional<VaultId>& wanted) {
  if (!places.any_reachable()) {
    return TooFewProviders("no provider is reachable: {}", places.Unreachable());
  }
  const std::string unreachable = places.Unreachable();
  if (wanted && !candidates.empty()) {
    return NotFound("the providers hold vault {}, not vault {}", candidates.begin()->first.hex(),
                    wanted->hex())
        .WithHint("compare the vault id with the recovery card, and the URLs of the providers");
  }
  const bool damaged = std::ranges::any_of(copies, [](const Copies& copy) { return !copy.none(); });
  if (!unreachable.empty()) {
    return TooFewProviders("the providers that answer hold no {}; not reachable: {}",
                           damaged ? "undamaged genesis (k/genesis.0)" : "vault", unreachable);
  }
  if (damaged) {
    return Damaged("no provider holds an undamaged genesis (k/genesis.0)")
        .WithHint("give more of the vault's providers: any copy will do");
  }
  return NotFound("no provider holds a vault")
      .WithHint("check the URLs; `fenchi init` makes a new vault");
}

// Reads the chain that follows `candidate`.
Result<FoundVault> Follow(Places& places, const VaultId& vault, const Candidate& candidate,
                          const SeenState* seen) {
  FENCHI_ASSIGN_OR_RETURN(const format::Genesis genesis, format::DecodeGenesis(candidate.object));
  FoundVault found;
  found.vault = vault;
  found.genesis_object = candidate.object;
  FENCHI_ASSIGN_OR_RETURN(found.chain, ReadPolicyChain(places, ParentOf(genesis, vault), seen));
  return found;
}

Status NoPolicy(const FoundVault& found) {
  if (found.chain.warnings.empty()) {
    return NotFound("vault {} was never finished: no provider holds its first policy", found.vault)
        .WithHint("empty the providers' k/ folders and run `fenchi init` again");
  }
  std::string reasons;
  for (const std::string& warning : found.chain.warnings) reasons += "; " + warning;
  return Damaged("no provider holds a first policy that the admins of vault {} signed{}",
                 found.vault, reasons)
      .WithHint("give more of the vault's providers: any copy will do");
}

// Without a vault id: the genesis that has a signed policy and lies at most places.
Result<FoundVault> TakeOnTrust(Places& places, const std::map<VaultId, Candidate>& candidates,
                               const SeenState* seen, std::vector<std::string>& warnings) {
  std::optional<FoundVault> best;
  int best_holders = 0;
  bool tie = false;
  Status failure;
  for (const auto& [vault, candidate] : candidates) {
    Result<FoundVault> found = Follow(places, vault, candidate, seen);
    if (!found.ok()) {
      failure = found.status();
    } else if (found->chain.versions.empty()) {
      if (failure.ok()) failure = NoPolicy(*found);
    } else if (!best || candidate.holders >= best_holders) {
      tie = best.has_value() && candidate.holders == best_holders;
      best_holders = candidate.holders;
      best = std::move(*found);
    }
  }
  if (!best) return failure;
  if (tie) {
    return InvalidArgument("the providers hold different vaults")
        .WithHint("give the vault id, which says which one is meant");
  }
  warnings.push_back(fmt::format(
      "vault id {} is taken on trust from the providers: compare it with the recovery card",
      best->vault.hex()));
  return std::move(*best);
}

Result<FoundVault> FindVault(Places& places, const std::optional<VaultId>& wanted,
                             const SeenState* seen, std::vector<std::string>& warnings) {
  Enough enough;
  if (wanted) enough = [&](ByteView object) { return format::VaultIdOf(object) == *wanted; };
  std::vector<Copies> copies =
      places.ReadAll(format::GenesisName, format::kGenesisObjectSizeMax, enough);
  const std::map<VaultId, Candidate> candidates = CandidatesIn(copies);
  std::optional<FoundVault> found;
  if (wanted) {
    const auto match = candidates.find(*wanted);
    if (match == candidates.end()) return NoVault(places, copies, candidates, wanted);
    FENCHI_ASSIGN_OR_RETURN(found, Follow(places, *wanted, match->second, seen));
  } else {
    if (candidates.empty()) return NoVault(places, copies, candidates, wanted);
    FENCHI_ASSIGN_OR_RETURN(found, TakeOnTrust(places, candidates, seen, warnings));
  }
  if (found->chain.versions.empty()) return NoPolicy(*found);
  found->genesis_copies = std::move(copies);
  return std::move(*found);
}

std::vector<PlaceState> JudgePlaces(std::vector<PlaceLeaf> leaves, const FoundVault& found) {
  std::vector<PlaceState> states(leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const Copies& genesis = found.genesis_copies[i];
    PlaceState& state = states[i];
    state.leaf = std::move(leaves[i]);
    state.empty = !state.leaf.share && !state.leaf.damaged && genesis.none();
    const auto is_other = [&](const Bytes& object) {
      return format::DecodeGenesis(object).ok() && format::VaultIdOf(object) != found.vault;
    };
    state.foreign = !state.leaf.share && !genesis.objects.empty() &&
                    std::ranges::all_of(genesis.objects, is_other);
  }
  return states;
}

// The keyring's keys must be those that the signed policy names.
Status TakeKeyring(format::Keyring keyring, Access& access) {
  if (keyring.verify.public_key != access.policy.verify_public_key) {
    return Damaged("keyring: its verify key is not the one of the policy");
  }
  for (const format::PolicyDomain& named : access.policy.domains) {
    const format::DomainKeys* keys = keyring.FindDomain(named.id);
    const format::ReadKey* key = keys == nullptr ? nullptr : keys->FindReadKey(named.epoch);
    if (key == nullptr || key->pair.public_key != named.read_public_key) {
      return Damaged("keyring: it lacks the read key of key domain {}", named.id);
    }
  }
  access.role = Role::kRead;
  access.outer_key = std::move(keyring.outer_key);
  access.name_key = std::move(keyring.name_key);
  access.verify = std::move(keyring.verify);
  access.domains = std::move(keyring.domains);
  if (keyring.admin_seed) {
    FENCHI_ASSIGN_OR_RETURN(access.admin, SigningKey::FromSeed(keyring.admin_seed->view()));
    access.keyring_admin_seed = std::move(keyring.admin_seed);
  }
  return Status::Ok();
}

// Everything that was brought, in the form that slots are tried with.
struct Brought {
  std::vector<KeyPair> recipients;
  SlotFactors factors;
};

Status TakeFactors(const Unlock& unlock, const std::vector<LeafShare>& leaves, Brought& out) {
  for (const Unlock::Secret& passphrase : unlock.passphrases()) {
    out.factors.passphrases.push_back(passphrase.get());
  }
  for (const Unlock::Secret& secret : unlock.recipient_keys()) {
    FENCHI_ASSIGN_OR_RETURN(out.recipients.emplace_back(), KeyPair::FromSecretKey(secret->view()));
  }
  for (const KeyPair& pair : out.recipients) out.factors.recipients.push_back(&pair);
  for (const std::shared_ptr<KeyToken>& token : unlock.tokens()) {
    if (token == nullptr) return InvalidArgument("a token that was brought is none");
    out.factors.tokens.push_back(token.get());
  }
  for (const Unlock::Share& share : unlock.shares()) {
    out.factors.shares.push_back({share.name, share.bytes->view()});
  }
  for (const LeafShare& leaf : leaves) {
    for (const Bytes& held : leaf.provider_held) {
      out.factors.provider_held.push_back({leaf.provider, held});
    }
  }
  return Status::Ok();
}

Result<SecretBytes> OpenLeaf(const Places& places, const format::Policy& policy,
                             const std::vector<LeafShare>& shares) {
  Result<SecretBytes> leaf = RecoverLeafSecret(policy, shares);
  const std::string unreachable = places.Unreachable();
  if (leaf.ok() || unreachable.empty()) return leaf;
  return Status(leaf.status().code(),
                fmt::format("{}; not reachable: {}", leaf.status().message(), unreachable),
                leaf.status().hint());
}

Result<format::SlotTable> ReadSlots(Places& places, const VaultId& vault,
                                    const format::Policy& policy,
                                    std::vector<std::string>& warnings) {
  FENCHI_ASSIGN_OR_RETURN(
      const Bytes slots,
      places.FindByHash([&](int g) { return format::SlotsName(policy.slots.version, g); },
                        format::kSlotsObjectSizeMax, policy.slots.hash, "slots",
                        policy.active_providers(), warnings));
  FENCHI_ASSIGN_OR_RETURN(format::SlotTable table, format::DecodeSlots(slots));
  if (table.vault != vault || table.epoch != policy.epoch) {
    return Damaged("slots: they are of another vault or epoch");
  }
  return table;
}

Result<SecretBytes> OpenRoot(Places& places, const std::vector<LeafShare>& shares,
                             const Unlock& unlock, Access& access) {
  const format::Policy& policy = access.policy;
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes leaf, OpenLeaf(places, policy, shares));
  FENCHI_ASSIGN_OR_RETURN(const format::SlotTable table,
                          ReadSlots(places, access.vault, policy, access.warnings));
  Brought brought;
  FENCHI_RETURN_IF_ERROR(TakeFactors(unlock, shares, brought));
  FENCHI_ASSIGN_OR_RETURN(OpenedSlot opened, OpenAnySlot(table, leaf.view(), brought.factors));
  for (const ShareFault& fault : opened.faults) {
    access.warnings.push_back(fmt::format("key share '{}' was not used: {}: {}",
                                          EscapeForDisplay(fault.name),
                                          ShareFaultKindName(fault.kind), fault.message));
  }
  return std::move(opened.root);
}

Status OpenBySlot(Places& places, const std::vector<PlaceState>& states, const Unlock& unlock,
                  Access& access) {
  const format::Policy& policy = access.policy;
  std::vector<LeafShare> shares;
  for (const PlaceState& state : states) {
    if (state.leaf.share) shares.push_back(*state.leaf.share);
  }
  FENCHI_ASSIGN_OR_RETURN(SecretBytes root, OpenRoot(places, shares, unlock, access));
  FENCHI_ASSIGN_OR_RETURN(
      const Bytes box,
      places.FindByHash([&](int g) { return format::KeyringName(policy.keyring.version, g); },
                        format::kKeyringObjectSizeMax, policy.keyring.hash, "keyring",
                        policy.active_providers(), access.warnings));
  FENCHI_ASSIGN_OR_RETURN(format::Keyring keyring,
                          format::OpenKeyring(access.vault, root.view(), policy.epoch, box));
  FENCHI_RETURN_IF_ERROR(TakeKeyring(std::move(keyring), access));
  access.root = std::move(root);
  return Status::Ok();
}

bool HasShareContext(const format::SlotNode& node, ByteView context) {
  if (node.kind == format::NodeKind::kCustodians) {
    return std::ranges::equal(node.share_context, context);
  }
  return std::ranges::any_of(node.children, [&](const format::SlotNode& child) {
    return HasShareContext(child, context);
  });
}

void WarnIfFew(Access& access) {
  const std::size_t present = access.seats.present().size();
  if (present >= static_cast<std::size_t>(access.needed())) return;
  access.warnings.push_back(
      fmt::format("{} of {} providers are present, {} are needed to read data", present,
                  access.seats.size(), access.needed()));
}

}  // namespace

Result<Access> OpenVault(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                         const OpenOptions& options, const std::shared_ptr<Executor>& executor,
                         const SeenState* seen) {
  FENCHI_ASSIGN_OR_RETURN(Places places, Places::Of(providers, executor));
  std::optional<VaultId> wanted = options.vault_id;
  std::optional<format::WaitingCredential> file;
  if (unlock.is_credential()) {
    FENCHI_ASSIGN_OR_RETURN(file, format::DecodeWaitingCredential(unlock.credential()->view()));
    const VaultId& vault = file->credential.vault;
    if (wanted && *wanted != vault) {
      return WrongKey("the credential is of vault {}, not of vault {}", vault, *wanted);
    }
    wanted = vault;
  }
  for (const Unlock::Secret& passphrase : unlock.passphrases()) {
    if (passphrase->empty()) return InvalidArgument("the passphrase is empty");
  }

  Access access{.seats = Seats({}, executor)};
  FENCHI_ASSIGN_OR_RETURN(FoundVault found, FindVault(places, wanted, seen, access.warnings));
  access.vault = found.vault;
  access.genesis_object = found.genesis_object;
  TakeChain(found.chain, access);
  access.warnings.insert(access.warnings.end(), found.chain.warnings.begin(),
                         found.chain.warnings.end());

  const std::vector<PlaceState> states = JudgePlaces(ReadLeaves(places, access.policy), found);
  FENCHI_RETURN_IF_ERROR(CheckDistinctPlaces(places, states));
  if (file) {
    FENCHI_RETURN_IF_ERROR(CheckApproved(*file, access.policy));
    FENCHI_RETURN_IF_ERROR(TakeCredentialKeys(std::move(file->credential), access));
  } else {
    FENCHI_RETURN_IF_ERROR(OpenBySlot(places, states, unlock, access));
  }
  if (unlock.admin_key()) {
    FENCHI_ASSIGN_OR_RETURN(access.admin, SigningKey::FromSeed(unlock.admin_key()->view()));
  }
  FENCHI_ASSIGN_OR_RETURN(access.details, OpenDetails(access.policy, access.outer_key.view()));
  FENCHI_ASSIGN_OR_RETURN(
      access.seats, AssignSeats(places, states, access.policy, access.details, access.warnings));
  WarnIfFew(access);
  return access;
}

Result<ShareStanding> StandingOfShare(const std::vector<NamedProvider>& providers,
                                      const VaultId& vault, ByteView share, ShareLabel label,
                                      const std::shared_ptr<Executor>& executor,
                                      const SeenState* seen) {
  FENCHI_ASSIGN_OR_RETURN(const KeyShare parsed, KeyShare::Parse(share));
  FENCHI_ASSIGN_OR_RETURN(Places places, Places::Of(providers, executor));
  std::vector<std::string> warnings;
  FENCHI_ASSIGN_OR_RETURN(const FoundVault found, FindVault(places, vault, seen, warnings));
  const format::Policy& policy = found.chain.versions.back().policy;
  FENCHI_ASSIGN_OR_RETURN(const format::SlotTable table,
                          ReadSlots(places, found.vault, policy, warnings));
  ShareStanding standing;
  standing.label = std::move(label);
  standing.same_vault = standing.label.vault == found.vault;
  standing.policy_version = policy.version;
  standing.epoch = policy.epoch;
  for (const format::Slot& slot : table.slots) {
    if (HasShareContext(slot.node, parsed.context)) standing.slot = slot.access;
  }
  return standing;
}

}  // namespace fenchi
