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
    PackBytes stored;
    std::shared_ptr<const SecretBytes> id_key;  // null: the pack's header says another domain
  };
  // Errors: as Read, but for what only opening shows.
  Result<Fetched> Fetch(const format::Reference& reference);
  // Expands what was fetched, into `room` where it is not stored as it is, and checks it against
  // its name; any thread, with a decompressor of its own. The view is valid while both arguments
  // are. Errors: kDamaged: Read() then tries again by what most providers say.
  static Result<ByteView> OpenFetched(const Fetched& fetched, Decompressor& decompressor,
                                      Bytes& room);

  // The plaintext. Errors: kDataLoss, kTooFewProviders, kDenied; kDamaged when pack and reference
  // do not fit together (a planted reference, or a pack made by another key).
  Result<Bytes> Read(const format::Reference& reference);
  // Whether `plain`, read elsewhere, is what the reference stands for. Errors: as Read, of the
  // pack's header only.
  Result<bool> Matches(const format::Reference& reference, ByteView plain);
  std::uint64_t chunks_checked() const { return chunks_checked_; }

  // Calls `item` for each leaf item in order, until it returns false or a failure. A node that does
  // not hold what its link says is kDamaged, so that a planted list ends, and in order.
  using OnContent = std::function<Result<bool>(const format::ContentItem&)>;
  using OnEntry = std::function<Result<bool>(const format::Entry&)>;
  Status WalkContent(const format::ContentList& list, const OnContent& item);
  // Entries whose path is not below `from` in path order (empty: all). Where a node cannot be read,
  // `lost` gets its failure and the walk goes on behind it; without `lost` the walk fails.
  using OnLost = std::function<void(const format::Reference& node, const Status& failure)>;
  Status WalkTree(const format::TreeList& list, std::string_view from, const OnEntry& item,
                  const OnLost& lost = nullptr);

 private:
  std::shared_ptr<const SecretBytes> IdKey(const format::IdScope& scope);
  Result<bool> HasIdBy(const format::ShardHeader& header, const format::Reference& reference,
                       ByteView plain);
  Result<bool> HasAgreedId(const format::Reference& reference, ByteView plain);
  Result<format::ContentList> ContentNode(const format::ContentLink& link, int level,
                                          std::uint64_t from);
  Result<bool> Content(const format::ContentList& list, std::uint64_t from, const OnContent& item);
  Result<format::TreeList> TreeNode(const format::TreeLink& link, int level,
                                    std::string_view after);
  Result<bool> Tree(const format::TreeList& list, std::string_view after, std::string_view from,
                    const OnEntry& item, const OnLost& lost);

  const Access& access_;
  const format::DomainKeys& domain_;
  PackReader& packs_;
  Decompressor decompressor_;
  std::map<format::IdScope, std::shared_ptr<const SecretBytes>> id_keys_;
  std::uint64_t chunks_checked_ = 0;
};

}  // namespace fenchi
