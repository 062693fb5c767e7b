// Writing records and reading what they mean, for tests of the history.
#pragma once

#include <utility>
#include <vector>

#include "repository/history.h"
#include "unit/repository/fixture.h"

namespace fenchi {

// One writer's desk: appends records and reads histories.
class Desk {
 public:
  explicit Desk(TestVault& vault)
      : vault_(vault), writer_(vault.Writer()), log(vault.access, vault.access.seats) {}

  format::RecordRef Append(format::RecordBody body) {
    return Need(log.Append(writer_, std::move(body), *vault_.clock, *vault_.random));
  }
  format::RecordRef Commit(std::vector<Bytes> snapshots) {
    format::CommitBody body = EmptyCommit(vault_);
    body.snapshots = std::move(snapshots);
    return Append(std::move(body));
  }
  void Seal(const format::RecordRef& commit) { Append(format::SealBody{commit.seq, commit.hash}); }
  const WriterId& id() const { return writer_.id(); }

 private:
  TestVault& vault_;
  WriterState writer_;

 public:
  Log log;
};

// What another host reads of all logs.
struct View {
  explicit View(const TestVault& vault)
      : log(vault.access, vault.access.seats), history(Read(vault, log)) {}
  static History Read(const TestVault& vault, Log& log) {
    SeenState seen;
    Need(log.Refresh(seen));
    return Need(History::Read(vault.access, vault.access.seats, log));
  }
  const Commit* Find(const format::RecordRef& ref) const {
    for (const Commit& commit : history.commits()) {
      if (commit.record == ref) return &commit;
    }
    return nullptr;
  }
  Log log;
  History history;
};

}  // namespace fenchi
