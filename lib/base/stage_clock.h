// Where a verb spends its time: seconds and bytes by stage, added up from all threads.
//
//   StageTimer timer(clock, Stage::kRead, size);   // until the end of the block
//
// A timer costs two readings of the steady clock. Stages do not contain each other, but for waits:
// what one thread waits for another one does. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace fenchi {

enum class Stage {
  kScan,          // names and attributes of the sources
  kRead,          // content
  kCut,           // the chunker
  kName,          // chunk ids
  kCompress,      // and expanded again
  kIndex,         // the local index
  kPlan,          // packs
  kSeal,          // encrypt, split, tag, check one tile
  kUpload,        // Puts, of all providers together
  kList,          // the snapshot's tree
  kCommit,        // log records and what they need
  kWaitForCores,  // the reading thread, for the stages kName and kCompress
  kWaitForPacks,  // the same, for kSeal and kUpload
};
inline constexpr std::array<std::string_view, 13> kStageNames = {
    "scan", "read",   "cut",  "name",   "compress",       "index",         "plan",
    "seal", "upload", "list", "commit", "wait for cores", "wait for packs"};

class StageClock {
 public:
  void Add(Stage stage, std::chrono::nanoseconds time, std::uint64_t bytes) {
    Cell& cell = cells_[static_cast<std::size_t>(stage)];
    cell.nanoseconds.fetch_add(static_cast<std::uint64_t>(time.count()), std::memory_order_relaxed);
    cell.bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  void Reset() {
    for (Cell& cell : cells_) {
      cell.nanoseconds = 0;
      cell.bytes = 0;
    }
  }
  double seconds(Stage stage) const { return static_cast<double>(At(stage).nanoseconds) * 1e-9; }
  std::uint64_t bytes(Stage stage) const { return At(stage).bytes; }

 private:
  struct Cell {
    std::atomic<std::uint64_t> nanoseconds{0};
    std::atomic<std::uint64_t> bytes{0};
  };
  const Cell& At(Stage stage) const { return cells_[static_cast<std::size_t>(stage)]; }
  std::array<Cell, kStageNames.size()> cells_;
};

class StageTimer {
 public:
  StageTimer(StageClock& clock, Stage stage, std::uint64_t bytes = 0)
      : clock_(clock), stage_(stage), bytes_(bytes) {}
  ~StageTimer() { clock_.Add(stage_, std::chrono::steady_clock::now() - begun_, bytes_); }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;
  void set_bytes(std::uint64_t bytes) { bytes_ = bytes; }

 private:
  StageClock& clock_;
  const Stage stage_;
  std::uint64_t bytes_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace fenchi
