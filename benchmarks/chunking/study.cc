// chunking_study: speed and deduplication of the candidates, side by side.
//
//   chunking_study speed [KIB] [ROUNDS]        on pseudo-random bytes
//   chunking_study speed-of FILE [ROUNDS]      on a file's bytes
//   chunking_study dedup NAME FILE...          versions of the same thing, oldest first: means over
//                                              16 sets of constants
//
// Each line is JSON. Speed is measured in rounds in which the candidates take turns. A round is a
// few milliseconds and its time is the thread's own, so that a busy machine spoils few of them;
// figures are medians, "best" is the fastest round, "ratio" the median of the ratios to "gear"
// round by round. Cycles are those of the time stamp counter.
#include <time.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <unordered_set>

#include "algorithm.h"

namespace chunking_study {
namespace {

using Data = std::vector<std::uint8_t>;

constexpr Sizes kSettings[] = {{16 << 10, 64 << 10, 256 << 10}, {256 << 10, 1 << 20, 4 << 20}};

std::vector<Algorithm> AllAlgorithms() {
  std::vector<Algorithm> algorithms;
  AddGear(algorithms);
  AddHashless(algorithms);
  AddSieve(algorithms);
  AddLibrary(algorithms);
  return algorithms;
}

// Of those that cut alike, the last one: it is a fast one.
std::vector<Algorithm> OneOfEach() {
  std::map<std::string, Algorithm> by_cuts;
  for (const Algorithm& algorithm : AllAlgorithms()) {
    if (algorithm.name == "gear-gather-avx2" || algorithm.name.starts_with("fenchi-")) continue;
    const std::string& cuts = algorithm.same_as.empty() ? algorithm.name : algorithm.same_as;
    by_cuts[cuts] = {cuts, algorithm.cut, ""};
  }
  std::vector<Algorithm> result;
  for (const auto& [name, algorithm] : by_cuts) result.push_back(algorithm);
  return result;
}

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "chunking_study: %s\n", why.c_str());
  std::exit(1);
}

Data ReadFile(const char* path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) Fail(std::string("cannot read ") + path);
  Data data(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()));
  return data;
}

Data RandomData(std::size_t size) {
  Data data(size);
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const std::uint64_t word = Constant(1000000 + i);
    std::memcpy(data.data() + i, &word, 8);
  }
  return data;
}

std::vector<std::size_t> Cut(const Algorithm& algorithm, const Sizes& sizes, const Data& data) {
  std::vector<std::size_t> lengths;
  for (std::size_t at = 0; at < data.size(); at += lengths.back()) {
    lengths.push_back(algorithm.cut(sizes, data.data() + at, data.size() - at));
  }
  return lengths;
}

