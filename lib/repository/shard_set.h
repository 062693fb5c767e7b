// One pack's shards at all seats: reading blocks, checking tags, decoding from any k.
//
// What restore, verify and repair share. With the verify secret every block is checked alone, so a
// lying provider becomes an erasure that is named. Without it (domain readers) blocks are taken as
// they come and the segments' own tags tell. FORMAT.md section 7.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "fenchi/aead.h"
#include "fenchi/erasure_code.h"
#include "format/shard_header.h"
#include "repository/access.h"
#include "repository/away_seats.h"
#include "repository/names_at.h"
#include "repository/shard_spool.h"

namespace fenchi {

class ShardSet {
 public:
  // Reads one good header, asking seat after seat. Both arguments must outlive the set.
  // Errors: kDataLoss when no seat has a header that fits; kTooFewProviders when none answered.
  // spool: where a header may lie from an earlier run, and is kept when it came slowly.
  static Result<ShardSet> Open(const Access& access, const Seats& seats, const PackId& pack,
                               const std::shared_ptr<ShardSpool>& spool = nullptr);
  // Asks every seat and takes the header that most of them agree on: for verify and repair, which
  // must not believe one seat that can seal headers of its own. Errors: as Open.
  static Result<ShardSet> OpenAgreed(const Access& access, const Seats& seats, const PackId& pack);

  const format::ShardHeader& header() const { return header_; }
  format::PackIdentity identity() const { return header_.identity(access_->vault); }
  int blocks() const { return blocks_; }
  int needed() const { return header_.needed; }
  const Seats& seats() const { return *seats_; }
  const ErasureCode& code() const { return *code_; }
  bool can_check_tags() const { return tag_key_.has_value(); }
  // Shard index of the seat at a position, and back (-1: no such seat).
  int IndexAt(std::size_t position) const { return index_at_[position]; }
  int PositionOf(int shard_index) const;
  // The name of the shard at a position, in the lowest generation.
  std::string ObjectAt(std::size_t position) const;

  // The header that belongs at a position, sealed: 4,096 bytes.
  Result<Bytes> SealedHeaderAt(std::size_t position) const;
  // Tags of `count` blocks of shard `shard_index`, computed. `blocks` holds count x 65,536 bytes.
  // Errors: kDenied without the verify secret.
  Result<Bytes> TagsOf(int shard_index, ByteView blocks, int first) const;

  // Fills `out` (count x 65,536 bytes) with blocks of the shard at `position`, from its lowest
  // generation in which all of them are good. Thread-safe.
  // `accept` (optional) judges what the tags cannot: a generation that it refuses is passed over.
  // Errors: kNotFound, kDamaged (`bad_block` is then the first bad one's number), kUnavailable.
  using AcceptBlocks = std::function<bool(ByteView)>;
  Status ReadBlocks(std::size_t position, int first, int count, MutableBytes out,
                    int* bad_block = nullptr, const AcceptBlocks& accept = nullptr) const;

  // Rebuilds block `block` of shard `wanted` from k other shards, none of them at the positions
  // `without`.
  // With `accept`, which judges the result, other k-subsets are tried while it refuses, in the end
  // also of later generations and of blocks that fail their tags. Without it the result is compared
  // with one shard more, where there is one: tags prove nothing against a holder of the verify
  // secret, and where shards disagree most of them must agree on the result.
  // Errors: kDataLoss naming the providers whose shards are missing or bad, or saying that shards
  // with good tags disagree; kTooFewProviders when those that are away might have enough.
  Status DecodeBlock(int wanted, int block, MutableBytes out, const AcceptBlocks& accept = nullptr,
                     const std::set<int>& without = {}) const;

 private:
  ShardSet(const Access& access, const Seats& seats, format::ShardHeader header);
  // A block that may serve: good by its tag, or not.
  struct Candidate {
    int position = 0;
    Bytes bytes;
  };
  // The shards that gave no good block: all of them in words, and those of seats that are away.
  struct Missing {
    std::string text;
    AwaySeats away;
  };
  static Result<ShardSet> Find(const Access& access, const Seats& seats, const PackId& pack,
                               bool agreed, const std::shared_ptr<ShardSpool>& spool);
  static Result<ShardSet> Make(const Access& access, const Seats& seats,
                               format::ShardHeader header);
  Result<std::optional<Aead>> Tagger() const;  // none without the verify secret
  Status CheckTags(int shard_index, int first, ByteView stored, int* bad_block) const;
  Status ReadGeneration(std::size_t position, int generation, int first, MutableBytes stored) const;
  Status DecodeFrom(const std::vector<Candidate>& from, std::span<const int> pick, int wanted,
                    MutableBytes out) const;
  std::vector<Candidate> GoodBlocks(int wanted, int block, std::size_t enough,
                                    const std::set<int>& without, Missing& missing) const;
  void AddWanted(int wanted, int block, Missing& missing) const;
  std::vector<Candidate> AllBlocks(int wanted, int block, bool check_tags,
                                   const std::set<int>& without) const;
  bool DecodeAccepted(const std::vector<Candidate>& from, int wanted, MutableBytes out,
                      const AcceptBlocks& accept) const;
  Status DecodeByMajority(const std::vector<Candidate>& from, int wanted, int block,
                          MutableBytes out) const;
  int Agreeing(const std::vector<Candidate>& from, std::span<const int> pick) const;

  const Access* access_;
  const Seats* seats_;
  format::ShardHeader header_;
  int blocks_ = 0;
  std::vector<int> index_at_;
  std::optional<SecretBytes> tag_key_;
  std::optional<ErasureCode> code_;
};

}  // namespace fenchi
