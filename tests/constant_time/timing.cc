// Does the time of an operation tell which of two classes its secret is from: always the same, or
// each time another? Welch's t over many measurements; a leak makes |t| grow without bound.
//
//   timing [--measurements N] [--seed S]      the library's operations; exit code 1 when |t| >= 5
//   timing --leak ...                         a comparison that ends early, which must be noticed
//
// For each operation: classes are drawn at random, inputs of both are prepared in the same way
// before a batch is measured, and the test is made for all measurements and for those below 100
// bounds, which cut off what interrupts make long. Seldom measured bounds are not judged.
// Source: Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", DATE 2017.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "crypto/hkdf.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "sharing/shamir.h"

namespace fenchi {
namespace {

constexpr std::size_t kBatch = 4096;
constexpr std::size_t kBounds = 100;
constexpr double kTold = 5;
constexpr double kJudgedFrom = 1000;  // measurements of each class

std::uint64_t Ticks() {
#if defined(__x86_64__)
  unsigned processor = 0;
  _mm_lfence();
  const std::uint64_t now = __rdtscp(&processor);
  _mm_lfence();
  return now;
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Mean and variance of a class, updated one by one (Welford).
struct Sample {
  double count = 0, mean = 0, squares = 0;
  void Add(double value) {
    count += 1;
    const double before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
  }
  double VarianceOfMean() const { return squares / (count - 1) / count; }
};

struct Welch {
  std::array<Sample, 2> classes;
  bool judged() const { return classes[0].count >= kJudgedFrom && classes[1].count >= kJudgedFrom; }
  double t() const {
    const double variance = classes[0].VarianceOfMean() + classes[1].VarianceOfMean();
    return variance > 0 ? (classes[0].mean - classes[1].mean) / std::sqrt(variance) : 0;
  }
};

struct Operation {
  std::string name;
  std::size_t secret_size;
  std::function<void(ByteView secret)> run;
};

class Experiment {
 public:
  Experiment(const Operation& operation, std::uint64_t seed)
      : operation_(operation),
        random_(SeededRandom(seed)),
        fixed_(operation.secret_size),
        secrets_(kBatch * operation.secret_size),
        classes_(kBatch),
        drawn_(operation.secret_size),
        times_(kBatch) {
    random_->Fill(fixed_);
    Measure();  // warms up, and tells where most measurements lie
    std::vector<std::uint64_t> sorted = times_;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < kBounds; ++i) {
      const double part = 1 - std::pow(0.5, 10.0 * static_cast<double>(i + 1) / kBounds);
      bounds_[i] = sorted[static_cast<std::size_t>(part * (kBatch - 1))];
    }
  }

  void Run(std::uint64_t measurements) {
    for (std::uint64_t done = 0; done < measurements; done += kBatch) {
      Measure();
      for (std::size_t i = 0; i < kBatch; ++i) {
        const auto time = static_cast<double>(times_[i]);
        const std::size_t one = classes_[i] & 1;
        all_.classes[one].Add(time);
        for (std::size_t b = 0; b < kBounds; ++b) {
          if (times_[i] < bounds_[b]) below_[b].classes[one].Add(time);
        }
      }
    }
  }
  double Largest() const {
    double largest = all_.judged() ? std::fabs(all_.t()) : 0;
    for (const Welch& test : below_) {
      if (test.judged()) largest = std::max(largest, std::fabs(test.t()));
    }
    return largest;
  }
  double measurements() const { return all_.classes[0].count + all_.classes[1].count; }
  double MeanTicks() const { return all_.classes[0].mean; }

 private:
  void Measure() {
    const std::size_t size = operation_.secret_size;
    random_->Fill(secrets_);
    random_->Fill(classes_);
    for (std::size_t i = 0; i < kBatch; ++i) {
      // Both classes are copied to the same place, so that the caches know no class.
      std::memcpy(drawn_.data(), &secrets_[i * size], size);
      const Bytes& from = (classes_[i] & 1) == 0 ? fixed_ : drawn_;
      std::memcpy(&secrets_[i * size], from.data(), size);
    }
    for (std::size_t i = 0; i < kBatch; ++i) {
      const ByteView secret = ByteView(secrets_).subspan(i * size, size);
      const std::uint64_t began = Ticks();
      operation_.run(secret);
      times_[i] = Ticks() - began;
    }
  }

  const Operation& operation_;
  std::unique_ptr<Random> random_;
  Bytes fixed_, secrets_, classes_, drawn_;
  std::vector<std::uint64_t> times_;
  std::array<std::uint64_t, kBounds> bounds_{};
  std::array<Welch, kBounds> below_;
  Welch all_;
};

// Where results go that nobody reads.
volatile std::uint8_t sink;

// What the fixed class of an Experiment with this seed is: the first bytes of its randomness.
Bytes Reference(std::uint64_t seed, std::size_t size) {
  Bytes bytes(size);
  SeededRandom(seed)->Fill(bytes);
  return bytes;
}

std::vector<Operation> Operations(std::uint64_t seed) {
  static const std::array<std::uint8_t, 3> kIndexes = {1, 2, 5};
  const auto interpolate = [](ByteView secret) {
    std::uint8_t out[32];
    const ByteView values[] = {secret.first(32), secret.subspan(32, 32), secret.last(32)};
    ShamirInterpolate(kIndexes, values, 0, out);
    sink = out[0];
  };
  const auto evaluate = [](ByteView secret) {
    std::uint8_t out[32];
    ShamirEvaluate(secret.first(32), secret.subspan(32), 5, out);
    sink = out[0];
  };
  const auto compare = [reference = Reference(seed, 32)](ByteView secret) {
    sink = ConstantTimeEquals(secret, reference) ? 1 : 0;
  };
  const auto derive = [](ByteView secret) {
    std::uint8_t out[64];
    HkdfSha512Into(secret, AsBytes("salt"), AsBytes("info"), out);
    sink = out[0];
  };
  return {{"ShamirInterpolate, 3 shares", 96, interpolate},
          {"ShamirEvaluate, 3 coefficients", 96, evaluate},
          {"ConstantTimeEquals, 32 bytes", 32, compare},
          {"HkdfSha512Into, 64 bytes", 32, derive}};
}

// Ends at the first byte that differs.
Operation Leaking(std::uint64_t seed) {
  const auto compare = [reference = Reference(seed, 32)](ByteView secret) {
    std::size_t same = 0;
    while (same < secret.size() && secret[same] == reference[same]) same = same + 1;
    sink = static_cast<std::uint8_t>(same);
  };
  return {"a comparison that ends early, 32 bytes", 32, compare};
}

}  // namespace
}  // namespace fenchi

int main(int argc, char** argv) {
  std::uint64_t measurements = 1'000'000, seed = 20260111;
  bool leak = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--leak") {
      leak = true;
    } else if (option == "--measurements" && i + 1 < argc) {
      measurements = std::strtoull(argv[++i], nullptr, 10);
    } else if (option == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "timing: unknown option %s\n", argv[i]);
      return 2;
    }
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  bool told = false;
  const auto operations = leak ? std::vector{fenchi::Leaking(seed)} : fenchi::Operations(seed);
  for (const fenchi::Operation& operation : operations) {
    fenchi::Experiment experiment(operation, seed);
    experiment.Run(measurements);
    const double largest = experiment.Largest();
    std::printf("%s: %.0f measurements of %.0f ticks, largest |t| = %.2f\n", operation.name.c_str(),
                experiment.measurements(), experiment.MeanTicks(), largest);
    std::fflush(stdout);
    told = told || largest >= fenchi::kTold;
  }
  return told ? 1 : 0;
}
