// New policy versions: signed here, put to W providers, and what happens when two admins meet.
//
// A place keeps one valid version N: who comes second finds the other's and does not put his own
// beside it. So at most one of two rivals gets to W, and both see which. Where neither does, both
// apply the readers' rule (policy_chain.h): the winner completes his, the loser adopts it.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "format/genesis.h"
#include "format/names.h"
#include "repository/bootstrap.h"
#include "repository/bootstrap_seats.h"
#include "repository/places.h"
#include "repository/policy_chain.h"
#include "repository/policy_signing.h"

namespace fenchi {
namespace {

constexpr int kAttemptsMax = 8;

NameAt PolicyAt(std::uint32_t version) {
  return [version](const Seat&, int generation) { return format::PolicyName(version, generation); };
}

Result<Places> PlacesOf(const Seats& seats) {
  std::vector<NamedProvider> present;
  for (const Seat& seat : seats.all()) {
    if (seat.provider) present.push_back({seat.name, seat.provider});
  }
  if (present.empty()) return TooFewProviders("no provider is present");
  return Places::Of(present, seats.shared_executor());
}

// Whether any present seat holds a valid version after `parent`, and how many seats answered.
struct NextVersion {
  bool exists = false;
  int answered = 0;
  std::string unreachable;
};
Result<NextVersion> LookForNext(const Seats& seats, const PolicyParent& parent) {
  FENCHI_ASSIGN_OR_RETURN(Places places, PlacesOf(seats));
  const std::vector<Copies> copies = places.ReadAll(
      [&](int generation) { return format::PolicyName(parent.version + 1, generation); },
      format::kPolicyObjectSizeMax);
  NextVersion next;
  for (const Copies& of_place : copies) {
    for (const Bytes& object : of_place.objects) {
      if (CheckPolicyObject(object, parent).ok()) next.exists = true;
    }
  }
  next.answered = static_cast<int>(
      std::ranges::count_if(places.all(), [](const Place& place) { return place.reachable(); }));
  next.unreachable = places.Unreachable();
  return next;
}

// Puts the version at one seat, unless a rival stands there. Errors: kConflict; as Put.
Status PutUnlessRival(const Seat& seat, const SignedVersion& version, const PolicyParent& parent) {
  if (!seat.provider) return Unavailable("{}", seat.absent_reason);
  for (int generation = 0; generation < kGenerations; ++generation) {
    const std::string name = format::PolicyName(version.policy.version, generation);
    MemorySource source(version.object);
    const Status put = seat.provider->Put(name, source, {});
    if (put.code() != StatusCode::kAlreadyExists) return put;
    const Result<Bytes> there = GetAll(*seat.provider, name, format::kPolicyObjectSizeMax);
    if (!there.ok() && there.status().code() != StatusCode::kDamaged) return there.status();
    if (there.ok() && *there == version.object) return Status::Ok();
    if (there.ok() && CheckPolicyObject(*there, parent).ok()) {
      return Conflict("it holds another policy {}", version.policy.version);
    }
    // Something planted or damaged has the name: the next generation holds the right bytes.
  }
  return NamesTaken(seat, PolicyAt(version.policy.version));
}

PutOutcome PutAtSeats(const Seats& seats, const SignedVersion& version,
                      const PolicyParent& parent) {
  std::vector<Status> results(seats.size());
  seats.executor().ForEach(seats.size(), [&](std::size_t i) {
    results[i] = PutUnlessRival(seats.all()[i], version, parent);
  });
  PutOutcome outcome;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const int position = static_cast<int>(i);
    if (results[i].ok()) {
      outcome.stored.push_back(position);
    } else {
      outcome.failed.emplace_back(position, results[i]);
    }
  }
  return outcome;
}

bool AtQuorum(const PutOutcome& outcome, const format::Policy& policy) {
  return outcome.stored.size() >= static_cast<std::size_t>(policy.quorums.write_quorum);
}

// The chain as the present seats serve it now.
Result<PolicyChain> ReadChain(const Access& access) {
  FENCHI_ASSIGN_OR_RETURN(Places places, PlacesOf(access.seats));
  FENCHI_ASSIGN_OR_RETURN(const format::Genesis genesis,
                          format::DecodeGenesis(access.genesis_object));
  // What this Access has in hand is as binding as what a host saw before.
  SeenState seen;
  seen.policy_version = access.policy.version;
  seen.policy_hash = access.policy_hash;
  return ReadPolicyChain(places, ParentOf(genesis, access.vault), &seen);
}

// Makes `chain` the one of `access`.
Status Take(const PolicyChain& chain, Access& access) {
  const format::Policy& newest = chain.versions.back().policy;
  FENCHI_ASSIGN_OR_RETURN(format::PolicyDetails details,
                          OpenDetails(newest, access.outer_key.view()));
  access.seats = SeatsAfter(access.seats, newest, details);
  access.details = std::move(details);
  TakeChain(chain, access);
  return Status::Ok();
}

// The same for a rival's chain.
Status Adopt(const PolicyChain& chain, Access& access) {
  FENCHI_RETURN_IF_ERROR(Take(chain, access));
  const format::Policy& newest = chain.versions.back().policy;
  return Conflict("policy {} was changed by somebody else at the same time", newest.version)
      .WithHint("look at the policy again and retry");
}

// After rivals were met: says whose version it is, and completes it if it is ours.
Status Settle(Access& access, SignedVersion mine) {
  FENCHI_ASSIGN_OR_RETURN(const PolicyChain chain, ReadChain(access));
  const std::size_t index = mine.policy.version - 1;
  if (chain.versions.size() <= index) {
    return Unavailable("the policy that another admin published cannot be read any more");
  }
  if (chain.versions[index].hash != mine.hash || chain.versions.size() > index + 1) {
    return Adopt(chain, access);
  }
  const PutOutcome outcome = access.seats.PutAtAll(PolicyAt(mine.policy.version), mine.object);
  if (!AtQuorum(outcome, mine.policy)) {
    return QuorumFailure(access.seats, outcome, mine.policy.quorums.write_quorum,
                         fmt::format("policy {}", mine.policy.version));
  }
  mine.holders = static_cast<int>(outcome.stored.size());
  TakeVersion(mine, access);
  return Status::Ok();
}

bool IsAdmin(const Access& access) {
  const format::AdminSet& admins = access.policy.next_admins;
  return access.admin &&
         std::ranges::find(admins.keys, access.admin->public_key()) != admins.keys.end();
}

Status MayNotSign(const Access& access) {
  const format::AdminSet& admins = access.policy.next_admins;
  const std::string_view held = IsAdmin(access) ? "one of their keys"
                                : access.admin  ? "a key of somebody else"
                                                : "no admin key";
  return Denied("changing the policy takes {} of the vault's {} admins, and this opening holds {}",
                admins.threshold, admins.keys.size(), held)
      .WithHint(admins.threshold == 1 ? "open the vault with its passphrase"
                                      : "have the admins approve a proposal for it");
}

// A policy that an interrupted publication left at fewer than W places is completed before use.
Status CompletePolicy(Access& access) {
  if (access.policy_holders >= access.policy.quorums.write_quorum) return Status::Ok();
  const PutOutcome outcome =
      access.seats.PutAtAll(PolicyAt(access.policy.version), access.policy_objects.back());
  if (!AtQuorum(outcome, access.policy)) {
    return QuorumFailure(access.seats, outcome, access.policy.quorums.write_quorum,
                         fmt::format("policy {}", access.policy.version));
  }
  access.policy_holders = static_cast<int>(outcome.stored.size());
  return Status::Ok();
}

// Whether a next version may be begun: the last one is complete, nobody else's follows it, and
// enough seats answer. Errors: kConflict, after a rival's version was adopted.
Status CheckMayBegin(Access& access) {
  FENCHI_RETURN_IF_ERROR(CompletePolicy(access));
  const PolicyParent parent = ParentOf(access.policy, access.policy_hash);
  FENCHI_ASSIGN_OR_RETURN(const NextVersion rival, LookForNext(access.seats, parent));
  if (rival.exists) {
    FENCHI_ASSIGN_OR_RETURN(const PolicyChain chain, ReadChain(access));
    if (chain.versions.size() <= access.policy.version) {
      return Unavailable("the policy that another admin published cannot be read any more");
    }
    return Adopt(chain, access);
  }
  // A version that cannot get to W is not begun.
  const int needed = access.policy.quorums.write_quorum;
  if (rival.answered < needed) {
    return TooFewProviders(
               "changing the policy needs {} of {} providers, {} answer; not reachable: {}", needed,
               access.seats.size(), rival.answered, rival.unreachable)
        .WithHint("bring more providers back and run the same command again");
  }
  return Status::Ok();
}

Status Publish(Access& access, SignedVersion mine) {
  const PolicyParent parent = ParentOf(access.policy, access.policy_hash);
  const PutOutcome outcome = PutAtSeats(access.seats, mine, parent);
  if (AtQuorum(outcome, mine.policy)) {
    mine.holders = static_cast<int>(outcome.stored.size());
    TakeVersion(mine, access);
    return Status::Ok();
  }
  const bool met_rival = std::ranges::any_of(outcome.failed, [](const auto& failure) {
    return failure.second.code() == StatusCode::kConflict;
  });
  if (met_rival) return Settle(access, std::move(mine));
  return QuorumFailure(access.seats, outcome, mine.policy.quorums.write_quorum,
                       fmt::format("policy {}", mine.policy.version));
}

Result<DraftVersion> DraftNext(const Access& access, format::Policy next,
                               const format::PolicyDetails& details, Clock& clock, Random& random) {
  next.vault = access.vault;
  next.version = access.policy.version + 1;
  next.previous = access.policy_hash;
  next.time = clock.Now();
  return DraftPolicy(std::move(next), details, access.outer_key.view(), random);
}

}  // namespace

