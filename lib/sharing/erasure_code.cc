#include "fenchi/erasure_code.h"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "sharing/code_kernel.h"
#include "sharing/code_matrix.h"

namespace fenchi {
namespace {

// `what` is "data", "parity", ...: all ranges as many and as long as they must be.
template <typename Range>
Status CheckRanges(std::span<const Range> ranges, std::size_t count, std::size_t size_bytes,
                   std::string_view what) {
  if (ranges.size() != count) {
    return InvalidArgument("erasure code: {} {} ranges given, needs {}", ranges.size(), what,
                           count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (ranges[i].size() != size_bytes) {
      return InvalidArgument("erasure code: {} range {} has {} bytes, needs {} like the others",
                             what, i, ranges[i].size(), size_bytes);
    }
  }
  return Status::Ok();
}

Status CheckIndexes(std::span<const int> indexes, std::string_view what) {
  std::bitset<ErasureCode::kShardsMax> seen;
  for (const int index : indexes) {
    if (index < 0 || index >= ErasureCode::kShardsMax) {
      return InvalidArgument("erasure code: {} shard index {} is not in 0..254", what, index);
    }
    if (seen[static_cast<std::size_t>(index)]) {
      return InvalidArgument("erasure code: {} shard index {} is given twice", what, index);
    }
    seen.set(static_cast<std::size_t>(index));
  }
  return Status::Ok();
}

template <typename Range>
auto Pointers(std::span<const Range> ranges) {
  std::vector<decltype(ranges[0].data())> pointers;
  pointers.reserve(ranges.size());
  for (const Range& range : ranges) pointers.push_back(range.data());
  return pointers;
}

// Empty ranges may have null pointers, which memcpy does not take.
void Copy(ByteView from, MutableBytes to) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

}  // namespace

struct ErasureCode::Tables {
  int k;
  int n;
  CodeKernel parity;
};

ErasureCode::ErasureCode(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}

Result<ErasureCode> ErasureCode::Create(int data_shards, int total_shards) {
  if (data_shards < 1 || data_shards > kShardsMax) {
    return InvalidArgument("erasure code: {} data shards, needs 1..255", data_shards);
  }
  if (total_shards < data_shards || total_shards > kShardsMax) {
    return InvalidArgument("erasure code: {} shards in all, needs {}..255", total_shards,
                           data_shards);
  }
  return ErasureCode(std::make_shared<const Tables>(
      Tables{data_shards, total_shards,
             CodeKernel(ParityRows(data_shards, 0, total_shards - data_shards))}));
}

int ErasureCode::k() const { return tables_->k; }
int ErasureCode::n() const { return tables_->n; }

Status ErasureCode::Encode(std::span<const ByteView> data,
                           std::span<const MutableBytes> parity) const {
  const std::size_t size = data.empty() ? 0 : data[0].size();
  FENCHI_RETURN_IF_ERROR(CheckRanges(data, static_cast<std::size_t>(k()), size, "data"));
  FENCHI_RETURN_IF_ERROR(CheckRanges(parity, static_cast<std::size_t>(n() - k()), size, "parity"));
  tables_->parity.Run(Pointers(data), Pointers(parity), size);
  return Status::Ok();
}

Status ErasureCode::EncodeShard(std::span<const ByteView> data, int shard_index,
                                MutableBytes out) const {
  FENCHI_RETURN_IF_ERROR(CheckIndexes({&shard_index, 1}, "wanted"));
  FENCHI_RETURN_IF_ERROR(CheckRanges(data, static_cast<std::size_t>(k()), out.size(), "data"));
  if (shard_index < k()) {
    Copy(data[static_cast<std::size_t>(shard_index)], out);
    return Status::Ok();
  }
  std::uint8_t* const output = out.data();
  CodeKernel(ParityRows(k(), shard_index - k(), 1)).Run(Pointers(data), {&output, 1}, out.size());
  return Status::Ok();
}

Status ErasureCode::Decode(std::span<const ShardView> present, std::span<const int> wanted,
                           std::span<const MutableBytes> out) const {
  std::vector<int> indexes;
  std::vector<ByteView> inputs;
  for (const ShardView& shard : present) {
    indexes.push_back(shard.index);
    inputs.push_back(shard.bytes);
  }
  FENCHI_RETURN_IF_ERROR(CheckIndexes(indexes, "present"));
  const auto needed = static_cast<std::size_t>(k());
  if (present.size() < needed) {
    return InvalidArgument("erasure code: {} shards present, needs {}", present.size(), needed);
  }
  FENCHI_RETURN_IF_ERROR(
      CheckRanges(std::span<const ByteView>(inputs), inputs.size(), inputs[0].size(), "present"));
  FENCHI_ASSIGN_OR_RETURN(const Decoder decoder,
                          PrepareDecode(std::span(indexes).first(needed), wanted));
  return decoder.Apply(std::span(inputs).first(needed), out);
}

// An output is either a copy of an input or a row of `computed`.
struct ErasureCode::Decoder::Plan {
  struct CopiedOutput {
    std::size_t output;
    std::size_t input;
  };
  std::size_t inputs;
  std::size_t outputs;
  std::vector<CopiedOutput> copied;
  std::vector<std::size_t> computed_outputs;
  CodeKernel computed;
};

ErasureCode::Decoder::Decoder(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

Result<ErasureCode::Decoder> ErasureCode::PrepareDecode(std::span<const int> present,
                                                        std::span<const int> wanted) const {
  FENCHI_RETURN_IF_ERROR(CheckIndexes(present, "present"));
  FENCHI_RETURN_IF_ERROR(CheckIndexes(wanted, "wanted"));
  if (std::ssize(present) != k()) {
    return InvalidArgument("erasure code: {} shards present, needs exactly {}", present.size(),
                           k());
  }
  std::vector<Decoder::Plan::CopiedOutput> copied;
  std::vector<std::size_t> computed_outputs;
  std::vector<int> computed_indexes;
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    const auto found = std::ranges::find(present, wanted[w]);
    if (found != present.end()) {
      copied.push_back({w, static_cast<std::size_t>(found - present.begin())});
    } else {
      computed_outputs.push_back(w);
      computed_indexes.push_back(wanted[w]);
    }
  }
  FENCHI_ASSIGN_OR_RETURN(const CodeMatrix rows, DecodeRows(k(), present, computed_indexes));
  return Decoder(std::make_shared<const Decoder::Plan>(
      Decoder::Plan{present.size(), wanted.size(), std::move(copied), std::move(computed_outputs),
                    CodeKernel(rows)}));
}

Status ErasureCode::Decoder::Apply(std::span<const ByteView> inputs,
                                   std::span<const MutableBytes> outputs) const {
  const std::size_t size = inputs.empty() ? 0 : inputs[0].size();
  FENCHI_RETURN_IF_ERROR(CheckRanges(inputs, plan_->inputs, size, "input"));
  FENCHI_RETURN_IF_ERROR(CheckRanges(outputs, plan_->outputs, size, "output"));
  for (const Plan::CopiedOutput& copy : plan_->copied) {
    Copy(inputs[copy.input], outputs[copy.output]);
  }
  std::vector<std::uint8_t*> computed;
  computed.reserve(plan_->computed_outputs.size());
  for (const std::size_t output : plan_->computed_outputs)
    computed.push_back(outputs[output].data());
  plan_->computed.Run(Pointers(inputs), computed, size);
  return Status::Ok();
}

}  // namespace fenchi
