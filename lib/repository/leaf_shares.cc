#include "repository/leaf_shares.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "fenchi/key_sharing.h"
#include "format/derive.h"
#include "format/leaf.h"
#include "format/names.h"

namespace fenchi {
namespace {

std::vector<NamedShare> AsItems(std::span<const LeafShare> shares) {
  std::vector<NamedShare> items;
  for (const LeafShare& share : shares) items.push_back({share.provider, share.share});
  return items;
}

RecoverOptions OptionsFor(const format::Policy& policy) {
  RecoverOptions options;
  options.context = format::LeafShareContext(policy.vault, policy.epoch);
  return options;
}

const format::PolicyProvider* ActiveAt(const format::Policy& policy, int seat) {
  for (const format::PolicyProvider& provider : policy.providers) {
    if (provider.seat == seat && provider.state == format::ProviderState::kActive) return &provider;
  }
  return nullptr;
}

}  // namespace

std::optional<LeafShare> JudgeLeaf(const format::Policy& policy, ByteView object,
                                   const std::string& provider) {
  const Hash256 hash = Sha256(object);
  const auto named = std::ranges::find(policy.leaves, hash, &format::LeafHash::hash);
  if (named == policy.leaves.end()) return std::nullopt;
  Result<format::Leaf> leaf = format::DecodeLeaf(object);
  const format::PolicyProvider* active = ActiveAt(policy, named->seat);
  if (!leaf.ok() || active == nullptr || leaf->provider != active->id) return std::nullopt;
  return LeafShare{named->seat, provider, std::move(leaf->share), std::move(leaf->provider_held)};
}

std::vector<PlaceLeaf> ReadLeaves(Places& places, const format::Policy& policy) {
  std::vector<PlaceLeaf> out(places.size());
  const Enough good = [&](ByteView object) { return JudgeLeaf(policy, object, "").has_value(); };
  // A seat that was not replaced keeps the object of an earlier version.
  for (std::uint32_t version = policy.leaf_version; version >= 1; --version) {
    const std::vector<Copies> copies =
        places.ReadAll([version](int generation) { return format::LeafName(version, generation); },
                       format::kGenesisObjectSizeMax, good);
    bool complete = true;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (out[i].share) continue;
      out[i].damaged = out[i].damaged || !copies[i].none();
      if (!copies[i].objects.empty()) {
        out[i].share = JudgeLeaf(policy, copies[i].objects.back(), places.all()[i].name);
      }
      if (out[i].share) out[i].damaged = false;
      complete = complete && (out[i].share || !places.all()[i].reachable());
    }
    if (complete) break;
  }
  return out;
}

Result<SecretBytes> RecoverLeafSecret(const format::Policy& policy,
                                      std::span<const LeafShare> shares) {
  if (shares.size() < static_cast<std::size_t>(policy.needed)) {
    std::string names;
    for (const LeafShare& share : shares) names += (names.empty() ? "" : ", ") + share.provider;
    return TooFewProviders("{} of the vault's {} providers must give their key share, {} {} ({})",
                           policy.needed, policy.active_providers(), shares.size(),
                           shares.size() == 1 ? "does" : "do", names.empty() ? "none" : names)
        .WithHint("give more of the vault's providers, or bring the named ones back");
  }
  const std::vector<NamedShare> items = AsItems(shares);
  Result<RecoveredKey> recovered = RecoverKey(items, OptionsFor(policy));
  // Their hashes are the policy's, so it is not the user's key that is wrong.
  if (!recovered.ok()) return Damaged("leaf shares: {}", recovered.status().message());
  return std::move(recovered->key);
}

std::optional<LeafShare> ReadLeafAt(const Access& access, std::size_t position, AwaySeats& away) {
  const Seat& seat = access.seats.all()[position];
  for (std::uint32_t version = access.policy.leaf_version; version >= 1; --version) {
    std::optional<LeafShare> share;
    const Result<ObjectAt> found = access.seats.GetAt(
        position,
        [version](const Seat&, int generation) { return format::LeafName(version, generation); },
        format::kGenesisObjectSizeMax,
        [&](ByteView object) {
          share = JudgeLeaf(access.policy, object, seat.name);
          return share ? Status::Ok() : Damaged("not a leaf share that the policy names");
        });
    if (found.ok() && share->seat == seat.number) return share;
    if (!TellsOfPlace(found.status())) continue;
    away.Add(seat, found.status());
    break;
  }
  return std::nullopt;
}

Result<Bytes> RebuildLeafObject(const Access& access, std::size_t position) {
  const Seat& wanted = access.seats.all()[position];
  std::vector<LeafShare> shares;
  AwaySeats away;
  for (std::size_t i = 0; i < access.seats.size(); ++i) {
    if (i == position) continue;
    std::optional<LeafShare> share = ReadLeafAt(access, i, away);
    if (share) shares.push_back(std::move(*share));
  }
  const auto needed = static_cast<std::size_t>(access.needed());
  if (shares.size() < needed) {
    const std::string what = fmt::format(
        "the key share of {} needs those of {} other providers to be made again, {} can be read",
        wanted.name, needed, shares.size());
    if (shares.size() + static_cast<std::size_t>(away.count()) >= needed) return away.TooFew(what);
    return DataLoss("{}", what)
        .WithHint(fmt::format("no slot of the vault opens without {} of them: restore now with a "
                              "read credential, and begin a new vault",
                              needed));
  }
  // What a lost provider held besides opens the vault with k - 1 others: nobody copies it.
  if (std::ranges::any_of(shares, [](const LeafShare& s) { return !s.provider_held.empty(); })) {
    return Unsupported(
               "the key share of {} belongs to a slot that the providers open alone, and "
               "is never made again",
               wanted.name)
        .WithHint("rotate the vault's keys: all providers then get new shares");
  }
  const std::vector<NamedShare> items = AsItems(shares);
  FENCHI_ASSIGN_OR_RETURN(const KeyShare share,
                          RebuildShare(items, wanted.number + 1, OptionsFor(access.policy)));
  const SecretBytes bytes = share.Serialize();
  FENCHI_ASSIGN_OR_RETURN(
      Bytes object,
      format::EncodeLeaf({wanted.id, Bytes(bytes.view().begin(), bytes.view().end())}));
  const std::optional<LeafShare> judged = JudgeLeaf(access.policy, object, wanted.name);
  if (!judged || judged->seat != wanted.number) {
    return DataLoss("the key share of {} was made again, but is not what the policy names",
                    wanted.name);
  }
  return object;
}

}  // namespace fenchi
