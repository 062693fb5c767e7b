// Vaults over places with object locks.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vault_fixture.h"

namespace fenchi {

// A place with object locks, which only a test takes off.
class LockingPlace final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  bool can_lock = true;
  bool refuses = false;        // to lock what is there
  int makes_up = 0;            // so many names below k/
  int told = 0;                // of them
  std::atomic<int> asked = 0;  // how often for a lock
  Status ask = Status::Ok();   // not ok: the answer to who asks for one

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    const Status put = inner().Put(name, source, options);
    const std::lock_guard lock(mutex_);
    if (put.ok() && can_lock && options.retain_until)
      until_[std::string(name)] = *options.retain_until;
    return put;
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    std::vector<Status> answers;
    for (const std::string& name : names) {
      if (LockOf(name)) {
        answers.push_back(Status(StatusCode::kLocked, "it is locked"));
      } else {
        answers.push_back(inner().Delete(std::span(&name, 1))->front());
      }
    }
    return answers;
  }
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    bool more = true;
    const Status listed = inner().List(prefix, after, [&](const ObjectInfo& info) {
      more = entry(info);
      return more;
    });
    for (int i = 0; listed.ok() && more && prefix == "k/" && i < makes_up; ++i) {
      ++told;
      more = entry({"k/z" + std::to_string(i), 1});
    }
    return listed;
  }
  Capability capability() const override {
    Capability capability = inner().capability();
    capability.retention = can_lock;
    return capability;
  }
  Status ExtendRetention(std::string_view name, Timestamp until) override {
    if (refuses) return Status(StatusCode::kDenied, "this key may not lock");
    const Status there = inner().Get(name, 0, {});
    if (!there.ok()) return there;
    const std::lock_guard lock(mutex_);
    Timestamp& now = until_[std::string(name)];
    now = std::max(now, until);
    return Status::Ok();
  }
  Result<std::optional<Timestamp>> RetainedUntil(std::string_view name) override {
    ++asked;
    if (!ask.ok()) return ask;
    const Status there = inner().Get(name, 0, {});
    if (!there.ok()) return there;
    return LockOf(name);
  }
  std::optional<Timestamp> LockOf(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = until_.find(std::string(name));
    return found == until_.end() ? std::nullopt : std::optional(found->second);
  }
  // As who may lift locks would; nullopt: off.
  void SetLock(const std::string& name, std::optional<Timestamp> until) {
    const std::lock_guard lock(mutex_);
    if (until) {
      until_[name] = *until;
    } else {
      until_.erase(name);
    }
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Timestamp> until_;
};

// Four places, k = 2; the first three can lock.
class LocksTest : public VaultTest {
 protected:
  static constexpr std::size_t kLocking = 3;

  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    MakeVault();
    named_ = Named();
    for (std::size_t i = 0; i < kLocking; ++i) {
      places_.push_back(std::make_shared<LockingPlace>(named_[i].provider));
      named_[i].provider = places_.back();
    }
    until_ = {.seconds = clock_->Now().seconds + 86'400};
  }
  Vault Open() {
    return Need(Vault::Open(named_, Passphrase(),
                            {.vault_id = vault_id_,
                             .state_directory = HostDirectory("host"),
                             .environment = TestEnvironment()}));
  }
  // Somebody with every credential deletes all that can be deleted.
  void DeleteEverything() {
    for (const NamedProvider& one : named_) {
      std::vector<std::string> names;
      const Status listed = one.provider->List("", "", [&](const ObjectInfo& info) {
        names.push_back(info.name);
        return true;
      });
      ASSERT_TRUE(listed.ok());
      ASSERT_TRUE(one.provider->Delete(names).ok());
    }
  }

  std::vector<NamedProvider> named_;
  std::vector<std::shared_ptr<LockingPlace>> places_;
  Timestamp until_;
};

}  // namespace fenchi
