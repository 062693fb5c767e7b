#include "unit/repository/fixture.h"

#include <stdlib.h>

#include <filesystem>

#include "fenchi/hash.h"
#include "format/names.h"

namespace fenchi {

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "fenchi-repository-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestVault::TestVault(int needed, int providers, std::uint64_t seed, int admin_threshold)
    : random(SeededRandom(seed)),
      clock(SteppingClock({1'700'000'000, 0})),
      access{.policy = {}, .seats = Seats({}, std::make_shared<Executor>(2))} {
  random->Fill(access.vault.mutable_view());
  access.outer_key = SecretBytes::Random(32, *random);
  access.name_key = SecretBytes::Random(32, *random);
  access.policy.vault = access.vault;
  access.policy.version = 1;
  access.policy.needed = needed;
  access.policy.suite = Suite::kAes256Gcm;
  access.policy.epoch = 1;
  access.policy.quorums = Need(format::DefaultQuorums(needed, providers));
  access.policy.next_admins.threshold = admin_threshold;
  for (int i = 0; i < 3; ++i) {
    admins.push_back(SigningKey::Generate(*random));
    access.policy.next_admins.keys.push_back(admins.back().public_key());
  }
  AddPeople(access.policy, access);
  std::vector<Seat> seats;
  for (int i = 0; i < providers; ++i) {
    ProviderId id;
    random->Fill(id.mutable_view());
    inner_.push_back(OpenMemoryProvider());
    faults_.push_back(std::make_shared<FaultProvider>(inner_.back()));
    access.policy.providers.push_back({id, i, format::ProviderState::kActive});
    seats.push_back({i, id, "p" + std::to_string(i), {}, faults_.back(), ""});
  }
  access.seats = Seats(std::move(seats), std::make_shared<Executor>(2));
}

void TestVault::HealAll() {
  for (const auto& fault : faults_) fault->Heal();
}

WriterState TestVault::Writer(const std::string& folder) {
  WriterState writer = Need(WriterState::Acquire(folder, access, *random));
  List(writer);
  return writer;
}

void TestVault::List(const WriterState& writer) {
  for (const format::PolicyWriter& known : access.policy.writers) {
    if (known.id == writer.id()) return;
  }
  access.policy.writers.push_back({writer.id(), writer.key().public_key(),
                                   format::kRightBackup | format::kRightPrune,
                                   format::WriterState::kActive});
  AddPeople(access.policy, access);
}

void TestVault::Revoke(const WriterId& writer) {
  for (format::PolicyWriter& known : access.policy.writers) {
    if (known.id == writer) known.state = format::WriterState::kRevoked;
  }
  AddPeople(access.policy, access);
}

std::string TestVault::RecordNameAt(int position, const WriterId& writer, std::uint64_t seq,
                                    int generation) const {
  return format::RecordName(access.name_key.view(),
                            access.seats.all()[static_cast<std::size_t>(position)].id, writer, seq,
                            generation);
}

Bytes TestVault::StoredAt(int position, const std::string& name) const {
  Result<Bytes> bytes =
      GetAll(*inner_[static_cast<std::size_t>(position)], name, std::uint64_t{1} << 21);
  return bytes.ok() ? std::move(*bytes) : Bytes();
}

format::CommitBody EmptyCommit(const TestVault& vault, int mark) {
  format::CommitBody body;
  body.policy_version = static_cast<std::uint32_t>(1 + mark);
  body.seats = vault.providers();
  return body;
}

Bytes RandomSnapshot(Random& random) {
  format::SnapshotObject object;
  random.Fill(object.domain.mutable_view());
  random.Fill(object.run.mutable_view());
  object.epoch = 1;
  object.wrapped_data_key.resize(116);
  object.box.resize(1024);
  random.Fill(object.wrapped_data_key);
  random.Fill(object.box);
  return Need(format::EncodeSnapshotObject(object));
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace fenchi
