#include "vault_path.h"

#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <mutex>

#include "fenchi/provider.h"
#include "fenchi/vault.h"

namespace fenchi::bench {
namespace {

constexpr std::size_t kForgotten = std::size_t{256} << 10;

// Keeps small objects in memory, and of large ones, which are shards, the size only.
class ForgetfulProvider final : public Provider {
 public:
  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    if (source.size() < kForgotten) return inner_->Put(name, source, options);
    const std::lock_guard lock(mutex_);
    sizes_[std::string(name)] = source.size();
    return Status::Ok();
  }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    return inner_->Get(name, offset, out);
  }
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    FENCHI_ASSIGN_OR_RETURN(auto found, inner_->Stat(names));
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto at = sizes_.find(names[i]);
      if (at != sizes_.end()) found[i] = ObjectInfo{names[i], at->second};
    }
    return found;
  }
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return inner_->List(prefix, after, entry);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    return inner_->Delete(names);
  }
  Capability capability() const override { return inner_->capability(); }
  std::string location() const override { return "forgetful:"; }

 private:
  const std::shared_ptr<Provider> inner_ = OpenMemoryProvider();
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> sizes_;
};

Unlock Passphrase() {
  return Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes("a passphrase for benchmarks")));
}

}  // namespace

bool UseCpus(int cpus) {
  static const cpu_set_t all = [] {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) CPU_ZERO(&set);
    return set;
  }();
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  int taken = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all) || (cpus != 0 && taken == cpus)) continue;
    CPU_SET(cpu, &wanted);
    ++taken;
  }
  return taken >= cpus && sched_setaffinity(0, sizeof(wanted), &wanted) == 0;
}

VaultPath::VaultPath(std::string state_directory, int compression_level)
    : state_directory_(std::move(state_directory)), level_(compression_level) {
  for (const char* name : {"a", "b", "c"}) {
    providers_.push_back({name, std::make_shared<ForgetfulProvider>()});
  }
  CreateOptions options;
  options.policy.needed = 2;
  options.passphrase_cost = {.passes = 1, .memory_kib = 8 * 1024};
  options.state_directory = state_directory_ + "/created";
  vault_ = Need(Vault::Create(providers_, Passphrase(), options)).id();
}

double VaultPath::Run(ByteView data, int threads) {
  OpenOptions options;
  options.vault_id = vault_;
  options.state_directory = state_directory_ + "/run-" + std::to_string(++runs_);
  options.environment.threads = threads;
  if (!UseCpus(threads)) Need(Status(StatusCode::kIo, "cannot choose the cores to run on"));
  Vault vault = Need(Vault::Open(providers_, Passphrase(), options));
  std::size_t at = 0;
  const StreamReader reader = [&](MutableBytes out) -> Result<std::size_t> {
    const std::size_t size = std::min(out.size(), data.size() - at);
    std::copy_n(data.data() + at, size, out.data());
    at += size;
    return size;
  };
  const auto begin = std::chrono::steady_clock::now();
  Need(vault.BackupStream(reader, "stream", {.compression_level = level_}));
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  UseCpus(0);
  return passed.count();
}

}  // namespace fenchi::bench
