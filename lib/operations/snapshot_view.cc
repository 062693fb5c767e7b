#include "operations/snapshot_view.h"

#include <optional>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "repository/run_keys.h"

namespace fenchi {
namespace {

// While it lives, providers that are left out on request are asked for nothing, for policies and
// logs neither: one that answers slowly, or with junk, would hold up what does without it.
class LeftOut {
 public:
  static Result<LeftOut> Of(Access& access, const std::vector<std::string>& names) {
    if (names.empty()) return LeftOut(access, std::nullopt);
    FENCHI_ASSIGN_OR_RETURN(Seats without, access.seats.Without(names));
    return LeftOut(access, std::exchange(access.seats, std::move(without)));
  }
  LeftOut(LeftOut&& other) noexcept
      : access_(other.access_), before_(std::exchange(other.before_, std::nullopt)) {}
  LeftOut& operator=(LeftOut&&) = delete;
  // A newer policy may have changed the seats meanwhile: only the providers are put back.
  ~LeftOut() {
    if (!before_) return;
    std::vector<Seat> seats = access_.seats.all();
    for (Seat& seat : seats) {
      const Seat* known = before_->FindById(seat.id);
      if (seat.provider || known == nullptr) continue;
      seat.provider = known->provider;
      seat.lane = known->lane;
      seat.absent_reason = known->absent_reason;
    }
    access_.seats = Seats(std::move(seats), before_->shared_executor());
  }

 private:
  LeftOut(Access& access, std::optional<Seats> before)
      : access_(access), before_(std::move(before)) {}
  Access& access_;
  std::optional<Seats> before_;
};

}  // namespace

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
  FENCHI_ASSIGN_OR_RETURN(LeftOut left_out, LeftOut::Of(session.access, absent));
  FENCHI_ASSIGN_OR_RETURN(view.freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  view.seats = std::make_unique<Seats>(session.access.seats);
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
