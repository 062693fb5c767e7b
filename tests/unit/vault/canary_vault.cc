// Uses a vault with keys that are known, and waits to be searched: a process of its own, since a
// test program holds the same keys in the open.
//
// Usage: canary_vault SCRATCH_DIRECTORY
// Writes SCRATCH_DIRECTORY/canaries: for each secret that was drawn, typed or handed out, a line of
// its kind and its bytes in hex, each xor 0xa5, so that neither the file nor this program's memory
// holds it. Then says "open" and waits for a byte while the vault is open; closes everything, says
// "closed" and waits again.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fenchi/key_sharing.h"
#include "fenchi/vault.h"

namespace {

using fenchi::Bytes;
using fenchi::ByteView;
using fenchi::MutableBytes;
using fenchi::SecretBytes;

constexpr std::uint8_t kMask = 0xa5;

class Canaries {
 public:
  void Add(std::string kind, ByteView secret) {
    const std::lock_guard lock(mutex_);
    Bytes masked(secret.begin(), secret.end());
    for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = secret[i] ^ kMask;
    all_.emplace_back(std::move(kind), std::move(masked));
  }
  bool Save(const std::string& path) const {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (file == nullptr) return false;
    for (const auto& [kind, masked] : all_) {
      std::fprintf(file, "%s %s\n", kind.c_str(), fenchi::ToHex(masked).c_str());
    }
    return std::fclose(file) == 0;
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, Bytes>> all_;
};

// Whether these bytes are where SecretBytes keeps them: in a mapping that no core dump takes along.
bool IsSecretMemory(const void* data) {
  const auto at = reinterpret_cast<std::uintptr_t>(data);
  std::ifstream file("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    unsigned long long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx ", &begin, &end) == 2)
      inside = at >= begin && at < end;
    if (inside && line.starts_with("VmFlags:")) return line.find(" dd") != std::string::npos;
  }
  return false;
}

// Remembers, masked, every 32 bytes that it gives to a SecretBytes: what else is drawn is salts and
// ids, which lie in the open or under a key and tell nothing.
class RememberingRandom final : public fenchi::Random {
 public:
  explicit RememberingRandom(Canaries& canaries) : canaries_(canaries) {}
  void Fill(MutableBytes out) override {
    random_->Fill(out);
    if (out.size() == 32 && IsSecretMemory(out.data())) canaries_.Add("drawn", out);
  }

 private:
  Canaries& canaries_;
  std::unique_ptr<fenchi::Random> random_ = fenchi::SeededRandom(20260113);
};

// A passphrase that stands nowhere in this program as it is used.
SecretBytes NewPassphrase(Canaries& canaries, std::uint8_t start) {
  SecretBytes out(40);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out.mutable_view()[i] = static_cast<std::uint8_t>('a' + (start + 7 * i + i * i) % 26);
  }
  canaries.Add("passphrase", out.view());
  return out;
}

struct Handed {
  std::string holder;
  SecretBytes bytes;
};

fenchi::CustodyPlan PlanOf(Canaries& canaries, const SecretBytes& passphrase,
                           const SecretBytes& escrow, std::vector<Handed>& handed) {
  fenchi::CustodyPlan plan;
  plan.open = "2 of board AND passphrase, OR escrow";
  plan.passphrases.emplace("passphrase", passphrase.Clone());
  plan.recipients["escrow"] = fenchi::RecipientKeyOf(escrow).value();
  plan.custodians["board"] = {{"Lin", ""}, {"Chen", ""}, {"Huang", ""}};
  plan.deliver = [&](std::span<const fenchi::CustodianShare> shares) {
    handed.clear();
    for (const fenchi::CustodianShare& one : shares) {
      canaries.Add("share", fenchi::KeyShare::Parse(one.bytes.view())->value.view());
      handed.push_back({one.custodian.holder, one.bytes.Clone()});
    }
    return fenchi::Status::Ok();
  };
  return plan;
}

// A megabyte that repeats nothing.
fenchi::StreamReader Content() {
  auto left = std::make_shared<std::size_t>(1'000'000);
  auto random = std::shared_ptr<fenchi::Random>(fenchi::SeededRandom(3));
  return [left, random](MutableBytes out) -> fenchi::Result<std::size_t> {
    const std::size_t size = std::min(*left, out.size());
    random->Fill(out.first(size));
    *left -= size;
    return size;
  };
}

void SayAndWait(const char* what) {
  std::printf("%s\n", what);
  std::fflush(stdout);
  char byte = 0;
  if (::read(STDIN_FILENO, &byte, 1) != 1) std::exit(4);
}

fenchi::Status UseVault(const std::string& scratch, Canaries& canaries, fenchi::Random& random) {
  std::vector<fenchi::NamedProvider> providers;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "p" + std::to_string(i);
    FENCHI_ASSIGN_OR_RETURN(auto provider,
                            fenchi::OpenLocalProvider(scratch + "/" + name, {.sync = false}));
    providers.push_back({name, std::move(provider)});
  }
  const SecretBytes passphrase = NewPassphrase(canaries, 1), later = NewPassphrase(canaries, 2);
  const SecretBytes escrow = fenchi::NewRecipientKey(random);
  std::vector<Handed> handed;
  fenchi::CreateOptions options;
  options.state_directory = scratch + "/state";
  options.environment.random = &random;
  options.environment.threads = 2;
  fenchi::SnapshotId snapshot;
  {
    FENCHI_ASSIGN_OR_RETURN(
        fenchi::Vault vault,
        fenchi::Vault::Create(providers, PlanOf(canaries, passphrase, escrow, handed), options));
    FENCHI_ASSIGN_OR_RETURN(const auto backup, vault.BackupStream(Content(), "dump"));
    snapshot = backup.snapshot;
    FENCHI_RETURN_IF_ERROR(vault.Rotate(PlanOf(canaries, later, escrow, handed)).status());
    FENCHI_RETURN_IF_ERROR(vault.ExportCredential(fenchi::Role::kRead, {}).status());
  }
  fenchi::Unlock unlock = fenchi::Unlock::WithPassphrase(later.Clone());
  for (const Handed& one : handed) unlock.AddShare(one.holder, one.bytes.Clone());
  fenchi::OpenOptions again;
  again.state_directory = options.state_directory;
  again.environment = options.environment;
  FENCHI_ASSIGN_OR_RETURN(fenchi::Vault vault, fenchi::Vault::Open(providers, unlock, again));
  FENCHI_RETURN_IF_ERROR(vault.Restore(snapshot, scratch + "/restored").status());
  FENCHI_RETURN_IF_ERROR(vault.Verify({.depth = fenchi::VerifyDepth::kData}).status());
  // What fails is told with messages, which must not carry secrets either.
  fenchi::Unlock wrong = fenchi::Unlock::WithPassphrase(passphrase.Clone());
  wrong.AddShare("Lin", handed[0].bytes.Clone());
  const fenchi::Status refused = fenchi::Vault::Open(providers, wrong, again).status();
  if (refused.code() != fenchi::StatusCode::kWrongKey) return refused;
  if (!canaries.Save(scratch + "/canaries")) std::exit(5);
  SayAndWait("open");
  return fenchi::Status::Ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Canaries canaries;
  RememberingRandom random(canaries);
  const fenchi::Status status = UseVault(argv[1], canaries, random);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  SayAndWait("closed");
  return 0;
}
