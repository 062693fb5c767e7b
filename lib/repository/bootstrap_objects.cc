// The list of `k/` objects that must lie at a seat, and where their bytes come from.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/names.h"
#include "repository/bootstrap.h"
#include "repository/documents.h"
#include "repository/leaf_shares.h"

namespace fenchi {
namespace {

using Fetch = std::function<Result<Bytes>()>;

NameAt Versioned(std::string (*name)(std::uint32_t, int), std::uint32_t version) {
  return [name, version](const Seat&, int generation) { return name(version, generation); };
}
NameAt Plain(std::string (*name)(int)) {
  return [name](const Seat&, int generation) { return name(generation); };
}

// The object as some provider still holds it.
Result<Bytes> FetchByHash(const Access& access, const NameAt& name, std::uint64_t size_max,
                          const Hash256& hash, const std::string& what) {
  Result<ObjectAt> found = access.seats.GetAny(name, size_max, [&](ByteView object) {
    return Sha256(object) == hash ? Status::Ok() : Damaged("it is not what the policy names");
  });
  if (found.ok()) return std::move(found->bytes);
  const bool away = TellsOfPlace(found.status());
  return Status(away ? found.status().code() : StatusCode::kDataLoss,
                fmt::format("{}: no provider that answers holds a good copy: {}", what,
                            found.status().message()),
                found.status().hint());
}

BootstrapObject Shared(const Access& access, NameAt name, std::string what, std::uint64_t size_max,
                       const Hash256& hash) {
  Fetch fetch = [&access, name, what, size_max, hash] {
    return FetchByHash(access, name, size_max, hash, what);
  };
  return {std::move(name), std::move(what), size_max, hash, std::move(fetch)};
}

BootstrapObject Kept(NameAt name, std::string what, std::uint64_t size_max, const Bytes& object) {
  return {std::move(name), std::move(what), size_max, Sha256(object),
          [&object]() -> Result<Bytes> { return object; }};
}

// A document: from any provider, or from this build if it is the same edition.
BootstrapObject Document(const Access& access, NameAt name, std::string what, const Hash256& hash,
                         std::string_view built_in) {
  BootstrapObject object = Shared(access, std::move(name), std::move(what), kDocumentSizeMax, hash);
  object.fetch = [from_providers = object.fetch, hash, built_in]() -> Result<Bytes> {
    const ByteView bytes = AsBytes(built_in);
    if (Sha256(bytes) == hash) return Bytes(bytes.begin(), bytes.end());
    return from_providers();
  };
  return object;
}

}  // namespace

std::vector<BootstrapObject> BootstrapObjectsFor(const Access& access, std::size_t position) {
  const format::Policy& policy = access.policy;
  std::vector<BootstrapObject> out;
  out.push_back(Kept(Plain(format::GenesisName), "genesis", format::kGenesisObjectSizeMax,
                     access.genesis_object));
  const int seat = access.seats.all()[position].number;
  const auto leaf = std::ranges::find(policy.leaves, seat, &format::LeafHash::seat);
  if (leaf != policy.leaves.end()) {
    out.push_back({Versioned(format::LeafName, policy.leaf_version), "leaf share",
                   format::kGenesisObjectSizeMax, leaf->hash,
                   [&access, position] { return RebuildLeafObject(access, position); }});
  }
  out.push_back(Shared(access, Versioned(format::SlotsName, policy.slots.version), "slots",
                       format::kSlotsObjectSizeMax, policy.slots.hash));
  out.push_back(Shared(access, Versioned(format::KeyringName, policy.keyring.version), "keyring",
                       format::kKeyringObjectSizeMax, policy.keyring.hash));
  out.push_back(Document(access, Plain(format::FormatDocName), "format document", policy.format_doc,
                         FormatDocument()));
  out.push_back(Document(access, Plain(format::ReaderName), "reader program", policy.reader,
                         ReaderProgram()));
  for (std::size_t i = 0; i < access.policy_objects.size(); ++i) {
    const auto version = static_cast<std::uint32_t>(i + 1);
    out.push_back(Kept(Versioned(format::PolicyName, version), fmt::format("policy {}", version),
                       format::kPolicyObjectSizeMax, access.policy_objects[i]));
  }
  return out;
}

}  // namespace fenchi
