// Reads plaintext out of packs, from any k good shards.
//
// Data shards are read directly, a range at a time; what is missing or bad is decoded from the
// others. A few packs are kept open and decrypted. One thread at a time; fetching inside is
// parallel. Memory: kOpenPacksMax x 15 MiB.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "format/trailer.h"
#include "repository/access.h"
#include "repository/shard_set.h"

namespace fenchi {

inline constexpr std::size_t kOpenPacksMax = 4;

struct ReadStatistics {
  std::uint64_t bytes_fetched = 0;
  std::set<std::pair<PackId, int>> shards_replaced;  // pack and position of a bad or absent shard
};

class PackReader {
 public:
  // `seats` may lack some of the access' providers (rehearsals). Both must outlive the reader.
  PackReader(const Access& access, const Seats& seats) : access_(access), seats_(seats) {}

  // Whole packs are fetched at once where most of each will be needed; else only the range.
  void set_whole_packs(bool whole) { whole_packs_ = whole; }

  // Fills all of `out` with the pack's plaintext from `offset`.
  // Errors: kDataLoss, kTooFewProviders, kDenied (no read key), kDamaged (range outside the pack).
  Status Read(const PackId& pack, std::uint64_t offset, MutableBytes out);
  // The pack's header and trailer. Errors: as Read; kDamaged when the trailer is not what the pack
  // id was made from.
  Result<format::Trailer> ReadTrailer(const PackId& pack);
  Result<format::ShardHeader> ReadHeader(const PackId& pack);
  // The header that most providers agree on: one of them may have sealed another.
  Result<format::ShardHeader> ReadAgreedHeader(const PackId& pack);

  const ReadStatistics& statistics() const { return statistics_; }

 private:
  struct OpenPack;
  Result<OpenPack*> Open(const PackId& pack);
  Result<OpenPack*> OpenAgreed(const PackId& pack);
  Result<OpenPack> Unlock(ShardSet shards);
  Status ReadFrom(OpenPack& pack, std::uint64_t offset, MutableBytes out);
  Status Ensure(OpenPack& pack, int first, int last);
  Status FetchRun(OpenPack& pack, int shard, int first_block, int count, std::vector<int>& bad,
                  std::uint64_t& fetched) const;
  void DecodeRun(OpenPack& pack, int shard, int first_block, int count, std::vector<int>& bad,
                 std::uint64_t& fetched) const;
  Status Decode(OpenPack& pack, int segment);

  const Access& access_;
  const Seats& seats_;
  bool whole_packs_ = false;
  ReadStatistics statistics_;
  std::list<std::shared_ptr<OpenPack>> open_;  // used last in front
  std::map<Bytes, SecretBytes> data_keys_;     // by their wrapped form
};

}  // namespace fenchi
