// One pack that is being read: its segments, decrypted as they are needed.
//
// Data shards are read directly, a range at a time; what is missing or bad is decoded from the
// others. A whole pack is fetched from k shards at once, parity standing in for providers that are
// not there, and decoded and decrypted tile by tile: a segment's own tag says what those of blocks
// would. One thread at a time; fetching inside is parallel. FORMAT.md section 7.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "fenchi/aead.h"
#include "repository/access.h"
#include "repository/pack_memory.h"
#include "repository/shard_set.h"

namespace fenchi {

struct ReadStatistics {
  std::uint64_t bytes_fetched = 0;
  std::set<std::pair<PackId, int>> shards_replaced;  // pack and position of a bad or absent shard

  void Add(const ReadStatistics& more) {
    bytes_fetched += more.bytes_fetched;
    shards_replaced.insert(more.shards_replaced.begin(), more.shards_replaced.end());
  }
};

// Shared by all that one reader opens.
struct ReadBuffers {
  PackMemory memory;
  std::shared_ptr<ShardSpool> spool;  // what is kept on disk; may be null
};

class OpenPack {
 public:
  // key: of the pack's segments, 32 bytes.
  OpenPack(ShardSet shards, SecretBytes key, ReadBuffers buffers);

  const format::ShardHeader& header() const { return shards_.header(); }
  int segments() const { return header().segments; }
  std::size_t size() const;
  // Of the pack's plaintext, what lies in the segments that Ensure() made good last. Valid while
  // the buffer lives.
  ByteView Plain(std::size_t offset, std::size_t size) const {
    return ByteView(*plain_).subspan(offset - first_ * format::kSegmentPlainSize, size);
  }
  const std::shared_ptr<Bytes>& buffer() const { return plain_; }
  PackMemory::Kind memory_kind() const;
  // That Ensure() of these segments would take. Narrow packs give back what they have after it.
  std::size_t BytesFor(int first, int last) const;

  // From now on only what is asked for is kept in memory, not the whole pack.
  void set_narrow() { narrow_ = true; }
  bool narrow() const { return narrow_; }
  // Whether slow lines made k of its shards be kept on this host.
  bool IsOnDisk() const;
  // Fetches all segments, once, if k shards are whole: first as they are stored, then into plain.
  // What is not good afterwards harms nobody yet. Either may have room that was taken for it.
  bool was_fetched() const { return fetched_; }
  void FetchStored(ReadStatistics& statistics);
  void OpenStored(PackMemory::RoomPtr room, ReadStatistics& statistics);
  // Makes the segments first..last good.
  // Errors: kDataLoss, kTooFewProviders: what could be had is there all the same; kCancelled.
  Status Ensure(int first, int last, ReadStatistics& statistics);

 private:
  struct Run;
  struct Inputs;
  void MakeRoom(int first, int last);
  MutableBytes Segment(int segment);
  bool IsLast(int segment) const { return segment == segments() - 1; }
  Result<SegmentCipher> Cipher() const;
  void OpenTiles(const Inputs& inputs, int first, int count);
  void FetchRun(Run& run);
  void FetchBlocks(Run& run, int first_block, int count);
  void DecodeRun(Run& run);
  Status Decode(int segment);

  ShardSet shards_;
  SecretBytes key_;
  ReadBuffers buffers_;
  bool narrow_ = false;
  bool fetched_ = false;
  std::shared_ptr<const Inputs> stored_;  // until it is opened
  PackMemory::RoomPtr room_;              // for plain_, until that is there
  std::size_t first_ = 0;                 // segment in front of plain_
  std::shared_ptr<Bytes> plain_;
  std::vector<std::uint8_t> have_;  // which segments are good; bytes: each worker marks its own
};

}  // namespace fenchi
