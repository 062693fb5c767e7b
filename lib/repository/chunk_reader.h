// Reads chunks by reference, and walks lists.
//
// Every chunk that comes out was decrypted, expanded and compared with its chunk id. One thread at
// a time.
#pragma once

#include <functional>
#include <map>
#include <string_view>

#include "fenchi/compression.h"
#include "fenchi/hash.h"
#include "format/tree.h"
#include "repository/pack_reader.h"

namespace fenchi {

class ChunkReader {
 public:
  // All arguments must outlive the reader. `domain`: the key domain that the references are of.
  ChunkReader(const Access& access, const format::DomainKeys& domain, PackReader& packs)
      : access_(access), domain_(domain), packs_(packs) {}

  // A chunk as it is stored, with all that another thread needs to open it.
  struct Fetched {
    ChunkId chunk;
    std::uint64_t plain_size = 0;
    Bytes stored;
    std::shared_ptr<const SecretBytes> id_key;
  };
  // Errors: as Read, but for what only opening shows.
  Result<Fetched> Fetch(const format::Reference& reference);
  // Expands what was fetched and checks it against its name; any thread, with a decompressor of its
  // own. Errors: kDamaged: Read() then tries again by what most providers say.
  static Status OpenFetched(const Fetched& fetched, Decompressor& decompressor, Bytes& plain);

  // The plaintext. Errors: kDataLoss, kTooFewProviders, kDenied; kDamaged when pack and reference
  // do not fit together (a planted reference, or a pack made by another key).
  Result<Bytes> Read(const format::Reference& reference);
  // Whether `plain`, read elsewhere, is what the reference stands for. Errors: as Read, of the
  // pack's header only.
  Result<bool> Matches(const format::Reference& reference, ByteView plain);
  std::uint64_t chunks_checked() const { return chunks_checked_; }

  // Calls `item` for each leaf item in order, until it returns false or a failure.
  using OnContent = std::function<Result<bool>(const format::ContentItem&)>;
  using OnEntry = std::function<Result<bool>(const format::Entry&)>;
  Status WalkContent(const format::ContentList& list, const OnContent& item);
  // Entries whose path is not below `from` in path order (empty: all). Where a node cannot be read,
  // `lost` gets its failure and the walk goes on behind it; without `lost` the walk fails.
  using OnLost = std::function<void(const format::Reference& node, const Status& failure)>;
  Status WalkTree(const format::TreeList& list, std::string_view from, const OnEntry& item,
                  const OnLost& lost = nullptr);
  // Every reference that a list holds: nodes and, at its leaves, chunks of content.
  using OnReference = std::function<Status(const format::Reference&)>;
  Status WalkReferences(const format::ContentList& list, const OnReference& reference);

 private:
  Result<std::shared_ptr<const SecretBytes>> IdKeyFor(const format::ShardHeader& header);
  Result<bool> HasId(const format::Reference& reference, ByteView plain);
  Result<bool> Content(const format::ContentList& list, const OnContent& item);
  Result<bool> Tree(const format::TreeList& list, std::string_view from, const OnEntry& item,
                    const OnLost& lost);

  const Access& access_;
  const format::DomainKeys& domain_;
  PackReader& packs_;
  Decompressor decompressor_;
  std::map<format::IdScope, std::shared_ptr<const SecretBytes>> id_keys_;
  std::uint64_t chunks_checked_ = 0;
};

}  // namespace fenchi
