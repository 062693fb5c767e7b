#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "fenchi/chunker.h"

namespace fenchi {
namespace {

// Appends, letting the buffer grow by doubling but never beyond one largest chunk.
void AppendWithin(Bytes& buffer, ByteView more, std::size_t size_max) {
  const std::size_t needed = buffer.size() + more.size();
  if (needed > buffer.capacity()) {
    buffer.reserve(std::max(needed, std::min(2 * buffer.capacity(), size_max)));
  }
  Append(buffer, more);
}

}  // namespace

ChunkStream::ChunkStream(const Chunker& chunker, ChunkSink sink)
    : chunker_(chunker), sink_(std::move(sink)) {}

Status ChunkStream::Feed(ByteView data) {
  while (failure_.ok() && !data.empty()) {
    const Chunker::Step step = chunker_.Advance(pending_, data);
    const ByteView taken = data.first(step.taken);
    data = data.subspan(step.taken);
    if (!step.cut) {
      AppendWithin(pending_, taken, kChunkSizeBytesMax);
      break;
    }
    if (pending_.empty()) {
      failure_ = sink_(taken);
    } else {
      AppendWithin(pending_, taken, kChunkSizeBytesMax);
      failure_ = sink_(pending_);
      pending_.clear();
    }
  }
  return failure_;
}

Status ChunkStream::Finish() {
  if (failure_.ok() && !pending_.empty()) failure_ = sink_(pending_);
  pending_.clear();
  return failure_;
}

}  // namespace fenchi
