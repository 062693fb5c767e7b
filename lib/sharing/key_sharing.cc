#include "fenchi/key_sharing.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/told.h"
#include "sharing/adept.h"
#include "sharing/key_share.h"
#include "sharing/shamir.h"

namespace fenchi {
namespace {

// Shares that agree on threshold, context, ciphertext and check value.
struct Group {
  std::vector<std::size_t> positions;   // in `items`, by index; equal indexes have unequal values
  std::optional<AdeptSharing> sharing;  // once recovered
  std::vector<std::size_t> good;        // positions whose value is what the dealer made
  bool limit_reached = false;
  std::optional<AdeptChecker> checker;
};

// The steps of a recovery, in the order they are called.
class Recovery {
 public:
  Recovery(std::span<const NamedShare> items, const RecoverOptions& options)
      : items_(items), options_(options), shares_(items.size()), faults_(items.size()) {}

  void ParseItems();
  void MakeGroups();
  void SolveGroups();
  // The group whose key is meant; an Error where none or several are.
  Result<const Group*> Choose();
  // Gives all items outside `chosen.good` a fault.
  void Judge(const Group& chosen);

  const KeyShare& share(std::size_t position) const { return *shares_[position]; }
  std::vector<std::string> Names(std::span<const std::size_t> positions) const;
  std::vector<ShareFault> TakeFaults();

 private:
  void SetFault(std::size_t position, ShareFaultKind kind, std::string message);
  void CheckAgainstOptions(std::size_t position);
  bool SameSharing(std::size_t a, std::size_t b) const;
  void AddToGroup(Group& group, std::size_t position);
  bool IsOld(ByteView context, ByteView meant) const;
  void JudgeStranger(std::size_t position, const Group& chosen, bool own_sharing);
  void Solve(Group& group);
  bool TryCombinations(Group& group, std::vector<std::size_t>& chosen, std::size_t next,
                       int& tries_left);
  bool TryOne(Group& group, std::span<const std::size_t> chosen);
  Status TooFew();
  std::string DescribeFaults() const;

  std::span<const NamedShare> items_;
  const RecoverOptions& options_;
  std::vector<std::optional<KeyShare>> shares_;  // empty: cannot be used
  std::vector<std::optional<ShareFault>> faults_;
  std::vector<Group> groups_;
  SecretBytes scratch_{kAdeptPartSize};  // taken once: guarded memory is slow to get
};

void Recovery::SetFault(std::size_t position, ShareFaultKind kind, std::string message) {
  const NamedShare& item = items_[position];
  faults_[position] = ShareFault{item.name, kind, std::move(message), ClaimedIndex(item.bytes)};
}

void Recovery::ParseItems() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    ShareFaultKind kind = ShareFaultKind::kDamaged;
    Result<KeyShare> share = ParseKeyShare(items_[i].bytes, kind);
    if (!share.ok()) {
      SetFault(i, kind, share.status().message());
      continue;
    }
    shares_[i] = std::move(share).value();
    CheckAgainstOptions(i);
    if (faults_[i].has_value()) shares_[i].reset();
  }
}

bool Recovery::IsOld(ByteView context, ByteView meant) const {
  const std::size_t prefix = options_.vault_prefix_size_bytes;
  return prefix > 0 && context.size() >= prefix && meant.size() >= prefix &&
         std::ranges::equal(context.first(prefix), meant.first(prefix));
}

void Recovery::CheckAgainstOptions(std::size_t position) {
  const KeyShare& candidate = share(position);
  if (options_.context.has_value() && candidate.context != *options_.context) {
    if (IsOld(candidate.context, *options_.context)) {
      SetFault(position, ShareFaultKind::kOld,
               "made for another epoch, access rule or slot of this vault");
    } else {
      SetFault(position, ShareFaultKind::kForeign, "made for another vault");
    }
  } else if (options_.dealer_public_key.has_value() &&
             candidate.dealer_public_key != *options_.dealer_public_key) {
    SetFault(position, ShareFaultKind::kForeign,
             candidate.is_signed() ? "signed by another dealer" : "not signed by the dealer");
  }
}

