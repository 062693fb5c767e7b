// Jobs that are measured in turn, round by round, so that their ratios are of one moment.
//
// Each job is warmed up once, which also touches its memory, and repeats within a round until it
// has worked for about 20 ms. A figure is seconds for one run: wall time, and the CPU time of the
// calling thread, which a busy neighbour spoils less. A job may be tried several times in a round,
// by turns with the others; then the quickest counts.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi::bench {

struct Job {
  std::string name;
  std::size_t bytes = 0;  // of input that one run works on
  std::function<void()> run;
  int tries = 1;  // in a round, of which the quickest counts
};

class Jobs {
 public:
  void Add(std::string name, std::size_t bytes, std::function<void()> run, int tries = 1) {
    jobs_.push_back({std::move(name), bytes, std::move(run), tries});
  }
  // Keeps the jobs of this name only: for a profiler.
  void KeepOnly(const std::string& name) {
    std::erase_if(jobs_, [&](const Job& job) { return job.name != name; });
  }
  // One JSON object: name -> {"bytes": N, "wall": [seconds, ...], "cpu": [...]}; of a job that is
  // tried several times also "tries": N and "first_wall": [...], the first try of each round.
  std::string Measure(int rounds) const;

 private:
  std::vector<Job> jobs_;
};

// A figure for work that failed would be a lie: the program ends.
void Need(const Status& status);
template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) Need(result.status());
  return std::move(*result);
}

Bytes RandomBytes(std::size_t size_bytes);
Bytes ReadFile(const std::string& path);

}  // namespace fenchi::bench
