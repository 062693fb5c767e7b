#include "simulation/small_vault.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "fenchi/hash.h"
#include "fenchi/vault.h"
#include "format/derive.h"
#include "format/index.h"
#include "format/names.h"
#include "format/pack_list.h"
#include "repository/bootstrap.h"
#include "repository/shard_set.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

Unlock TestUnlock() { return Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes("small vault"))); }

Status PutAll(const Seats& seats, const NameAt& name, ByteView bytes) {
  const PutOutcome outcome = seats.PutAtAll(name, bytes);
  return outcome.failed.empty() ? Status::Ok() : outcome.failed.front().second;
}

}  // namespace

SmallVault::SmallVault(const SmallShape& shape)
    : random_(SeededRandom(shape.seed)), clock_(SteppingClock({1'750'000'000, 0})) {
  const std::string place =
      ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
  std::string pattern = place + "/fenchi-small-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  folder_ = pattern;
  for (int i = 0; i < shape.providers; ++i) {
    inner_.push_back(OpenMemoryProvider());
    faults_.push_back(std::make_shared<FaultProvider>(inner_.back()));
  }
  CreateOptions options;
  options.policy.needed = shape.needed;
  options.policy.suite = shape.suite;
  options.passphrase_cost = {1, 64};
  options.state_directory = folder_ / "state";
  options.environment = {random_.get(), clock_.get(), 1};
  Need(Vault::Create(Providers(), TestUnlock(), options));
  session_ = Need(OpenAgain());
  MakeSource(shape.data);
  const std::vector<std::string> paths = {folder_ / "source/tree"};
  const BackupReport report = Need(BackupTrees(*session_, paths, {.label = "small", .host = "h"}));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.packs_added, shape.data ? 2u : 0u);
  snapshot_ = report.snapshot;
  source_ = ScanTree(folder_ / "source");
  MakeListAndIndex();
  session_ = Need(OpenAgain());
  Need(session_->Refresh());
}

SmallVault::~SmallVault() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<NamedProvider> SmallVault::Providers() const {
  std::vector<NamedProvider> out;
  for (int i = 0; i < providers(); ++i) {
    out.push_back({NameOf(i), faults_[static_cast<std::size_t>(i)]});
  }
  return out;
}

void SmallVault::MakeSource(bool data) {
  const fs::path tree = folder_ / "source/tree";
  fs::create_directories(tree / "many");
  if (!data) return;
  Bytes noise(150'000);
  random_->Fill(noise);
  std::ofstream(tree / "noise", std::ios::binary) << AsText(noise);
  std::ofstream(tree / "text") << std::string(50'000, 't');
  for (int i = 0; i < 90; ++i) {
    std::ofstream(tree / "many" / std::to_string(i)) << std::string(i, 'm') << i;
  }
}

// Small vaults have no list objects, and bare ones no index: a COMMIT without SEAL names one of
// each.
void SmallVault::MakeListAndIndex() {
  const Access& opened = session_->access;
  WriterState writer = Need(WriterState::Acquire(session_->state_directory, opened, *random_));
  std::vector<format::PackListEntry> packs(3);
  for (std::size_t i = 0; i < packs.size(); ++i) {
    packs[i] = {.segments = 12, .needed = opened.needed(), .type = format::PackType::kData};
    packs[i].pack.bytes[0] = static_cast<std::uint8_t>(i);
  }
  const Bytes list = Need(format::SealListObject(opened.suite(), opened.vault,
                                                 opened.outer_key.view(), packs, *random_));
  const Hash256 list_hash = Sha256(list);
  EXPECT_TRUE(PutAll(
                  opened.seats,
                  [&](const Seat& seat, int generation) {
                    return format::ListName(opened.name_key.view(), seat.id, list_hash, generation);
                  },
                  list)
                  .ok());
  const format::DomainKeys& domain = opened.domains.front();
  const SecretBytes key =
      format::IndexKey(domain.index_root.view(), opened.vault, domain.id, format::IdScope{});
  format::Reference chunk;
  chunk.plain_size = 100;
  chunk.pieces = {{packs[0].pack, 0, 100}};
  const Bytes index = Need(format::SealIndex(opened.suite(), opened.vault, key.view(), domain.id,
                                             {.run = {}, .references = {chunk}}, *random_));
  const Hash256 index_hash = Sha256(index);
  EXPECT_TRUE(PutAll(
                  opened.seats,
                  [&](const Seat& seat, int generation) {
                    return format::IndexName(opened.name_key.view(), seat.id, index_hash,
                                             generation);
                  },
                  index)
                  .ok());
  format::CommitBody body;
  body.policy_version = opened.policy.version;
  body.dropped.count = packs.size();
  body.dropped.objects.push_back({list_hash, list.size()});
  body.indexes.push_back({domain.id, {index_hash, index.size()}});
  body.seats = providers();
  Need(session_->Refresh());
  Need(session_->log.Append(writer, body, *clock_, *random_));
}

void SmallVault::Heal() {
  for (const auto& fault : faults_) fault->Heal();
}

Result<std::unique_ptr<Session>> SmallVault::OpenAgain() {
  OpenOptions options;
  options.state_directory = folder_ / "state";
  options.environment = {random_.get(), clock_.get(), 1};
  FENCHI_ASSIGN_OR_RETURN(Access opened, OpenVault(Providers(), TestUnlock(), options,
                                                   std::make_shared<Executor>(1), nullptr));
  return std::make_unique<Session>(std::move(opened), options.state_directory, *random_, *clock_);
}

Bytes SmallVault::Get(int position, const std::string& name) const {
  return Need(GetAll(*inner_[static_cast<std::size_t>(position)], name, std::uint64_t{1} << 24));
}

bool SmallVault::Has(int position, const std::string& name) const {
  const std::vector<std::string> names = {name};
  return Need(inner_[static_cast<std::size_t>(position)]->Stat(names)).front().has_value();
}

void SmallVault::Replace(int position, const std::string& name, ByteView bytes) {
  MemorySource source(bytes);
  const Status put =
      inner_[static_cast<std::size_t>(position)]->Put(name, source, {.replace = true});
  EXPECT_TRUE(put.ok()) << put.ToString();
}

void SmallVault::Delete(int position, const std::string& name) {
  const std::vector<std::string> names = {name};
  EXPECT_TRUE(Need(inner_[static_cast<std::size_t>(position)]->Delete(names)).front().ok());
}

std::vector<Stored> SmallVault::ObjectsAt(int position) {
  const History history = Need(session_->ReadHistory());
  const Seat& seat = access().seats.all()[static_cast<std::size_t>(position)];
  std::vector<Stored> out;
  for (const ExpectedObject& object :
       Need(fenchi::ObjectsAt(*session_, history, static_cast<std::size_t>(position)))) {
    const std::string name = object.name(seat, 0);
    out.push_back({object.what, position, name, object.name, Get(position, name)});
  }
  return out;
}

PackMap SmallVault::Packs() {
  std::vector<Status> lost;
  PackMap packs = Need(Need(session_->ReadHistory()).LivePacks(lost));
  EXPECT_TRUE(lost.empty());
  return packs;
}

std::vector<Stored> SmallVault::ShardsAt(int position) {
  const Seat& seat = access().seats.all()[static_cast<std::size_t>(position)];
  std::vector<Stored> out;
  for (const auto& [id, entry] : Packs()) {
    const NameAt name_at = ShardNameAt(access(), id, entry.needed);
    const std::string name = name_at(seat, 0);
    out.push_back({"shard", position, name, name_at, Get(position, name)});
  }
  return out;
}

VerifyReport SmallVault::Verify(VerifyDepth depth) {
  return Need(VerifyVault(*session_, {.depth = depth}));
}

RepairReport SmallVault::Repair(const VerifyReport& report) {
  return Need(RepairVault(*session_, report, {}));
}

std::string SmallVault::RestoredDifference(RestoreReport* report) {
  const fs::path target = folder_ / "restored";
  fs::remove_all(target);
  Result<RestoreReport> restored = RestoreSnapshot(*session_, snapshot_, target, {});
  if (!restored.ok()) return restored.status().ToString();
  if (report != nullptr) *report = *restored;
  return Difference(source_, ScanTree(target));
}

std::string Lines(const VerifyReport& report) {
  std::string out;
  for (const Damage& damage : report.damage) {
    out += damage.provider + " " + damage.object + " " + std::string(DamageKindName(damage.kind)) +
           (damage.block ? " block " + std::to_string(*damage.block) : "") + ": " + damage.what +
           "\n";
  }
  return out;
}

std::string Lines(const RepairReport& report) {
  std::string out;
  for (const Damage& left : report.left) {
    out += left.provider + " " + left.object + ": " + left.what + "\n";
  }
  return out;
}

int SweepStride(int otherwise, int reduced) {
  return std::getenv("FENCHI_TEST_REDUCED") != nullptr ? reduced : otherwise;
}

}  // namespace fenchi