bool Recovery::SameSharing(std::size_t a, std::size_t b) const {
  return share(a).threshold == share(b).threshold && share(a).context == share(b).context &&
         share(a).ciphertext == share(b).ciphertext && share(a).check == share(b).check;
}

void Recovery::MakeGroups() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!shares_[i].has_value()) continue;
    const auto same = std::ranges::find_if(
        groups_, [&](const Group& group) { return SameSharing(group.positions[0], i); });
    if (same == groups_.end()) {
      groups_.emplace_back().positions.push_back(i);
    } else {
      AddToGroup(*same, i);
    }
  }
  for (Group& group : groups_) {
    std::ranges::stable_sort(group.positions, {}, [this](std::size_t p) { return share(p).index; });
  }
}

void Recovery::AddToGroup(Group& group, std::size_t position) {
  for (const std::size_t other : group.positions) {
    if (share(other).index == share(position).index &&
        Told(share(other).value.Equals(share(position).value.view()))) {
      SetFault(position, ShareFaultKind::kDuplicate,
               fmt::format("the same share as item '{}'", items_[other].name));
      return;
    }
  }
  group.positions.push_back(position);
}

void Recovery::SolveGroups() {
  for (Group& group : groups_) Solve(group);
}

void Recovery::Solve(Group& group) {
  const KeyShare& any = share(group.positions[0]);
  group.checker.emplace(any.threshold, any.context, any.ciphertext, any.check);
  std::vector<std::size_t> chosen;
  int tries_left = kShareCombinationsMax;
  TryCombinations(group, chosen, 0, tries_left);
  group.limit_reached = tries_left < 0;
}

// Tries all threshold-subsets of distinct indexes, in order; true ends the search: found, or too
// many. Positions are sorted by index, so equal indexes stand together.
bool Recovery::TryCombinations(Group& group, std::vector<std::size_t>& chosen, std::size_t next,
                               int& tries_left) {
  const auto needed = static_cast<std::size_t>(share(group.positions[0]).threshold);
  if (chosen.size() == needed) return --tries_left < 0 || TryOne(group, chosen);
  for (std::size_t i = next; group.positions.size() - i >= needed - chosen.size(); ++i) {
    const std::size_t position = group.positions[i];
    if (!chosen.empty() && share(chosen.back()).index == share(position).index) continue;
    chosen.push_back(position);
    if (TryCombinations(group, chosen, i + 1, tries_left)) return true;
    chosen.pop_back();
  }
  return false;
}

// Interpolates K from the chosen shares, and where it is right keeps the sharing and its shares.
bool Recovery::TryOne(Group& group, std::span<const std::size_t> chosen) {
  std::vector<std::uint8_t> indexes;
  std::vector<ByteView> values;
  for (const std::size_t position : chosen) {
    indexes.push_back(static_cast<std::uint8_t>(share(position).index));
    values.push_back(share(position).value.view());
  }
  const MutableBytes base = scratch_.mutable_view();
  ShamirInterpolate(indexes, values, 0, base);
  if (!group.checker->Fits(base)) return false;

  const KeyShare& any = share(chosen[0]);
  AdeptSharing sharing =
      DeriveSharing(any.threshold, group.checker->key(), group.checker->randomness(), any.context);
  // K and J may be right although a chosen share is not (errors can cancel out at 0): each value
  // is compared with what the dealer made.
  std::vector<std::size_t> good;
  for (const std::size_t position : group.positions) {
    const KeyShare& candidate = share(position);
    ShamirEvaluate(sharing.base.view(), sharing.coins.view(),
                   static_cast<std::uint8_t>(candidate.index), scratch_.mutable_view());
    if (Told(candidate.value.Equals(scratch_.view()))) good.push_back(position);
  }
  if (std::ssize(good) < any.threshold) return false;
  std::ranges::sort(good);
  group.good = std::move(good);
  group.sharing = std::move(sharing);
  return true;
}

