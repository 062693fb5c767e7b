// Chunker: where a stream is cut into chunks.
//
// Content-defined cutting (a hash of the last 64 bytes with normalised limits, after FastCDC,
// behind a vectorised sieve) keeps most chunks of a file the same when bytes are inserted or
// removed in it, so that only what changed is stored again. Fixed-size cutting suits data that
// changes in place: database files, disk images.
//
// Promises: cut points are a pure function of the bytes and the options. They are the same on
// every CPU and for every way of feeding the stream. They are part of no secret: who sees the
// lengths of chunks can recognise known content, so chunks are stored inside packs of few sizes. A
// key moves the cuts but is not sound against one who knows contents and sees many lengths.
// Restoring never needs a chunker; other options only cost deduplication against older backups.
//
// Threads: a Chunker is an immutable value, free to share. A ChunkStream belongs to one thread at a
// time.
//
//   FENCHI_ASSIGN_OR_RETURN(fenchi::Chunker chunker, fenchi::Chunker::Create({}));
//   fenchi::ChunkStream stream(chunker, [&](fenchi::ByteView chunk) { return Store(chunk); });
//   while (Read(buffer)) FENCHI_RETURN_IF_ERROR(stream.Feed(buffer));
//   FENCHI_RETURN_IF_ERROR(stream.Finish());
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/status.h"

namespace fenchi {

// No chunk is longer, whatever the options: readers refuse a longer one before they allocate.
inline constexpr std::size_t kChunkSizeBytesMax = std::size_t{4} << 20;
// The hash covers this many bytes; no chunk but a stream's last may be shorter.
inline constexpr std::size_t kChunkSizeBytesMin = 64;

enum class ChunkerKind : std::uint8_t {
  kContentDefined = 1,
  kFixed = 2,
};

struct ChunkerOptions {
  ChunkerKind kind = ChunkerKind::kContentDefined;
  // kContentDefined: 64 <= min <= average <= max <= 4 MiB, average a power of two.
  // kFixed: average_bytes is the size of every chunk but the last, 64 bytes to 4 MiB, not
  // necessarily a power of two; the other two are not looked at.
  std::size_t min_bytes = std::size_t{256} << 10;
  std::size_t average_bytes = std::size_t{1} << 20;
  std::size_t max_bytes = std::size_t{4} << 20;
  // kContentDefined: other keys cut at other places; zeros stand for the public cuts.
  std::array<std::uint8_t, 32> key = {};
};

class FENCHI_EXPORT Chunker {
 public:
  // Errors: kInvalidArgument when a size breaks the rule above or the kind is unknown.
  static Result<Chunker> Create(const ChunkerOptions& options);

  // The length of the first chunk of `window`, which starts where a chunk starts.
  //
  // last: whether the stream ends where `window` ends. Returns 0 when `window` holds no cut and
  // more bytes are needed (it is shorter than a largest chunk, and not last), and when it is empty.
  // scanned: as many bytes at the front, at most all, of which an earlier call has told that they
  // hold no cut. Cost: linear in what lies behind them.
  std::size_t FirstCut(ByteView window, bool last, std::size_t scanned = 0) const;

  const ChunkerOptions& options() const { return options_; }

 private:
  friend class ChunkStream;

  struct ContentRule;  // the constants of the hashes and their limits
  struct Step {
    std::size_t taken = 0;  // bytes of the data that belong to the current chunk
    bool cut = false;       // whether the chunk ends behind them
  };

  explicit Chunker(const ChunkerOptions& options);
  Step Advance(ByteView before, ByteView data) const;

  ChunkerOptions options_;
  std::shared_ptr<const ContentRule> rule_;  // null for kFixed
};

// Takes one chunk. The view is valid during the call only.
using ChunkSink = std::function<Status(ByteView chunk)>;

// Cuts a stream that arrives in pieces of any size; each byte is scanned once.
//
// Holds at most one largest chunk in memory; a chunk that lies whole inside one feed is passed on
// without a copy.
class FENCHI_EXPORT ChunkStream {
 public:
  ChunkStream(const Chunker& chunker, ChunkSink sink);

  // Calls the sink for each chunk that is now complete, in order. Empty data changes nothing.
  // Errors: what the sink returned; every later call returns it again.
  Status Feed(ByteView data);
  // The stream ends: passes on the last chunk, if bytes are left, and is ready for another stream.
  // A stream without bytes has no chunk. Errors: as Feed.
  Status Finish();

 private:
  Chunker chunker_;
  ChunkSink sink_;
  Bytes pending_;  // the bytes of the current chunk that came with earlier feeds
  Status failure_;
};

}  // namespace fenchi
