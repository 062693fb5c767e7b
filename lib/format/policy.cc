#include "format/policy.h"

#include <algorithm>
#include <limits>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/check.h"

namespace fenchi::format {
namespace {

constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kVersionMax = 99'999'999;  // object names have 8 digits
constexpr std::uint64_t kClosedHeadsKey = 64;
constexpr std::uint32_t kRightsAll = kRightBackup | kRightPrune | kRightAttest;

Status CheckProviders(const Policy& policy) {
  bool active[kSeatsMax] = {};
  for (std::size_t i = 0; i < policy.providers.size(); ++i) {
    const PolicyProvider& provider = policy.providers[i];
    if (provider.seat < 0 || provider.seat >= kSeatsMax) {
      return InvalidArgument("seat {} is not 0 to 254", provider.seat);
    }
    if (i > 0) {
      const PolicyProvider& before = policy.providers[i - 1];
      if (std::pair(before.seat, before.id) >= std::pair(provider.seat, provider.id)) {
        return InvalidArgument("providers are not ascending by seat and id");
      }
    }
    if (provider.state != ProviderState::kActive) continue;
    if (active[provider.seat]) {
      return InvalidArgument("seat {} has two active providers", provider.seat);
    }
    active[provider.seat] = true;
  }
  if (!AllDistinct(policy.providers, &PolicyProvider::id)) {
    return InvalidArgument("a provider id is listed twice");
  }
  return CheckQuorums(policy.needed, policy.active_providers(), policy.quorums);
}

Status CheckKeysAndWriters(const Policy& policy) {
  if (policy.epoch < 1) return InvalidArgument("epoch 0");
  if (policy.slots.version < 1 || policy.slots.version > kVersionMax ||
      policy.keyring.version < 1 || policy.keyring.version > kVersionMax ||
      policy.leaf_version < 1 || policy.leaf_version > kVersionMax) {
    return InvalidArgument("versions of slots, keyring and leaf are 1 to {}", kVersionMax);
  }
  if (!AllDistinct(policy.domains, &PolicyDomain::id)) {
    return InvalidArgument("a key domain is listed twice");
  }
  for (const PolicyDomain& domain : policy.domains) {
    if (domain.epoch < 1) return InvalidArgument("key domain {} has epoch 0", domain.id);
  }
  if (!Ascending(policy.leaves, &LeafHash::seat)) {
    return InvalidArgument("leaf shares are not ascending by seat");
  }
  for (const LeafHash& leaf : policy.leaves) {
    if (leaf.seat < 0 || leaf.seat >= kSeatsMax) {
      return InvalidArgument("leaf share of seat {}", leaf.seat);
    }
  }
  if (policy.writers.size() > kWritersMax || !AllDistinct(policy.writers, &PolicyWriter::id)) {
    return InvalidArgument("a writer is listed twice, or there are more than {}", kWritersMax);
  }
  for (const PolicyWriter& writer : policy.writers) {
    if (writer.rights > kRightsAll) return InvalidArgument("writer {}: rights", writer.id);
  }
  return Status::Ok();
}

Status CheckPolicy(const Policy& policy) {
  if (policy.version < 1 || policy.version > kVersionMax) {
    return InvalidArgument("policy version {} is not 1 to {}", policy.version, kVersionMax);
  }
  if (policy.version == 1 && policy.previous.bytes != policy.vault.bytes) {
    return InvalidArgument("version 1 does not follow the genesis");
  }
  if (policy.matrix_id != kMatrixId) {
    return InvalidArgument("erasure matrix {}", policy.matrix_id);
  }
  if (policy.details.size() < kSealOverhead) return InvalidArgument("details are no box");
  if (!AllDistinct(policy.closed_heads, &LogHead::writer)) {
    return InvalidArgument("a writer's log head is listed twice");
  }
  FENCHI_RETURN_IF_ERROR(CheckProviders(policy));
  FENCHI_RETURN_IF_ERROR(CheckKeysAndWriters(policy));
  return CheckAdminSet(policy.next_admins);
}

// ---- Writing ----

void WriteProviders(CborWriter& writer, const Policy& policy) {
  writer.Key(7).Array(policy.providers.size());
  for (const PolicyProvider& provider : policy.providers) {
    writer.Array(3).ByteString(provider.id.view());
    writer.Uint(static_cast<std::uint64_t>(provider.seat));
    writer.Uint(static_cast<std::uint64_t>(provider.state));
  }
  writer.Key(8).Array(4);
  for (const int number : {policy.quorums.write_quorum, policy.quorums.read_quorum,
                           policy.quorums.liars, policy.quorums.spare_losses}) {
    writer.Uint(static_cast<std::uint64_t>(number));
  }
}

void WriteVersioned(CborWriter& writer, const VersionedHash& object) {
  writer.Array(2).Uint(object.version).ByteString(object.hash.view());
}

void WriteKeys(CborWriter& writer, const Policy& policy) {
  writer.Key(12).ByteString(policy.verify_public_key.view());
  writer.Key(13).Array(policy.domains.size());
  for (const PolicyDomain& domain : policy.domains) {
    writer.Array(3).ByteString(domain.id.view()).Uint(domain.epoch);
    writer.ByteString(domain.read_public_key.view());
  }
  writer.Key(14);
  WriteVersioned(writer, policy.slots);
  writer.Key(15);
  WriteVersioned(writer, policy.keyring);
  writer.Key(16).Array(2).Uint(policy.leaf_version).Array(policy.leaves.size());
  for (const LeafHash& leaf : policy.leaves) {
    writer.Array(2).Uint(static_cast<std::uint64_t>(leaf.seat)).ByteString(leaf.hash.view());
  }
}

void WriteWriters(CborWriter& writer, const Policy& policy) {
  writer.Key(18).Array(policy.writers.size());
  for (const PolicyWriter& one : policy.writers) {
    writer.Array(4).ByteString(one.id.view()).ByteString(one.public_key.view());
    writer.Uint(one.rights).Uint(static_cast<std::uint64_t>(one.state));
  }
}

// ---- Reading ----

Status ReadSmall(CborReader& reader, int& out, std::uint64_t most, std::string_view what) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t value, reader.UintIn(0, most, what));
  out = static_cast<int>(value);
  return Status::Ok();
}