Result<const Group*> Recovery::Choose() {
  std::vector<const Group*> fitting;
  std::vector<const Group*> accepted;
  for (const Group& group : groups_) {
    if (!group.sharing.has_value()) continue;
    fitting.push_back(&group);
    if (!options_.accept || options_.accept(group.sharing->key.view())) accepted.push_back(&group);
  }
  if (accepted.size() == 1) return accepted[0];
  if (fitting.empty()) return TooFew();
  if (accepted.empty()) {
    return WrongKey("key shares: {} fit together, but their key is not the one that is needed{}",
                    fmt::join(Names(fitting[0]->good), ", "), DescribeFaults())
        .WithHint("bring the shares that belong to this vault and epoch");
  }
  return WrongKey("key shares: two keys can be recovered, one from {} and one from {}",
                  fmt::join(Names(accepted[0]->good), ", "),
                  fmt::join(Names(accepted[1]->good), ", "))
      .WithHint("leave out the shares of the key that is not meant");
}

Status Recovery::TooFew() {
  if (groups_.empty())
    return WrongKey("key shares: no good share among the items{}", DescribeFaults());
  const Group& largest = *std::ranges::max_element(
      groups_, {}, [](const Group& group) { return group.positions.size(); });
  const std::size_t have = largest.positions.size();
  const auto needed = static_cast<std::size_t>(share(largest.positions[0]).threshold);
  for (const Group& group : groups_) {
    if (&group == &largest) continue;
    for (const std::size_t position : group.positions) JudgeStranger(position, largest, false);
  }
  if (largest.limit_reached) {
    return WrongKey("key shares: no key after {} combinations of {} shares, {} of them needed{}",
                    kShareCombinationsMax, have, needed, DescribeFaults())
        .WithHint("drop the shares whose hash is wrong, or bring fewer items");
  }
  if (have < needed) {
    return WrongKey("key shares: need {}, have {} good{}", needed, have, DescribeFaults())
        .WithHint(fmt::format("bring {} more", needed - have));
  }
  return WrongKey("key shares: need {} good ones, but no {} of {} fit together: {} are forged{}",
                  needed, needed, fmt::join(Names(largest.positions), ", "),
                  have == needed ? "some" : fmt::format("at least {}", have - needed + 1),
                  DescribeFaults())
      .WithHint("bring further shares of this key");
}

void Recovery::Judge(const Group& chosen) {
  for (const Group& group : groups_) {
    for (const std::size_t position : group.positions) {
      if (&group != &chosen) {
        JudgeStranger(position, chosen, group.sharing.has_value());
      } else if (!std::ranges::binary_search(chosen.good, position)) {
        SetFault(position, ShareFaultKind::kForged,
                 fmt::format("claims index {}, but is not the share that was made for it",
                             share(position).index));
      }
    }
  }
}

void Recovery::JudgeStranger(std::size_t position, const Group& chosen, bool own_sharing) {
  const Bytes& meant = share(chosen.positions[0]).context;
  const Bytes& context = share(position).context;
  if (context == meant && own_sharing) {
    SetFault(position, ShareFaultKind::kForeign, "of another key that was split for the same use");
  } else if (context == meant) {
    SetFault(position, ShareFaultKind::kForged,
             fmt::format("claims index {}, but threshold, ciphertext or check value differ from "
                         "the other shares'",
                         share(position).index));
  } else if (IsOld(context, meant)) {
    SetFault(position, ShareFaultKind::kOld,
             "made for another epoch, access rule or slot of this vault");
  } else {
    SetFault(position, ShareFaultKind::kForeign, "made for another vault");
  }
}

std::vector<std::string> Recovery::Names(std::span<const std::size_t> positions) const {
  std::vector<std::string> names;
  for (const std::size_t position : positions) names.push_back(items_[position].name);
  return names;
}

std::string Recovery::DescribeFaults() const {
  std::string text;
  for (const std::optional<ShareFault>& fault : faults_) {
    if (!fault.has_value()) continue;
    text += fmt::format("; item '{}' is {}: {}", fault->name, ShareFaultKindName(fault->kind),
                        fault->message);
  }
  return text;
}