void CheckSameCuts(const std::vector<Algorithm>& algorithms, const Sizes& sizes, const Data& data) {
  std::map<std::string, std::vector<std::size_t>> cuts;
  for (const Algorithm& algorithm : algorithms) {
    cuts[algorithm.name] = Cut(algorithm, sizes, data);
    if (algorithm.same_as.empty()) continue;
    if (cuts[algorithm.name] != cuts[algorithm.same_as]) {
      Fail(algorithm.name + " cuts elsewhere than " + algorithm.same_as);
    }
  }
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double CyclesPerSecond() {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t cycles = __rdtsc();
  std::chrono::duration<double> passed{};
  while (passed.count() < 0.05) passed = std::chrono::steady_clock::now() - start;
  return static_cast<double>(__rdtsc() - cycles) / passed.count();
}

void PrintSpeeds(const Sizes& sizes, const std::vector<Algorithm>& algorithms,
                 std::map<std::string, std::vector<double>>& speeds) {
  const double clock = CyclesPerSecond();
  const std::vector<double>& base = speeds["gear"];
  for (const Algorithm& algorithm : algorithms) {
    const std::vector<double>& speed = speeds[algorithm.name];
    std::vector<double> ratios;
    for (std::size_t i = 0; i < base.size(); ++i) ratios.push_back(speed[i] / base[i]);
    const double best = *std::max_element(speed.begin(), speed.end());
    std::printf(
        "{\"what\": \"speed\", \"average\": %zu, \"algorithm\": \"%s\", "
        "\"bytes_per_cycle\": %.3f, \"gb_per_s\": %.2f, \"best\": %.2f, \"ratio\": %.2f}\n",
        sizes.average_bytes, algorithm.name.c_str(), Median(speed) / clock, Median(speed) / 1e9,
        best / 1e9, Median(ratios));
  }
}

constexpr std::size_t kBytesPerRound = std::size_t{4} << 20;

void MeasureSpeed(const Data& data, int rounds) {
  const std::vector<Algorithm> algorithms = AllAlgorithms();
  for (const Sizes& sizes : kSettings) {
    CheckSameCuts(algorithms, sizes, data);
    std::map<std::string, std::vector<double>> speeds;  // bytes per second, by round
    for (int round = 0; round < rounds; ++round) {
      for (const Algorithm& algorithm : algorithms) {
        const double start = ThreadSeconds();
        std::size_t cut = 0;
        for (; cut < kBytesPerRound; cut += data.size()) Cut(algorithm, sizes, data);
        const double seconds = ThreadSeconds() - start;
        speeds[algorithm.name].push_back(static_cast<double>(cut) / seconds);
      }
    }
    PrintSpeeds(sizes, algorithms, speeds);
  }
}

// A chunk's fingerprint: two multiply-fold chains of 64 bits, enough against accidents.
struct Print {
  std::uint64_t a, b;
  bool operator==(const Print&) const = default;
};
struct PrintHash {
  std::size_t operator()(const Print& print) const { return print.a; }
};

std::uint64_t Fold(std::uint64_t x, std::uint64_t y) {
  const auto product = static_cast<unsigned __int128>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

Print PrintOf(const std::uint8_t* data, std::size_t size) {
  Print print{Constant(1) ^ size, Constant(2) ^ size};
  for (std::size_t i = 0; i < size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i, std::min<std::size_t>(8, size - i));
    print.a = Fold(print.a ^ word, Constant(3)) + word;
    print.b = Fold(print.b + word, Constant(4)) ^ (word << 1);
  }
  return print;
}

struct Stored {
  double ratio = 0;  // of all bytes to those of distinct chunks
  std::size_t chunks = 0;
};

Stored Deduplicate(const Algorithm& algorithm, const Sizes& sizes,
                   const std::vector<Data>& versions) {
  std::unordered_set<Print, PrintHash> seen;
  std::size_t total = 0, unique = 0, chunks = 0;
  for (const Data& data : versions) {
    const std::uint8_t* at = data.data();
    for (const std::size_t length : Cut(algorithm, sizes, data)) {
      if (seen.insert(PrintOf(at, length)).second) unique += length;
      at += length;
      ++chunks;
    }
    total += data.size();
  }
  return {static_cast<double>(total) / static_cast<double>(unique), chunks};
}

bool UsesConstants(const Algorithm& algorithm) {
  return algorithm.name.starts_with("gear") || algorithm.name.starts_with("sieve") ||
         algorithm.name == "fenchi";
}

void MeasureDedup(const char* name, const std::vector<Data>& versions) {
  constexpr int kSeedsMost = 16;
  std::size_t total = 0;
  for (const Data& data : versions) total += data.size();
  for (const Sizes& sizes : kSettings) {
    for (const Algorithm& algorithm : OneOfEach()) {
      double sum = 0, least = 1e9, most = 0;
      std::size_t chunks = 0;
      const int seeds = UsesConstants(algorithm) ? kSeedsMost : 1;
      for (int seed = 0; seed < seeds; ++seed) {
        SeedGear(static_cast<std::uint64_t>(seed));
        SeedSieve(static_cast<std::uint64_t>(seed));
        SeedLibrary(static_cast<std::uint64_t>(seed));
        const Stored stored = Deduplicate(algorithm, sizes, versions);
        sum += stored.ratio;
        least = std::min(least, stored.ratio);
        most = std::max(most, stored.ratio);
        chunks += stored.chunks;
      }
      std::printf(
          "{\"what\": \"dedup\", \"series\": \"%s\", \"average\": %zu, \"algorithm\": \"%s\", "
          "\"bytes\": %zu, \"ratio\": %.4f, \"min\": %.4f, \"max\": %.4f, \"chunks\": %zu, "
          "\"mean\": %zu}\n",
          name, sizes.average_bytes, algorithm.name.c_str(), total, sum / seeds, least, most,
          chunks / static_cast<std::size_t>(seeds),
          total * static_cast<std::size_t>(seeds) / chunks);
    }
  }
}

int Main(int argc, char** argv) {
  SeedGear(0);
  SeedSieve(0);
  SeedLibrary(0);
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "speed") {
    const int kib = argc > 2 ? std::atoi(argv[2]) : 8192;
    MeasureSpeed(RandomData(static_cast<std::size_t>(kib) << 10),
                 argc > 3 ? std::atoi(argv[3]) : 31);
  } else if (verb == "speed-of" && argc > 2) {
    MeasureSpeed(ReadFile(argv[2]), argc > 3 ? std::atoi(argv[3]) : 31);
  } else if (verb == "dedup" && argc > 3) {
    std::vector<Data> versions;
    for (int i = 3; i < argc; ++i) versions.push_back(ReadFile(argv[i]));
    MeasureDedup(argv[2], versions);
  } else {
    Fail("usage: speed [KIB] [ROUNDS] | speed-of FILE [ROUNDS] | dedup NAME FILE...");
  }
  return 0;
}

}  // namespace
}  // namespace chunking_study

int main(int argc, char** argv) { return chunking_study::Main(argc, argv); }
