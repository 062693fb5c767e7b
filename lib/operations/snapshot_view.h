// A snapshot, opened: its content and a reader for its chunks.
#pragma once

#include <memory>
#include <optional>

#include "format/snapshot.h"
#include "operations/session.h"
#include "repository/chunk_reader.h"

namespace fenchi {

// Errors: kDenied when the credential cannot read the snapshot's key domain.
Result<format::SnapshotContent> OpenSnapshotContent(const Access& access,
                                                    const format::SnapshotObject& object);

struct SnapshotView {
  SnapshotId id;
  format::SnapshotObject object;
  format::SnapshotContent content;
  Freshness freshness;
  std::unique_ptr<Seats> seats;  // perhaps without some providers
  std::unique_ptr<PackReader> packs;
  std::unique_ptr<ChunkReader> chunks;
};
// Refreshes the logs, finds and opens a snapshot. `absent`: providers to do without. spool: of its
// packs' reader.
// Errors: kNotFound; kDenied; kTooFewProviders.
Result<SnapshotView> OpenSnapshotView(Session& session, const SnapshotId& id,
                                      const std::vector<std::string>& absent = {},
                                      std::shared_ptr<ShardSpool> spool = nullptr);

// The entry of a path. Errors: kNotFound naming path and snapshot.
Result<format::Entry> FindEntry(SnapshotView& view, std::string_view path);

}  // namespace fenchi
