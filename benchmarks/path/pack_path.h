// The path from chunks to tagged shards, memory to memory on one thread, and each part of it alone.
//
// The parts work on memory of the same sizes, but write to one block that stays in cache: their sum
// is the least that the path can take. Sealing a pack checks one random tile of it before it is
// done (verify before upload); CheckTile is that work alone. One thread for each object.
#pragma once

#include <memory>
#include <vector>

#include "base/executor.h"
#include "fenchi/chunker.h"
#include "fenchi/compression.h"
#include "fenchi/erasure_code.h"
#include "fenchi/hash.h"
#include "fenchi/secret.h"
#include "measure.h"
#include "repository/pack_seal.h"

namespace fenchi::bench {

class PackPath {
 public:
  PackPath(int needed, int seats);

  std::size_t bytes() const { return plain_.size(); }

  // ---- Paths over one pack of the largest class, incompressible ----
  void FullPath();   // cuts, ids, encryption, split, tags, check of a tile
  void Seal();       // encryption, split, tags, check of a tile
  void SealPlain();  // encryption and split by the public headers: no tags, no check

  // ---- Their parts ----
  void Cuts() const;
  void Ids();
  void Encrypt();
  void Split();
  void Tags();
  void CheckTile();
  // The same with the memory traffic that the path cannot avoid: every block of every shard is
  // written, while what was just made is read from cache.
  void EncryptToMemory();
  void SplitToMemory();
  void TagsOfCached();
  void Gather();  // chunks into segments: a copy

  // Cuts, ids, compression, encryption, split and tags of `data`. check: what was compressed is
  // expanded and compared, as the library does; otherwise zstd alone makes the stored form.
  void CompressedPath(ByteView data, bool check);

 private:
  struct StoredMemory;
  ByteView Segment(int i) const;
  MutableBytes Block(int shard, int block);
  template <typename BlockOf>
  void TagTiles(const BlockOf& block_of);
  void SealOne(PlannedPack& pack);
  void SealFull(PackPlanner& planner);
  StoredChunk Store(ByteView chunk, bool check);

  const int needed_;
  const int seats_;
  Access access_;
  RunKeys keys_;
  SecretBytes id_key_;
  Bytes plain_;
  std::vector<Bytes> shards_;  // for SealPlain()
  Bytes block_, decoded_;
  Executor one_thread_{0};
  PackBuffers buffers_;
  Chunker chunker_;
  Compressor compressor_;
  std::shared_ptr<StoredMemory> stored_;
};

}  // namespace fenchi::bench
