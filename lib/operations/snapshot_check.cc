// The walk of verify --depth data over the snapshots.
#include "operations/snapshot_check.h"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/display.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "operations/snapshot_view.h"

namespace fenchi {
namespace {

Hash256 HashOf(const format::Reference& reference) {
  format::CborWriter writer;
  format::WriteReference(writer, reference);
  return Sha256(writer.Take());
}

// The directories on the way to an entry.
struct DirectoryChain {
  std::string path;                // of the innermost; that of each other one begins it
  std::vector<std::size_t> sizes;  // of their paths
};

// Whether the entry's directory came before it.
Status CheckParent(const format::Entry& entry, DirectoryChain& chain) {
  const std::string_view path = entry.path;
  const auto inside = [&](std::size_t size) {
    return path.size() > size && path[size] == '/' &&
           path.starts_with(std::string_view(chain.path).substr(0, size));
  };
  while (!chain.sizes.empty() && !inside(chain.sizes.back())) chain.sizes.pop_back();
  const std::size_t slash = path.rfind('/');
  const std::size_t parent_size = slash == std::string_view::npos ? 0 : slash;
  if (parent_size != (chain.sizes.empty() ? 0 : chain.sizes.back())) {
    return Damaged("its directory is not in the snapshot before it: a planted entry");
  }
  if (entry.attributes.type == EntryType::kDirectory) {
    chain.path = path;
    chain.sizes.push_back(path.size());
  }
  return Status::Ok();
}

class SnapshotCheck {
 public:
  SnapshotCheck(Session& session, ProgressMeter& meter, VerifyReport& report)
      : access_(session.access), seats_(session.access.seats), meter_(meter), report_(report) {}
  Status Walk(const StoredSnapshot& snapshot);

 private:
  const Access& access_;
  const Seats& seats_;
  ProgressMeter& meter_;
  VerifyReport& report_;
  std::unordered_set<Hash256> checked_;  // of references: one chunk may lie at several places
};

// Walks a snapshot and reads every chunk that no snapshot before had.
Status SnapshotCheck::Walk(const StoredSnapshot& snapshot) {
  const std::string name = "snapshot " + ToHex(snapshot.id.view().first(8));
  const Result<format::SnapshotContent> content = OpenSnapshotContent(access_, snapshot.object);
  const auto lost = [&](std::string_view path, const Status& status) {
    report_.damage.push_back(
        {"", name, DamageKind::kContent, std::nullopt,
         fmt::format("{}: {}", path.empty() ? "list of files" : EscapeForDisplay(path),
                     status.message()),
         false});
  };
  if (!content.ok()) {
    lost("", content.status());
    return Status::Ok();
  }
  PackReader packs(access_, seats_);
  packs.set_whole_packs(true);
  ChunkReader chunks(access_, *access_.FindDomain(snapshot.object.domain), packs);
  DirectoryChain chain;
  bool gaps = false;  // a lost part of the list takes directories with it
  FENCHI_RETURN_IF_ERROR(chunks.WalkTree(
      content->root, "",
      [&](const format::Entry& entry) -> Result<bool> {
        meter_.SetCurrent(entry.path);
        meter_.Tick();
        FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
        const Status read =
            chunks.WalkContent(entry.content, [&](const format::ContentItem& item) -> Result<bool> {
              if (item.offset + item.chunk.plain_size > entry.attributes.size) {
                return Damaged("its content reaches behind its end: a planted entry");
              }
              if (!checked_.insert(HashOf(item.chunk)).second) return true;
              FENCHI_RETURN_IF_ERROR(chunks.Read(item.chunk).status());
              return true;
            });
        if (read.code() == StatusCode::kTooFewProviders || read.code() == StatusCode::kCancelled) {
          return read;
        }
        if (!read.ok()) lost(entry.path, read);
        const Status placed = CheckParent(entry, chain);
        if (!placed.ok() && !gaps) lost(entry.path, placed);
        return true;
      },
      [&](const format::Reference&, const Status& failure) {
        gaps = true;
        lost("", failure);
      }));
  report_.chunks_checked += chunks.chunks_checked();
  report_.bytes_read += packs.statistics().bytes_fetched;
  return Status::Ok();
}

}  // namespace

Status CheckSnapshots(Session& session, const History& history, ProgressMeter& meter,
                      VerifyReport& report) {
  SnapshotCheck check(session, meter, report);
  for (const StoredSnapshot& snapshot : history.snapshots()) {
    if (session.access.FindDomain(snapshot.object.domain) == nullptr) continue;
    FENCHI_RETURN_IF_ERROR(check.Walk(snapshot));
    ++report.snapshots_checked;
  }
  return Status::Ok();
}

}  // namespace fenchi