Status ReadUint32(CborReader& reader, std::uint32_t& out, std::string_view what) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t value, reader.UintIn(0, kUint32Max, what));
  out = static_cast<std::uint32_t>(value);
  return Status::Ok();
}

Status ReadProviders(CborReader& reader, std::vector<PolicyProvider>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    PolicyProvider provider;
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "provider").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(provider.id, "provider id"));
    FENCHI_RETURN_IF_ERROR(ReadSmall(reader, provider.seat, kSeatsMax - 1, "seat"));
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t state, reader.UintIn(1, 2, "provider's state"));
    provider.state = static_cast<ProviderState>(state);
    reader.Leave();
    out.push_back(provider);
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadQuorums(CborReader& reader, Quorums& out) {
  FENCHI_RETURN_IF_ERROR(reader.Array(4, 4, "quorums").status());
  for (int* number : {&out.write_quorum, &out.read_quorum, &out.liars, &out.spare_losses}) {
    FENCHI_RETURN_IF_ERROR(ReadSmall(reader, *number, kSeatsMax, "quorum"));
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadDomains(CborReader& reader, std::vector<PolicyDomain>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    PolicyDomain domain;
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "key domain").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(domain.id, "domain id"));
    FENCHI_RETURN_IF_ERROR(ReadUint32(reader, domain.epoch, "epoch"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(domain.read_public_key, "read public key"));
    reader.Leave();
    out.push_back(domain);
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadVersioned(CborReader& reader, VersionedHash& out) {
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "version and hash").status());
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, out.version, "version"));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(out.hash, "hash"));
  reader.Leave();
  return Status::Ok();
}

