#include "operations/snapshot_view.h"

#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "repository/run_keys.h"

namespace fenchi {

Result<format::SnapshotContent> OpenSnapshotContent(const Access& access,
                                                    const format::SnapshotObject& object) {
  FENCHI_ASSIGN_OR_RETURN(SecretBytes data_key, OpenDataKey(access, object.domain, object.epoch,
                                                            object.run, object.wrapped_data_key));
  return format::OpenSnapshot(access.vault, data_key.view(), object);
}

Result<SnapshotView> OpenSnapshotView(Session& session, const SnapshotId& id,
                                      const std::vector<std::string>& absent,
                                      std::shared_ptr<ShardSpool> spool) {
  SnapshotView view;
  view.id = id;
  FENCHI_ASSIGN_OR_RETURN(Seats seats, session.access.seats.Without(absent));
  view.seats = std::make_unique<Seats>(std::move(seats));
  FENCHI_ASSIGN_OR_RETURN(view.freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  const StoredSnapshot* stored = history.Find(id);
  if (stored == nullptr) {
    return NotFound("no snapshot {}", ToHex(id.view().first(8)))
        .WithHint("`fenchi snapshots` lists them");
  }
  view.object = stored->object;
  FENCHI_ASSIGN_OR_RETURN(view.content, OpenSnapshotContent(session.access, view.object));
  const format::DomainKeys* domain = session.access.FindDomain(view.object.domain);
  view.packs = std::make_unique<PackReader>(session.access, *view.seats, std::move(spool));
  view.chunks = std::make_unique<ChunkReader>(session.access, *domain, *view.packs);
  return view;
}

Result<format::Entry> FindEntry(SnapshotView& view, std::string_view path) {
  std::optional<format::Entry> found;
  FENCHI_RETURN_IF_ERROR(view.chunks->WalkTree(view.content.root, path,
                                               [&](const format::Entry& entry) -> Result<bool> {
                                                 if (entry.path == path) found = entry;
                                                 return false;
                                               }));
  if (!found) {
    return NotFound("no '{}' in snapshot {}", EscapeForDisplay(path),
                    ToHex(view.id.view().first(8)))
        .WithHint("`fenchi ls --recursive` shows all paths, without a '/' in front");
  }
  return *found;
}

}  // namespace fenchi
