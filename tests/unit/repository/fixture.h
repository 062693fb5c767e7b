// A vault put together by hand: providers in memory that can misbehave, a policy, keys, a state
// folder on disk. What bootstrap would make, without slots and Argon2.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fenchi/random.h"
#include "fenchi/testing/fault_provider.h"
#include "format/record.h"
#include "repository/access.h"
#include "repository/history.h"
#include "repository/local_state.h"
#include "repository/log.h"

namespace fenchi {

// The value, or the test ends: for results that the test takes for granted.
template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status().ToString();
    std::abort();
  }
  return std::move(*result);
}

// A folder of its own, removed in the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class TestVault {
 public:
  // n providers "p0", "p1", ... with the default quorums of k and n, and three admins of whom
  // `admin_threshold` must approve.
  TestVault(int needed, int providers, std::uint64_t seed, int admin_threshold = 1);

  FaultProvider& provider(int position) { return *faults_[static_cast<std::size_t>(position)]; }
  int providers() const { return static_cast<int>(faults_.size()); }
  void HealAll();

  // This host's first free writer, listed in the policy. `folder`: of a host.
  WriterState Writer(const std::string& folder);
  WriterState Writer() { return Writer(host.path()); }
  void List(const WriterState& writer);
  void Revoke(const WriterId& writer);

  std::string RecordNameAt(int position, const WriterId& writer, std::uint64_t seq,
                           int generation = 0) const;
  // The stored bytes, past every fault.
  Bytes StoredAt(int position, const std::string& name) const;

  // Approvals by the first `count` admins.
  template <typename Body>
  Body Approved(Body body, int count) {
    body.approvals.clear();
    const Bytes bare = Need(format::BodyWithoutApprovals(format::RecordBody(body)));
    const Bytes message =
        format::ApprovalMessage(access.vault, format::KindOf(format::RecordBody(body)), bare);
    for (int i = 0; i < count; ++i) {
      const SigningKey& admin = admins[static_cast<std::size_t>(i)];
      body.approvals.push_back({admin.public_key(), admin.Sign(message)});
    }
    return body;
  }

  std::unique_ptr<Random> random;
  std::unique_ptr<Clock> clock;
  TemporaryFolder host;
  std::vector<SigningKey> admins;
  Access access;

 private:
  std::vector<std::shared_ptr<Provider>> inner_;
  std::vector<std::shared_ptr<FaultProvider>> faults_;
};

// A COMMIT without packs, that differs by `mark`.
format::CommitBody EmptyCommit(const TestVault& vault, int mark = 0);
// A snapshot object of random bytes: well-formed, opened by nobody.
Bytes RandomSnapshot(Random& random);
// The warnings, one a line: for messages and searches.
std::string Joined(const std::vector<std::string>& lines);

}  // namespace fenchi