Status PublishPolicy(Access& access, format::Policy next, Clock& clock, Random& random) {
  if (!IsAdmin(access) || access.policy.next_admins.threshold != 1) return MayNotSign(access);
  return ProposePolicy(access, std::move(next), access.details, clock, random).status();
}

Result<Bytes> ProposePolicy(Access& access, format::Policy next, format::PolicyDetails details,
                            Clock& clock, Random& random) {
  FENCHI_RETURN_IF_ERROR(CheckMayBegin(access));
  FENCHI_ASSIGN_OR_RETURN(DraftVersion draft,
                          DraftNext(access, std::move(next), details, clock, random));
  if (!IsAdmin(access) || access.policy.next_admins.threshold != 1) {
    return format::EncodeProposal({access.vault, 0, std::move(draft.payload)});
  }
  format::PolicySignature signature = SignDraft(draft, *access.admin);
  FENCHI_ASSIGN_OR_RETURN(SignedVersion mine, WithSignatures(std::move(draft), {signature}));
  FENCHI_RETURN_IF_ERROR(Publish(access, std::move(mine)));
  access.details = std::move(details);
  return Bytes();
}

Status PublishProposal(Access& access, const format::Proposal& proposal,
                       const std::vector<format::ApprovalFile>& approvals) {
  FENCHI_ASSIGN_OR_RETURN(DraftVersion draft, DraftOf(access, proposal));
  std::vector<format::PolicySignature> signatures;
  const auto add = [&](const format::ApprovalFile& approval) {
    const auto& keys = access.policy.next_admins.keys;
    if (std::ranges::find(keys, approval.admin) == keys.end()) return;
    const auto same =
        std::ranges::find(signatures, approval.admin, &format::PolicySignature::admin);
    if (same == signatures.end()) signatures.push_back({approval.admin, approval.signature});
  };
  for (const format::ApprovalFile& approval : approvals) {
    FENCHI_RETURN_IF_ERROR(format::CheckApproval(approval, proposal));
    add(approval);
  }
  if (access.admin) add(format::SignProposal(proposal, *access.admin));
  const auto needed = static_cast<std::size_t>(access.policy.next_admins.threshold);
  if (signatures.size() < needed) {
    return Denied("{} of the vault's admins approved this, {} must", signatures.size(), needed)
        .WithHint("let more admins approve the same proposal file");
  }
  FENCHI_RETURN_IF_ERROR(CheckMayBegin(access));
  FENCHI_ASSIGN_OR_RETURN(SignedVersion mine,
                          WithSignatures(std::move(draft), std::move(signatures)));
  FENCHI_ASSIGN_OR_RETURN(format::PolicyDetails details,
                          OpenDetails(mine.policy, access.outer_key.view()));
  FENCHI_RETURN_IF_ERROR(Publish(access, std::move(mine)));
  access.details = std::move(details);
  access.seats = SeatsAfter(access.seats, access.policy, access.details);
  return Status::Ok();
}