Status ReadLeaves(CborReader& reader, Policy& policy) {
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "leaf").status());
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, policy.leaf_version, "leaf version"));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kSeatsMax, "leaf shares"));
  for (std::size_t i = 0; i < count; ++i) {
    LeafHash leaf;
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "leaf share").status());
    FENCHI_RETURN_IF_ERROR(ReadSmall(reader, leaf.seat, kSeatsMax - 1, "seat"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(leaf.hash, "hash"));
    reader.Leave();
    policy.leaves.push_back(leaf);
  }
  reader.Leave();
  reader.Leave();
  return Status::Ok();
}

Status ReadWriters(CborReader& reader, std::vector<PolicyWriter>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kWritersMax, "writers"));
  for (std::size_t i = 0; i < count; ++i) {
    PolicyWriter writer;
    FENCHI_RETURN_IF_ERROR(reader.Array(4, 4, "writer").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(writer.id, "writer id"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(writer.public_key, "writer's key"));
    FENCHI_RETURN_IF_ERROR(ReadUint32(reader, writer.rights, "rights"));
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t state, reader.UintIn(1, 2, "writer's state"));
    writer.state = static_cast<WriterState>(state);
    reader.Leave();
    out.push_back(writer);
  }
  reader.Leave();
  return Status::Ok();
}

// Keys 2 to 8.
Status ReadPlaces(MapReader& map, CborReader& reader, Policy& policy) {
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(policy.vault, "vault id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, policy.version, "policy version"));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(policy.previous, "hash of the version before"));
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_ASSIGN_OR_RETURN(policy.time, reader.Time());
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(ReadSmall(reader, policy.needed, kSeatsMax, "shards needed"));
  FENCHI_RETURN_IF_ERROR(map.Require(7));
  FENCHI_RETURN_IF_ERROR(ReadProviders(reader, policy.providers));
  FENCHI_RETURN_IF_ERROR(map.Require(8));
  return ReadQuorums(reader, policy.quorums);
}

// Keys 9 to 16.
Status ReadKeys(MapReader& map, CborReader& reader, Policy& policy) {
  FENCHI_RETURN_IF_ERROR(map.Require(9));
  FENCHI_ASSIGN_OR_RETURN(policy.suite, ReadSuite(reader));
  FENCHI_RETURN_IF_ERROR(map.Require(10));
  FENCHI_ASSIGN_OR_RETURN(policy.matrix_id, ReadMatrixId(reader));
  FENCHI_RETURN_IF_ERROR(map.Require(11));
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, policy.epoch, "epoch"));
  FENCHI_RETURN_IF_ERROR(map.Require(12));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(policy.verify_public_key, "verify public key"));
  FENCHI_RETURN_IF_ERROR(map.Require(13));
  FENCHI_RETURN_IF_ERROR(ReadDomains(reader, policy.domains));
  FENCHI_RETURN_IF_ERROR(map.Require(14));
  FENCHI_RETURN_IF_ERROR(ReadVersioned(reader, policy.slots));
  FENCHI_RETURN_IF_ERROR(map.Require(15));
  FENCHI_RETURN_IF_ERROR(ReadVersioned(reader, policy.keyring));
  FENCHI_RETURN_IF_ERROR(map.Require(16));
  return ReadLeaves(reader, policy);
}

// Keys 17 to 20.
Status ReadPeople(MapReader& map, CborReader& reader, Policy& policy) {
  FENCHI_RETURN_IF_ERROR(map.Require(17));
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "documents").status());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(policy.format_doc, "hash of the format document"));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(policy.reader, "hash of the reader"));
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Require(18));
  FENCHI_RETURN_IF_ERROR(ReadWriters(reader, policy.writers));
  FENCHI_RETURN_IF_ERROR(map.Require(19));
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "admins of the next version").status());
  FENCHI_RETURN_IF_ERROR(ReadSmall(reader, policy.next_admins.threshold, 255, "threshold"));
  FENCHI_ASSIGN_OR_RETURN(policy.next_admins.keys, ReadAdminKeys(reader));
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Require(20));
  FENCHI_ASSIGN_OR_RETURN(const ByteView details, reader.ByteString());
  policy.details.assign(details.begin(), details.end());
  return Status::Ok();
}

