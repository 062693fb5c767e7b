// fenchi_path: the paths of the library beside their parts and beside the yardsticks, in one
// process.
//
//   fenchi_path [--rounds N] [--needed K] [--seats N] [--file NAME=PATH]... [--state DIR]
//               [--only JOB]
//
// Without --file: cuts, ids, encryption, split and tags of one pack. Each --file adds the path with
// zstd level 3 over that file beside zstd alone. --state (an empty folder): instead of all that,
// the backup verb with one core and with two. --only: one job, for a profiler. Prints one JSON
// object. `benchmarks/compare` runs it.
#include <x86intrin.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "../chunking/algorithm.h"
#include "pack_path.h"
#include "vault_path.h"
#include "yardsticks.h"
#include "zstd_alone.h"

namespace fenchi::bench {
namespace {

// Each moment that the host gives to its neighbours lengthens wall time, and two threads meet twice
// as many of them: of so many tries in a round the quickest, which met the fewest, counts.
constexpr int kTriesOfWallTime = 21;
constexpr chunking_study::Sizes kSizes = {256 << 10, 1 << 20, 4 << 20};

struct Arguments {
  int rounds = 21;
  int needed = 3;
  int seats = 5;
  std::vector<std::pair<std::string, std::string>> files;
  std::string state;
  std::string only;
};

double CyclesPerSecond() {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t cycles = __rdtsc();
  std::chrono::duration<double> passed{};
  while (passed.count() < 0.05) passed = std::chrono::steady_clock::now() - start;
  return static_cast<double>(__rdtsc() - cycles) / passed.count();
}

void AddParts(Jobs& jobs, PackPath& path) {
  const std::size_t bytes = path.bytes();
  jobs.Add("full_path", bytes, [&] { path.FullPath(); });
  jobs.Add("seal", bytes, [&] { path.Seal(); });
  jobs.Add("seal_plain", bytes, [&] { path.SealPlain(); });
  jobs.Add("encrypt", bytes, [&] { path.Encrypt(); });
  jobs.Add("split", bytes, [&] { path.Split(); });
  jobs.Add("tags", bytes, [&] { path.Tags(); });
  jobs.Add("encrypt_to_memory", bytes, [&] { path.EncryptToMemory(); });
  jobs.Add("split_to_memory", bytes, [&] { path.SplitToMemory(); });
  jobs.Add("tags_of_cached", bytes, [&] { path.TagsOfCached(); });
  jobs.Add("check_tile", bytes, [&] { path.CheckTile(); });
  jobs.Add("ids", bytes, [&] { path.Ids(); });
  jobs.Add("cuts", bytes, [&] { path.Cuts(); });
  jobs.Add("gather", bytes, [&] { path.Gather(); });
}

// The same path over two packs: one after the other, and on two threads at once.
void AddTwoThreads(Jobs& jobs, PackPath& first, PackPath& second) {
  const auto in_turn = [&] {
    first.FullPath();
    second.FullPath();
  };
  const auto at_once = [&] {
    std::thread other([&] { second.FullPath(); });
    first.FullPath();
    other.join();
  };
  jobs.Add("two_packs_one_thread", 2 * first.bytes(), in_turn, kTriesOfWallTime);
  jobs.Add("two_packs_two_threads", 2 * first.bytes(), at_once, kTriesOfWallTime);
}

void AddYardsticks(Jobs& jobs, SecretstreamZfec& others, ByteView plain, Bytes& copy) {
  jobs.Add("memcpy", plain.size(), [&, plain] { CopyInPieces(plain, copy, plain.size()); });
  jobs.Add("secretstream", plain.size(), [&] { others.Encrypt(); });
  if (!SecretstreamZfec::Available()) return;
  jobs.Add("zfec", plain.size(), [&] { others.Split(); });
  jobs.Add("secretstream_zfec", plain.size(), [&] { others.EncryptAndSplit(); });
}

// FastCDC over the Gear hash, plain and with its code pinned, beside the library's chunker.
void AddChunkers(Jobs& jobs, const std::string& suffix, ByteView data) {
  std::vector<chunking_study::Algorithm> all;
  chunking_study::SeedGear(0);
  chunking_study::AddGear(all);
  chunking_study::AddLibrary(all);
  for (const chunking_study::Algorithm& one : all) {
    if (one.name != "gear" && one.name != "gear-pinned" && one.name != "fenchi") continue;
    jobs.Add("cut:" + one.name + suffix, data.size(), [cut = one.cut, data] {
      for (std::size_t at = 0; at < data.size();) {
        at += cut(kSizes, data.data() + at, data.size() - at);
      }
    });
  }
}

void AddFile(Jobs& jobs, PackPath& path, const std::string& name, ByteView data) {
  jobs.Add("zstd_path:" + name, data.size(), [&path, data] { path.CompressedPath(data, true); });
  jobs.Add("zstd_path_unchecked:" + name, data.size(),
           [&path, data] { path.CompressedPath(data, false); });
  const auto alone = [data](bool check) {
    static const Chunker chunker = Need(Chunker::Create({}));
    static Bytes out;
    for (std::size_t at = 0; at < data.size();) {
      const ByteView window = data.subspan(at);
      const ByteView chunk = window.first(chunker.FirstCut(window, true));
      const std::size_t size = CompressAlone(chunk, out);
      if (check) CheckAlone(ByteView(out).first(size), chunk);
      at += chunk.size();
    }
  };
  jobs.Add("zstd:" + name, data.size(), [alone] { alone(false); });
  jobs.Add("zstd_checked:" + name, data.size(), [alone] { alone(true); });
}

std::string MeasureInMemory(const Arguments& given) {
  Jobs jobs;
  PackPath path(given.needed, given.seats);
  PackPath second(given.needed, given.seats);
  const Bytes plain = RandomBytes(path.bytes());
  Bytes copy(plain.size());
  SecretstreamZfec others(given.needed, given.seats, plain);
  std::vector<Bytes> files;
  for (const auto& [name, file] : given.files) files.push_back(ReadFile(file));
  if (given.files.empty()) {
    AddParts(jobs, path);
    AddTwoThreads(jobs, path, second);
    AddYardsticks(jobs, others, plain, copy);
    AddChunkers(jobs, "", plain);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    AddFile(jobs, path, given.files[i].first, files[i]);
    AddChunkers(jobs, ":" + given.files[i].first, files[i]);
  }
  if (!given.only.empty()) jobs.KeepOnly(given.only);
  return jobs.Measure(given.rounds);
}

std::string MeasureVerb(const Arguments& given) {
  const Bytes data = RandomBytes(std::size_t{256} << 20);
  VaultPath vault(given.state, kCompressionLevelNone);
  std::string walls[2];
  vault.Run(data, 2);  // pages touched
  for (int round = 0; round < given.rounds; ++round) {
    for (int threads = 1; threads <= 2; ++threads) {
      std::string& wall = walls[threads - 1];
      wall += (wall.empty() ? "" : ", ") + std::to_string(vault.Run(data, threads));
    }
  }
  const std::string bytes = "{\"bytes\": " + std::to_string(data.size()) + ", \"wall\": [";
  return "{\"backup_one_core\": " + bytes + walls[0] + "]}, \"backup_two_cores\": " + bytes +
         walls[1] + "]}}";
}

Arguments Parse(int argc, char** argv) {
  Arguments given;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--rounds") given.rounds = std::atoi(value.c_str());
    if (name == "--needed") given.needed = std::atoi(value.c_str());
    if (name == "--seats") given.seats = std::atoi(value.c_str());
    if (name == "--state") given.state = value;
    if (name == "--only") given.only = value;
    const std::size_t equals = value.find('=');
    if (name == "--file" && equals != std::string::npos) {
      given.files.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    }
  }
  return given;
}

std::string Measure(int argc, char** argv) {
  const Arguments given = Parse(argc, argv);
  const std::string jobs = given.state.empty() ? MeasureInMemory(given) : MeasureVerb(given);
  return "{\"needed\": " + std::to_string(given.needed) +
         ", \"seats\": " + std::to_string(given.seats) +
         ", \"cycles_per_second\": " + std::to_string(CyclesPerSecond()) + ", \"jobs\": " + jobs +
         "}";
}

}  // namespace
}  // namespace fenchi::bench

int main(int argc, char** argv) {
  std::printf("%s\n", fenchi::bench::Measure(argc, argv).c_str());
  return 0;
}