std::vector<ShareFault> Recovery::TakeFaults() {
  std::vector<ShareFault> faults;
  for (std::optional<ShareFault>& fault : faults_) {
    if (fault.has_value()) faults.push_back(std::move(*fault));
  }
  return faults;
}

// All steps; what RecoverKey and RebuildShare have in common.
Result<const Group*> Run(Recovery& recovery) {
  recovery.ParseItems();
  recovery.MakeGroups();
  recovery.SolveGroups();
  FENCHI_ASSIGN_OR_RETURN(const Group* const chosen, recovery.Choose());
  recovery.Judge(*chosen);
  return chosen;
}

KeyShare MakeShare(const AdeptSharing& sharing, int threshold, int index, ByteView context) {
  KeyShare share;
  share.threshold = threshold;
  share.index = index;
  share.context.assign(context.begin(), context.end());
  share.value = sharing.ValueAt(index);
  share.ciphertext = sharing.ciphertext;
  share.check = sharing.check;
  return share;
}

}  // namespace

std::string_view ShareFaultKindName(ShareFaultKind kind) {
  switch (kind) {
    case ShareFaultKind::kDamaged:
      return "damaged";
    case ShareFaultKind::kForged:
      return "forged";
    case ShareFaultKind::kForeign:
      return "foreign";
    case ShareFaultKind::kOld:
      return "old";
    case ShareFaultKind::kDuplicate:
      return "duplicate";
    case ShareFaultKind::kBadIndex:
      return "bad_index";
  }
  return "unknown";
}

Result<std::vector<KeyShare>> SplitKey(const SecretBytes& key, ShareCounts counts, ByteView context,
                                       Random& random, const ShareSigner* dealer) {
  if (key.size() != kSharedKeySizeBytes) {
    return InvalidArgument("key sharing: key has {} bytes, needs {}", key.size(),
                           kSharedKeySizeBytes);
  }
  if (counts.count < 1 || counts.count > 255 || counts.threshold < 1 ||
      counts.threshold > counts.count) {
    return InvalidArgument("key sharing: {} of {} shares, needs 1 <= threshold <= count <= 255",
                           counts.threshold, counts.count);
  }
  if (context.size() > kShareContextSizeBytesMax) {
    return InvalidArgument("key sharing: context has {} bytes, at most {}", context.size(),
                           kShareContextSizeBytesMax);
  }
  const SecretBytes randomness = SecretBytes::Random(kAdeptPartSize, random);
  const AdeptSharing sharing =
      DeriveSharing(counts.threshold, key.view(), randomness.view(), context);
  std::vector<KeyShare> shares;
  shares.reserve(static_cast<std::size_t>(counts.count));
  for (int index = 1; index <= counts.count; ++index) {
    shares.push_back(MakeShare(sharing, counts.threshold, index, context));
    if (dealer != nullptr) FENCHI_RETURN_IF_ERROR(SignKeyShare(shares.back(), *dealer));
  }
  return shares;
}

Result<RecoveredKey> RecoverKey(std::span<const NamedShare> items, const RecoverOptions& options) {
  Recovery recovery(items, options);
  FENCHI_ASSIGN_OR_RETURN(const Group* const chosen, Run(recovery));
  return RecoveredKey{chosen->sharing->key.Clone(), recovery.Names(chosen->good),
                      recovery.TakeFaults()};
}

Result<KeyShare> RebuildShare(std::span<const NamedShare> items, int index,
                              const RecoverOptions& options) {
  if (index < 1 || index > 255) {
    return InvalidArgument("key sharing: share index {} is not in 1..255", index);
  }
  Recovery recovery(items, options);
  FENCHI_ASSIGN_OR_RETURN(const Group* const chosen, Run(recovery));
  const KeyShare& any = recovery.share(chosen->good[0]);
  if (any.is_signed()) {
    return InvalidArgument(
        "key sharing: the shares are signed, only their dealer can make another");
  }
  return MakeShare(*chosen->sharing, any.threshold, index, any.context);
}

}  // namespace fenchi