// Key 64, which a reader without it may ignore.
Status ReadClosedHeads(MapReader& map, CborReader& reader, std::vector<LogHead>& out) {
  FENCHI_ASSIGN_OR_RETURN(const bool there, map.Optional(kClosedHeadsKey));
  if (!there) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, kWritersMax, "log heads"));
  for (std::size_t i = 0; i < count; ++i) {
    LogHead& head = out.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "log head").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(head.writer, "writer id"));
    FENCHI_ASSIGN_OR_RETURN(head.seq, reader.Uint());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(head.hash, "record hash"));
    reader.Leave();
  }
  reader.Leave();
  return Status::Ok();
}

void WriteClosedHeads(CborWriter& writer, const std::vector<LogHead>& heads) {
  if (heads.empty()) return;
  writer.Key(kClosedHeadsKey).Array(heads.size());
  for (const LogHead& head : heads) {
    writer.Array(3).ByteString(head.writer.view()).Uint(head.seq).ByteString(head.hash.view());
  }
}

Result<Policy> ReadPolicy(CborReader& reader) {
  Policy policy;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(ReadPlaces(map, reader, policy));
  FENCHI_RETURN_IF_ERROR(ReadKeys(map, reader, policy));
  FENCHI_RETURN_IF_ERROR(ReadPeople(map, reader, policy));
  FENCHI_RETURN_IF_ERROR(ReadClosedHeads(map, reader, policy.closed_heads));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckPolicy(policy)));
  return policy;
}

}  // namespace

int Policy::active_providers() const {
  return static_cast<int>(std::count_if(
      providers.begin(), providers.end(),
      [](const PolicyProvider& provider) { return provider.state == ProviderState::kActive; }));
}

Result<Bytes> EncodePolicy(const Policy& policy) {
  FENCHI_RETURN_IF_ERROR(CheckPolicy(policy).At("policy"));
  CborWriter writer;
  writer.Map(policy.closed_heads.empty() ? 20 : 21).Key(1).Uint(kFormatVersion);
  writer.Key(2).ByteString(policy.vault.view());
  writer.Key(3).Uint(policy.version);
  writer.Key(4).ByteString(policy.previous.view());
  writer.Key(5).Time(policy.time);
  writer.Key(6).Uint(static_cast<std::uint64_t>(policy.needed));
  WriteProviders(writer, policy);
  writer.Key(9).Uint(static_cast<std::uint64_t>(policy.suite));
  writer.Key(10).Uint(static_cast<std::uint64_t>(policy.matrix_id));
  writer.Key(11).Uint(policy.epoch);
  WriteKeys(writer, policy);
  writer.Key(17).Array(2).ByteString(policy.format_doc.view());
  writer.ByteString(policy.reader.view());
  WriteWriters(writer, policy);
  writer.Key(19).Array(2).Uint(static_cast<std::uint64_t>(policy.next_admins.threshold));
  WriteAdminKeys(writer, policy.next_admins);
  writer.Key(20).ByteString(policy.details);
  WriteClosedHeads(writer, policy.closed_heads);
  Bytes payload = writer.Take();
  if (payload.size() > kPolicyObjectSizeMax) {
    return InvalidArgument("policy: {} bytes are more than {}", payload.size(),
                           kPolicyObjectSizeMax);
  }
  return payload;
}

Result<Policy> DecodePolicy(ByteView payload) {
  return DecodeWhole(payload, kPolicyObjectSizeMax, "policy", ReadPolicy);
}

}  // namespace fenchi::format
