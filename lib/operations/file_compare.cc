#include "operations/file_compare.h"

#include <algorithm>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kReadSize = 1024 * 1024;

// Where the file holds something else than zeros or holes between `from` and `to`.
Status CheckZeros(const filesystem::SourceFile& file, std::uint64_t from, std::uint64_t to) {
  Bytes buffer;
  while (from < to) {
    FENCHI_ASSIGN_OR_RETURN(const std::optional<filesystem::DataExtent> extent,
                            file.NextData(from));
    if (!extent || extent->offset >= to) return Status::Ok();
    from = extent->offset;
    const std::uint64_t end = std::min(to, extent->offset + extent->length);
    while (from < end) {
      buffer.resize(std::min(kReadSize, end - from));
      FENCHI_ASSIGN_OR_RETURN(const std::size_t got, file.Read(from, buffer));
      const auto other = std::ranges::find_if(buffer, [](std::uint8_t b) { return b != 0; });
      if (got != buffer.size() || other != buffer.end()) {
        return Damaged("a hole of the snapshot holds data between {} and {}", from,
                       from + buffer.size());
      }
      from += got;
    }
  }
  return Status::Ok();
}

}  // namespace

Status CompareFile(ChunkReader& chunks, const format::Entry& entry,
                   const filesystem::SourceNode& node, const filesystem::SourceFile& file,
                   Status& difference) {
  difference = Status::Ok();
  if (node.attributes.size != entry.attributes.size) {
    difference = Damaged("it has {} bytes, and {} in the snapshot", node.attributes.size,
                         entry.attributes.size);
    return Status::Ok();
  }
  std::uint64_t at = 0;
  Bytes plain;
  FENCHI_RETURN_IF_ERROR(
      chunks.WalkContent(entry.content, [&](const format::ContentItem& item) -> Result<bool> {
        if (item.offset < at) return Damaged("the file's chunks overlap");
        difference = CheckZeros(file, at, item.offset);
        if (!difference.ok()) return false;
        plain.resize(item.chunk.plain_size);
        const Result<std::size_t> got = file.Read(item.offset, plain);
        if (!got.ok()) difference = got.status();
        if (!difference.ok()) return false;
        FENCHI_ASSIGN_OR_RETURN(const bool same,
                                chunks.Matches(item.chunk, ByteView(plain).first(*got)));
        if (!same) difference = Damaged("bytes from {} on differ from the snapshot", item.offset);
        at = item.offset + item.chunk.plain_size;
        return same;
      }));
  if (difference.ok()) difference = CheckZeros(file, at, entry.attributes.size);
  return Status::Ok();
}

}  // namespace fenchi
