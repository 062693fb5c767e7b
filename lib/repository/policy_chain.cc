#include "repository/policy_chain.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/names.h"

namespace fenchi {
namespace {

// A valid version and which one of the level below it follows.
struct Node {
  SignedVersion version;
  std::size_t parent = 0;
};
using Level = std::vector<Node>;

// The valid versions that follow one of `parents`, from what the places hold.
// Errors: kUnsupported when admins signed what only a later fenchi understands.
Result<Level> JudgeLevel(const Places& places, const std::vector<Copies>& copies,
                         const std::vector<PolicyParent>& parents,
                         std::vector<std::string>& warnings) {
  Level level;
  const std::uint32_t version = parents.front().version + 1;
  for (std::size_t place = 0; place < copies.size(); ++place) {
    std::vector<Hash256> held;
    Status bad = copies[place].damaged ? Damaged("it cannot be read whole") : Status::Ok();
    for (const Bytes& object : copies[place].objects) {
      for (std::size_t p = 0; p < parents.size(); ++p) {
        Result<SignedVersion> checked = CheckPolicyObject(object, parents[p]);
        if (!checked.ok()) {
          bad = checked.status();
          // Its signatures hold, so going on with an older version would be wrong.
          if (bad.code() == StatusCode::kUnsupported) {
            return bad.WithHint("open this vault with a newer fenchi");
          }
          continue;
        }
        const Hash256 hash = checked->hash;
        if (std::ranges::find(held, hash) != held.end()) continue;
        held.push_back(hash);
        const auto same =
            std::ranges::find_if(level, [&](const Node& n) { return n.version.hash == hash; });
        Node& node = same == level.end() ? level.emplace_back(Node{std::move(*checked), p}) : *same;
        ++node.version.holders;
      }
    }
    // A place that holds a good copy as well was repaired: nothing to tell.
    if (held.empty() && !bad.ok()) {
      warnings.push_back(fmt::format("provider {}: policy {} was refused: {}",
                                     places.all()[place].name, version, bad.message()));
    }
  }
  return level;
}

// The ancestor of levels.back()[tip] at `version`.
const SignedVersion& AncestorAt(const std::vector<Level>& levels, std::size_t level,
                                std::size_t tip, std::uint32_t version) {
  const Node* node = &levels[level][tip];
  while (node->version.policy.version > version) {
    node = &levels[--level][node->parent];
  }
  return node->version;
}

struct Tip {
  std::size_t level = 0;
  std::size_t index = 0;
};

// The best version of the longest chain that goes through what was seen.
std::optional<Tip> ChooseTip(const std::vector<Level>& levels, const SeenState* seen) {
  const std::uint32_t must_pass = seen != nullptr ? seen->policy_version : 0;
  for (std::size_t level = levels.size(); level-- > 0;) {
    if (level + 1 < must_pass) break;
    std::optional<Tip> best;
    for (std::size_t i = 0; i < levels[level].size(); ++i) {
      if (must_pass > 0 && AncestorAt(levels, level, i, must_pass).hash != seen->policy_hash) {
        continue;
      }
      const auto rank = [&](std::size_t index) {
        const SignedVersion& v = levels[level][index].version;
        return std::tuple(-v.holders, v.hash);
      };
      if (!best || rank(i) < rank(best->index)) best = Tip{level, i};
    }
    if (best) return best;
  }
  return std::nullopt;
}

Status OlderThanSeen(const std::vector<Level>& levels, const SeenState& seen) {
  if (levels.size() < seen.policy_version) {
    return Damaged(
               "policy {} is the newest that the providers serve, and this host has seen {}: "
               "an old state of the vault is being served",
               levels.size(), seen.policy_version)
        .WithHint(
            "give all providers of the vault; if the newer policy is lost for good, open "
            "with a new state directory (FENCHI_CACHE_DIR)");
  }
  return Damaged("policy {} is not the one that this host has seen before", seen.policy_version)
      .WithHint("give all providers of the vault; ask its admins which of the two is meant");
}

}  // namespace

PolicyParent ParentOf(const format::Genesis& genesis, const VaultId& vault) {
  return {vault, 0, Hash256{vault.bytes}, genesis.admins};
}

PolicyParent ParentOf(const format::Policy& policy, const Hash256& hash) {
  return {policy.vault, policy.version, hash, policy.next_admins};
}

Result<SignedVersion> CheckPolicyObject(ByteView object, const PolicyParent& parent) {
  FENCHI_ASSIGN_OR_RETURN(const format::SignedPolicy signed_policy,
                          format::DecodeSignedPolicy(object));
  // Signatures first: nothing of an unsigned payload is looked at.
  FENCHI_RETURN_IF_ERROR(format::CheckPolicySignatures(signed_policy, parent.vault, parent.admins));
  FENCHI_ASSIGN_OR_RETURN(format::Policy policy, format::DecodePolicy(signed_policy.payload));
  if (policy.vault != parent.vault) return Damaged("it is of another vault");
  if (policy.version != parent.version + 1) {
    return Damaged("it is version {}, not {}", policy.version, parent.version + 1);
  }
  if (policy.previous != parent.hash) return Damaged("it does not follow the version before");
  return SignedVersion{std::move(policy), Sha256(signed_policy.payload),
                       Bytes(object.begin(), object.end()), 0};
}

Result<PolicyChain> ReadPolicyChain(Places& places, const PolicyParent& genesis,
                                    const SeenState* seen) {
  PolicyChain chain;
  std::vector<Level> levels;
  std::vector<PolicyParent> parents = {genesis};
  while (true) {
    // A level without a valid version ends the reading, so no provider can make it endless.
    const std::uint32_t version = parents.front().version + 1;
    const std::vector<Copies> copies = places.ReadAll(
        [version](int generation) { return format::PolicyName(version, generation); },
        format::kPolicyObjectSizeMax);
    FENCHI_ASSIGN_OR_RETURN(Level level, JudgeLevel(places, copies, parents, chain.warnings));
    if (level.empty()) break;
    if (level.size() > 1) {
      chain.warnings.push_back(
          fmt::format("admins signed {} different policies {}", level.size(), version));
    }
    parents.clear();
    for (const Node& node : level) {
      parents.push_back(ParentOf(node.version.policy, node.version.hash));
    }
    levels.push_back(std::move(level));
  }
  const std::optional<Tip> tip = ChooseTip(levels, seen);
  if (!tip) {
    if (levels.empty() && (seen == nullptr || seen->policy_version == 0)) return chain;
    return OlderThanSeen(levels, *seen);
  }
  for (std::size_t level = 0; level <= tip->level; ++level) {
    chain.versions.push_back(
        AncestorAt(levels, tip->level, tip->index, static_cast<std::uint32_t>(level + 1)));
  }
  return chain;
}

}  // namespace fenchi
