// Listing: snapshots, entries of a snapshot, one file's bytes.
#include <algorithm>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "operations/operations.h"
#include "operations/snapshot_view.h"

namespace fenchi {
namespace {

constexpr std::size_t kPrefixDigitsMin = 4;
constexpr std::size_t kZerosAtOnce = 256 * 1024;

SnapshotInfo InfoOf(const Access& access, const StoredSnapshot& stored,
                    const format::SnapshotContent& content) {
  SnapshotInfo info;
  info.id = stored.id;
  info.label = content.label;
  info.key_domain = access.DomainLabel(stored.object.domain);
  info.host = content.host;
  info.began = content.begun;
  info.ended = content.ended;
  info.paths = content.sources;
  info.is_stream = content.kind == format::SnapshotKind::kStream;
  info.files = content.counts.files;
  info.directories = content.counts.directories;
  info.bytes = content.counts.bytes;
  info.problems = content.counts.unreadable + content.counts.changed;
  return info;
}

Status WriteZeros(const StreamWriter& output, std::uint64_t count) {
  const Bytes zeros(std::min<std::uint64_t>(count, kZerosAtOnce), 0);
  while (count > 0) {
    const std::size_t now = std::min<std::uint64_t>(count, zeros.size());
    FENCHI_RETURN_IF_ERROR(output(ByteView(zeros).first(now)));
    count -= now;
  }
  return Status::Ok();
}

bool IsBelow(std::string_view path, std::string_view directory) {
  return directory.empty() || (path.size() > directory.size() && path.starts_with(directory) &&
                               path[directory.size()] == '/');
}

}  // namespace

Result<SnapshotList> ListSnapshots(Session& session) {
  SnapshotList list;
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  list.freshness_proven = freshness.proven;
  list.incomplete = history.incomplete();
  for (const StoredSnapshot& stored : history.snapshots()) {
    Result<format::SnapshotContent> content = OpenSnapshotContent(session.access, stored.object);
    if (!content.ok()) {
      // Whoever holds a writer's key can sign what nobody can open: the others are listed still.
      const bool denied = content.status().code() == StatusCode::kDenied;
      ++(denied ? list.other_domains : list.unreadable);
      continue;
    }
    list.snapshots.push_back(InfoOf(session.access, stored, *content));
  }
  std::stable_sort(list.snapshots.begin(), list.snapshots.end(),
                   [](const SnapshotInfo& a, const SnapshotInfo& b) { return a.began < b.began; });
  return list;
}

Result<SnapshotId> FindSnapshot(Session& session, std::string_view text) {
  FENCHI_ASSIGN_OR_RETURN(SnapshotList list, ListSnapshots(session));
  if (text == "latest" || text.starts_with("latest:")) {
    const std::string_view label = text == "latest" ? "" : text.substr(7);
    for (auto it = list.snapshots.rbegin(); it != list.snapshots.rend(); ++it) {
      if (text == "latest" || it->label == label) return it->id;
    }
    if (list.snapshots.empty()) {
      return NotFound("there is no snapshot yet").WithHint("`fenchi backup` makes one");
    }
    return NotFound("there is no snapshot with label '{}'", EscapeForDisplay(label))
        .WithHint("`fenchi snapshots` lists them");
  }
  if (text.size() < kPrefixDigitsMin) {
    return InvalidArgument("'{}' is too short: an id needs at least {} digits",
                           EscapeForDisplay(text), kPrefixDigitsMin);
  }
  std::optional<SnapshotId> found;
  for (const SnapshotInfo& info : list.snapshots) {
    if (!info.id.hex().starts_with(text)) continue;
    if (found) return InvalidArgument("'{}' fits several snapshots: give more digits", text);
    found = info.id;
  }
  if (!found) {
    return NotFound("no snapshot '{}'", EscapeForDisplay(text))
        .WithHint("`fenchi snapshots` lists them");
  }
  return *found;
}

Status ListEntries(Session& session, const SnapshotId& snapshot, std::string_view path,
                   bool recursive, const std::function<bool(const ListedEntry&)>& entry) {
  FENCHI_ASSIGN_OR_RETURN(SnapshotView view, OpenSnapshotView(session, snapshot));
  bool found = path.empty();
  FENCHI_RETURN_IF_ERROR(view.chunks->WalkTree(
      view.content.root, path, [&](const format::Entry& item) -> Result<bool> {
        const bool itself = item.path == path;
        if (!itself && !IsBelow(item.path, path)) return false;  // behind it in path order
        found = true;
        const std::size_t from = path.empty() ? 0 : path.size() + 1;
        const bool direct = itself || item.path.find('/', from) == std::string::npos;
        if (!recursive && !direct) return true;
        return entry({item.path, item.attributes, (item.flags & format::kEntryChanged) != 0});
      }));
  if (!found) {
    return NotFound("no '{}' in snapshot {}", EscapeForDisplay(path),
                    ToHex(snapshot.view().first(8)))
        .WithHint("`fenchi ls --recursive` shows all paths, without a '/' in front");
  }
  return Status::Ok();
}

Status CatFile(Session& session, const SnapshotId& snapshot, std::string_view path,
               const StreamWriter& output) {
  FENCHI_ASSIGN_OR_RETURN(SnapshotView view, OpenSnapshotView(session, snapshot));
  FENCHI_ASSIGN_OR_RETURN(format::Entry entry, FindEntry(view, path));
  if (entry.attributes.type != EntryType::kFile) {
    return InvalidArgument("'{}' is not a file", EscapeForDisplay(path))
        .WithHint("`fenchi ls` shows what it is");
  }
  std::uint64_t at = 0;
  FENCHI_RETURN_IF_ERROR(
      view.chunks->WalkContent(entry.content, [&](const format::ContentItem& item) -> Result<bool> {
        if (item.offset < at) return Damaged("the file's chunks overlap");
        FENCHI_RETURN_IF_ERROR(WriteZeros(output, item.offset - at));
        FENCHI_ASSIGN_OR_RETURN(Bytes plain, view.chunks->Read(item.chunk));
        FENCHI_RETURN_IF_ERROR(output(plain));
        at = item.offset + plain.size();
        return true;
      }));
  if (at > entry.attributes.size) return Damaged("the file's chunks go beyond its size");
  return WriteZeros(output, entry.attributes.size - at);
}

}  // namespace fenchi
