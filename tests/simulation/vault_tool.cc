// A small command over the library, for tests that need a process of their own to end or to start:
//
//   vault_tool create FOLDER K N SUITE          FOLDER/p0.. become providers, FOLDER/state the host
//   vault_tool backup FOLDER LABEL PATH...      prints "snapshot ID resumed COUNT"
//   vault_tool restore FOLDER SNAPSHOT TARGET
//
// Nothing is synced to disk and the passphrase costs next to nothing: for tests only.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "simulation/local_vault.h"

namespace fenchi {
namespace {

int Report(const Status& status) {
  if (status.ok()) return 0;
  std::cerr << status.ToString() << "\n";
  return 1;
}

Status Backup(const std::string& folder, const std::string& label,
              std::span<const std::string> paths) {
  FENCHI_ASSIGN_OR_RETURN(Vault vault, OpenLocalVault(folder));
  FENCHI_ASSIGN_OR_RETURN(BackupReport report, vault.BackupTrees(paths, {.label = label}));
  std::cout << "snapshot " << report.snapshot.hex() << " resumed " << report.packs_resumed
            << std::endl;
  return report.complete() ? Status::Ok() : report.problems.front().status;
}

Status Restore(const std::string& folder, const std::string& snapshot, const std::string& target) {
  FENCHI_ASSIGN_OR_RETURN(Vault vault, OpenLocalVault(folder));
  FENCHI_ASSIGN_OR_RETURN(SnapshotId id, vault.FindSnapshot(snapshot));
  return vault.Restore(id, target).status();
}

int Run(const std::vector<std::string>& words) {
  if (words.size() == 5 && words[0] == "create") {
    const Suite suite = words[4] == "2" ? Suite::kChaCha20Poly1305 : Suite::kAes256Gcm;
    return Report(
        CreateLocalVault(words[1], {std::stoi(words[2]), std::stoi(words[3]), suite}).status());
  }
  if (words.size() >= 4 && words[0] == "backup") {
    return Report(Backup(words[1], words[2], std::span(words).subspan(3)));
  }
  if (words.size() == 4 && words[0] == "restore") {
    return Report(Restore(words[1], words[2], words[3]));
  }
  std::cerr << "vault_tool create FOLDER K N SUITE | backup FOLDER LABEL PATH... | restore FOLDER "
               "SNAPSHOT TARGET\n";
  return 2;
}

}  // namespace
}  // namespace fenchi

int main(int count, char** words) { return fenchi::Run({words + 1, words + count}); }
