// What a restore has fetched of shards, kept on this host until it is done: one that was cut, even
// by power loss, does not fetch over a slow line again what it had.
//
// For each object a sparse file, and beside it the ranges that it holds. It is as little believed
// as a provider: tags are checked of what comes out of it. At most `bytes_max`; what was begun
// first goes first. What cannot be kept is fetched again, never a failure. Only ciphertext.
// Thread-safe, and several processes may share a folder.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fenchi/bytes.h"

namespace fenchi {

// What came faster is sooner fetched again than kept.
inline constexpr double kSlowBytesPerSecond = 32.0 * (1 << 20);

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

class ShardSpool {
 public:
  // The folder is made (mode 0700) when something is kept first.
  ShardSpool(std::string folder, std::uint64_t bytes_max);

  // True: all of `out` was here.
  bool Read(const std::string& object, std::uint64_t offset, MutableBytes out);
  // What is here of offset..offset+size-1, read into `out` at its place; the rest is returned.
  std::vector<ByteRange> ReadParts(const std::string& object, std::uint64_t offset,
                                   MutableBytes out);
  void Keep(const std::string& object, std::uint64_t offset, ByteView bytes);
  std::uint64_t BytesOf(const std::string& object) const;
  // Nothing of it is needed any more, nor what still comes.
  void Clear();
  std::uint64_t bytes() const;

 private:
  struct Kept {
    std::map<std::uint64_t, std::uint64_t> ranges;  // end by offset, apart from each other
    std::uint64_t bytes = 0;
  };
  void Load();
  std::string PathOf(const std::string& file) const { return folder_ + "/" + file; }
  bool ReadFile(const std::string& file, std::uint64_t offset, MutableBytes out) const;
  void Forget(const std::string& file);
  void MakeRoom(std::uint64_t size, const std::string& but);

  const std::string folder_;
  const std::uint64_t bytes_max_;
  mutable std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // by file name
  std::deque<std::string> order_;     // begun first in front
  std::uint64_t bytes_ = 0;
  bool cleared_ = false;
};

}  // namespace fenchi