Result<DraftVersion> DraftOf(const Access& access, const format::Proposal& proposal) {
  if (proposal.vault != access.vault) {
    return InvalidArgument("the proposal is of vault {}, not of this one", proposal.vault);
  }
  if (proposal.kind != 0) return InvalidArgument("the proposal is not one of a policy");
  DraftVersion draft;
  FENCHI_ASSIGN_OR_RETURN(draft.policy, format::DecodePolicy(proposal.content));
  draft.payload = proposal.content;
  if (draft.policy.version != access.policy.version + 1 ||
      draft.policy.previous != access.policy_hash) {
    return Conflict("the proposal follows policy {}, and the vault is at policy {}",
                    draft.policy.version - 1, access.policy.version)
        .WithHint("make the proposal again");
  }
  return draft;
}

Result<int> RefreshPolicy(Access& access) {
  const PolicyParent parent = ParentOf(access.policy, access.policy_hash);
  FENCHI_ASSIGN_OR_RETURN(const NextVersion next, LookForNext(access.seats, parent));
  if (next.exists) {
    FENCHI_ASSIGN_OR_RETURN(const PolicyChain chain, ReadChain(access));
    if (chain.versions.size() > access.policy.version) {
      FENCHI_RETURN_IF_ERROR(Take(chain, access));
    }
  }
  return next.answered;
}

Status EnsureWriter(Access& access, const WriterId& id, const SigningPublicKey& key, Clock& clock,
                    Random& random, std::uint32_t rights) {
  Status last;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto listed = std::ranges::find(access.policy.writers, id, &format::PolicyWriter::id);
    if (listed != access.policy.writers.end()) {
      if (listed->state == format::WriterState::kRevoked || listed->public_key != key) {
        return Denied("writer {} of this host was revoked", id)
            .WithHint("remove this host's state directory to start a new writer");
      }
      return CompletePolicy(access);
    }
    format::Policy next = access.policy;
    next.closed_heads.clear();
    next.writers.push_back({id, key, rights, format::WriterState::kActive});
    last = PublishPolicy(access, std::move(next), clock, random);
    if (!last.ok() && last.code() != StatusCode::kConflict) return last;
  }
  return last;
}

Status EnsureWriter(Access& access, const WriterState& writer, Clock& clock, Random& random) {
  return EnsureWriter(access, writer.id(), writer.key().public_key(), clock, random);
}

}  // namespace fenchi
