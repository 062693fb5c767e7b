// fenchi_index_scale: what the local index of a host costs for each chunk, in memory, disk and
// time.
//
//   fenchi_index_scale FILE CHUNKS SECONDS_MAX
//
// Fills a new index with packs of 14 chunks each until CHUNKS are in it or SECONDS_MAX have passed,
// then opens it anew and looks up known and unknown chunks. Prints one JSON object; `chunks` is the
// number that was reached. `benchmarks/scale` runs it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "path/measure.h"
#include "repository/chunk_index.h"

namespace fenchi::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kChunksPerPack = 14;
constexpr std::uint64_t kPacksPerCommit = 64;
constexpr std::uint64_t kChunkSize = std::uint64_t{1} << 20;
constexpr std::uint64_t kStoredSize = kChunkSize + 1;  // stored raw
constexpr std::uint64_t kLookups = 100'000;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Not ru_maxrss: that begins with the peak of the process which started this one.
double PeakMib() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && file >> kib) return kib / 1024;
  }
  std::fprintf(stderr, "/proc/self/status tells no VmHWM\n");
  std::exit(1);
}

// Resident now, not at its peak.
double ResidentMib() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096 / (1 << 20);
}

// SplitMix64: ids are as good as random, and known again by their number.
std::uint64_t Mixed(std::uint64_t number) {
  std::uint64_t z = (number + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

template <typename Id>
Id IdOf(std::uint64_t number, std::uint64_t kind) {
  Id id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    id.bytes[i] =
        static_cast<std::uint8_t>(Mixed(4 * number + i / 8 + (kind << 56)) >> (i % 8 * 8));
  }
  return id;
}

format::Reference ReferenceTo(std::uint64_t number, const PackId& pack) {
  format::Reference reference;
  reference.chunk = IdOf<ChunkId>(number, 1);
  reference.run = IdOf<RunId>(number / 100'000, 2);
  reference.plain_size = kChunkSize;
  reference.pieces.push_back({pack, number % kChunksPerPack * kStoredSize, kStoredSize});
  return reference;
}

std::uint64_t Fill(ChunkIndex& index, const DomainId& domain, std::uint64_t chunks,
                   double seconds_max) {
  const auto begin = Clock::now();
  std::uint64_t added = 0;
  for (std::uint64_t pack = 0; added < chunks; ++pack) {
    const PackId id = IdOf<PackId>(pack, 3);
    Need(index.AddPack(domain, {id, 240, 2, format::PackType::kData}));
    for (int i = 0; i < kChunksPerPack && added < chunks; ++i) {
      Need(index.AddChunk(domain, ReferenceTo(added++, id)));
    }
    if (pack % kPacksPerCommit != kPacksPerCommit - 1) continue;
    Need(index.Commit());
    if (SecondsSince(begin) > seconds_max) break;
  }
  Need(index.Commit());
  return added;
}

// Microseconds for one look-up among `chunks`; `beyond`: of chunks that are not there.
double LookUp(ChunkIndex& index, const DomainId& domain, std::uint64_t chunks, bool beyond) {
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < kLookups; ++i) {
    const std::uint64_t number = Mixed(i) % chunks + (beyond ? chunks : 0);
    const auto found = Need(index.FindChunk(domain, IdOf<ChunkId>(number, 1)));
    if (found.has_value() == beyond) Need(Status(StatusCode::kInternal, "a look-up is wrong"));
  }
  return SecondsSince(begin) / kLookups * 1e6;
}

void Run(const std::string& path, std::uint64_t chunks, double seconds_max) {
  const DomainId domain = IdOf<DomainId>(0, 4);
  auto begin = Clock::now();
  std::uint64_t reached = 0;
  {
    ChunkIndex index = Need(ChunkIndex::Open(path));
    reached = Fill(index, domain, chunks, seconds_max);
  }
  const double fill_seconds = SecondsSince(begin);
  const double fill_peak = PeakMib();
  std::uintmax_t bytes = 0;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code none;
    const std::uintmax_t size = std::filesystem::file_size(path + suffix, none);
    if (!none) bytes += size;
  }
  const double before = ResidentMib();
  begin = Clock::now();
  ChunkIndex index = Need(ChunkIndex::Open(path));
  const auto packs = Need(index.Packs(domain));
  const double open_seconds = SecondsSince(begin);
  const double open_mib = ResidentMib() - before;
  const double known = LookUp(index, domain, reached, false);
  const double unknown = LookUp(index, domain, reached, true);
  std::printf(
      "{\"wanted\": %llu, \"chunks\": %llu, \"packs\": %zu, \"fill_seconds\": %.2f, "
      "\"fill_peak_mib\": %.1f, \"disk_bytes\": %llu, \"open_seconds\": %.3f, \"open_mib\": %.1f, "
      "\"known_us\": %.2f, \"unknown_us\": %.2f, \"peak_mib\": %.1f}\n",
      static_cast<unsigned long long>(chunks), static_cast<unsigned long long>(reached),
      packs.size(), fill_seconds, fill_peak, static_cast<unsigned long long>(bytes), open_seconds,
      open_mib, known, unknown, PeakMib());
}

}  // namespace
}  // namespace fenchi::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: fenchi_index_scale FILE CHUNKS SECONDS_MAX\n");
    return 2;
  }
  fenchi::bench::Run(argv[1], std::strtoull(argv[2], nullptr, 10), std::strtod(argv[3], nullptr));
  return 0;
}
