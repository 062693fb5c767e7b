#include "measure.h"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "fenchi/random.h"

namespace fenchi::bench {
namespace {

constexpr double kSecondsEach = 0.02;
constexpr int kRepeatsMax = 1000;

double Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Spent {
  double wall = 0;
  double cpu = 0;
};

Spent Time(const Job& job, int repeats) {
  const Spent begin{Now(CLOCK_MONOTONIC), Now(CLOCK_THREAD_CPUTIME_ID)};
  for (int i = 0; i < repeats; ++i) job.run();
  return {(Now(CLOCK_MONOTONIC) - begin.wall) / repeats,
          (Now(CLOCK_THREAD_CPUTIME_ID) - begin.cpu) / repeats};
}

void AppendList(std::string& out, const char* name, const std::vector<Spent>& all,
                double Spent::*member) {
  out += std::string("\"") + name + "\": [";
  char text[32];
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::snprintf(text, sizeof(text), "%s%.9f", i == 0 ? "" : ", ", all[i].*member);
    out += text;
  }
  out += "]";
}

}  // namespace

std::string Jobs::Measure(int rounds) const {
  std::vector<std::vector<Spent>> spent(jobs_.size());
  std::vector<std::vector<Spent>> first(jobs_.size());
  std::vector<int> repeats;
  int tries = 1;
  for (const Job& job : jobs_) {
    tries = std::max(tries, job.tries);
    job.run();
    const double once = std::max(Time(job, 1).wall, 1e-9);
    repeats.push_back(
        std::clamp(static_cast<int>(std::lround(kSecondsEach / once)), 1, kRepeatsMax));
  }
  for (int round = 0; round < rounds; ++round) {
    for (int attempt = 0; attempt < tries; ++attempt) {
      for (std::size_t i = 0; i < jobs_.size(); ++i) {
        if (attempt >= jobs_[i].tries) continue;
        const Spent now = Time(jobs_[i], repeats[i]);
        if (attempt == 0) {
          first[i].push_back(now);
          spent[i].push_back(now);
        }
        Spent& least = spent[i].back();
        least = {std::min(least.wall, now.wall), std::min(least.cpu, now.cpu)};
      }
    }
  }
  std::string out = "{";
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    out += (i == 0 ? "\"" : ",\n \"") + jobs_[i].name;
    out += "\": {\"bytes\": " + std::to_string(jobs_[i].bytes) + ", ";
    AppendList(out, "wall", spent[i], &Spent::wall);
    out += ", ";
    if (jobs_[i].tries > 1) {
      out += "\"tries\": " + std::to_string(jobs_[i].tries) + ", ";
      AppendList(out, "first_wall", first[i], &Spent::wall);
      out += ", ";
    }
    AppendList(out, "cpu", spent[i], &Spent::cpu);
    out += "}";
  }
  return out + "}";
}

void Need(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

Bytes RandomBytes(std::size_t size_bytes) {
  Bytes bytes(size_bytes);
  SystemRandom().Fill(bytes);
  return bytes;
}

Bytes ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) Need(Status(StatusCode::kNotFound, "cannot read " + path));
  Bytes bytes(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace fenchi::bench
