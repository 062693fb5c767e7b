// Erasure code: k data shards become n, and any k of the n give all of them back.
//
// Systematic Reed-Solomon over GF(2^8)/0x11d: shards 0..k-1 are the data as they stand, shard k + i
// is parity row i. One fixed code serves all k and n: a row depends on neither, so a shard k + i
// that is added years later changes no byte of the older ones. The code works byte by byte: call it
// on whole shards or on any equal range of them.
//
// Promises: every k distinct shards out of 0..254 decode; results never depend on the CPU. It
// promises no secrecy (shards 0..k-1 are the input) and finds no error: give it only shards whose
// authenticity was checked. A shard that is wrong goes in as one that is absent.
// Threads: all calls are const and safe to make at once. Buffers must not overlap.
// Speed: pointers aligned to 32 bytes reach the XOR and P+Q kernels of ISA-L.
//
//   FENCHI_ASSIGN_OR_RETURN(ErasureCode code, ErasureCode::Create(2, 3));
//   FENCHI_RETURN_IF_ERROR(code.Encode(data, parity));                // 2 in, 1 out
//   FENCHI_ASSIGN_OR_RETURN(ErasureCode::Decoder lost_0, code.PrepareDecode({{1, 2}}, {{0}}));
//   FENCHI_RETURN_IF_ERROR(lost_0.Apply(shards_1_and_2, shard_0));
#pragma once

#include <memory>
#include <span>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/status.h"

namespace fenchi {

class FENCHI_EXPORT ErasureCode {
 public:
  static constexpr int kShardsMax = 255;  // shard indexes are 0..254

  struct ShardView {
    int index = 0;
    ByteView bytes;
  };

  // A decoding worked out once for one set of shards, for use on many ranges of them. It stays
  // valid after the ErasureCode that made it is gone.
  class FENCHI_EXPORT Decoder {
   public:
    // inputs: ranges of the k shards of `present`, in that order; outputs: one for each of
    // `wanted`, in that order; all of one length, which may be 0.
    // Errors: kInvalidArgument when a count or a length differs.
    // Cost: k times the computed outputs; an output that is also an input is copied.
    Status Apply(std::span<const ByteView> inputs, std::span<const MutableBytes> outputs) const;

   private:
    friend class ErasureCode;
    struct Plan;
    explicit Decoder(std::shared_ptr<const Plan> plan);
    std::shared_ptr<const Plan> plan_;
  };

  // data_shards: k, 1..255. total_shards: n, k..255.
  // Errors: kInvalidArgument when a count is out of range.
  static Result<ErasureCode> Create(int data_shards, int total_shards);

  int k() const;
  int n() const;

  // Computes parity shards k..n-1 from data shards 0..k-1.
  // data: k ranges; parity: n - k ranges; all of one length, which may be 0.
  // Errors: kInvalidArgument when a count or a length differs.
  Status Encode(std::span<const ByteView> data, std::span<const MutableBytes> parity) const;

  // Computes one shard: for a provider that is added (index n or more) or replaced.
  // shard_index: 0..254; below k it is a copy of that data shard. out: as long as each of `data`.
  // Errors: kInvalidArgument when the index, a count or a length is wrong.
  Status EncodeShard(std::span<const ByteView> data, int shard_index, MutableBytes out) const;

  // Computes the shards `wanted` (distinct, 0..254, data or parity) from the first k of `present`
  // (distinct, 0..254; more than k are allowed, all of one length).
  // Errors: kInvalidArgument when fewer than k are present, or an index, count or length is wrong.
  Status Decode(std::span<const ShardView> present, std::span<const int> wanted,
                std::span<const MutableBytes> out) const;

  // The same decoding, prepared for many calls. present: exactly k indexes.
  // Cost: O(e^2 (e + k)) for e absent data shards, at most some 20 ms.
  Result<Decoder> PrepareDecode(std::span<const int> present, std::span<const int> wanted) const;

 private:
  struct Tables;
  explicit ErasureCode(std::shared_ptr<const Tables> tables);
  std::shared_ptr<const Tables> tables_;
};

}  // namespace fenchi
