#include "repository/shard_spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/coding.h"
#include "filesystem/descriptor.h"

namespace fenchi {
namespace {

using filesystem::Descriptor;

constexpr std::string_view kRanges = ".ranges";
constexpr std::size_t kRangeSize = 16;  // offset and size, big-endian
constexpr std::size_t kRangesMax = 1u << 20;

// Object names are of a-z 0-9 . _ - and '/': no two objects give one name, as '=' is in none.
std::string FileOf(const std::string& object) {
  std::string file = object;
  std::ranges::replace(file, '/', '=');
  return file;
}

bool WriteAll(int fd, ByteView bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return true;
}

bool ReadAll(int fd, MutableBytes out, std::uint64_t offset) {
  while (!out.empty()) {
    const ssize_t done = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return true;
}

Descriptor OpenFile(const std::string& path, int flags) {
  return Descriptor(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
}

// Adds a range to those that are there; gives how many bytes are new.
std::uint64_t Merge(std::map<std::uint64_t, std::uint64_t>& ranges, std::uint64_t begin,
                    std::uint64_t end) {
  std::uint64_t had = 0;
  auto next = ranges.upper_bound(begin);
  if (next != ranges.begin() && std::prev(next)->second >= begin) --next;
  while (next != ranges.end() && next->first <= end) {
    had += next->second - next->first;
    begin = std::min(begin, next->first);
    end = std::max(end, next->second);
    next = ranges.erase(next);
  }
  ranges[begin] = end;
  return end - begin - had;
}

}  // namespace

ShardSpool::ShardSpool(std::string folder, std::uint64_t bytes_max)
    : folder_(std::move(folder)), bytes_max_(bytes_max) {
  Load();
}

// What an earlier run left. A range whose bytes are not all there is none.
void ShardSpool::Load() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(kRanges)) continue;
    const std::string file = name.substr(0, name.size() - kRanges.size());
    const Descriptor listed = OpenFile(PathOf(name), O_RDONLY);
    struct stat status {};
    if (::stat(PathOf(file).c_str(), &status) != 0) continue;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    Kept kept;
    std::array<std::uint8_t, kRangeSize> raw{};
    for (std::size_t i = 0; i < kRangesMax && ReadAll(listed.get(), raw, i * kRangeSize); ++i) {
      const std::uint64_t offset = GetBe64(raw);
      const std::uint64_t length = GetBe64(ByteView(raw).subspan(8));
      if (length == 0 || offset > size || length > size - offset) continue;
      kept.bytes += Merge(kept.ranges, offset, offset + length);
    }
    bytes_ += kept.bytes;
    kept_[file] = std::move(kept);
    order_.push_back(file);
  }
}

bool ShardSpool::ReadFile(const std::string& file, std::uint64_t offset, MutableBytes out) const {
  const Descriptor fd = OpenFile(PathOf(file), O_RDONLY);
  return fd.valid() && ReadAll(fd.get(), out, offset);
}

bool ShardSpool::Read(const std::string& object, std::uint64_t offset, MutableBytes out) {
  return !out.empty() && ReadParts(object, offset, out).empty();
}

std::vector<ByteRange> ShardSpool::ReadParts(const std::string& object, std::uint64_t offset,
                                             MutableBytes out) {
  const std::string file = FileOf(object);
  const std::uint64_t end = offset + out.size();
  std::vector<ByteRange> missing;
  const std::lock_guard lock(mutex_);
  std::uint64_t at = offset;
  if (const auto found = kept_.find(file); found != kept_.end()) {
    for (const auto& [from, to] : found->second.ranges) {
      const std::uint64_t first = std::max(from, at);
      const std::uint64_t last = std::min(to, end);
      if (first >= last) continue;
      if (!ReadFile(file, first, out.subspan(first - offset, last - first))) continue;
      if (first > at) missing.push_back({at, first - at});
      at = last;
    }
  }
  if (at < end) missing.push_back({at, end - at});
  return missing;
}

void ShardSpool::Keep(const std::string& object, std::uint64_t offset, ByteView bytes) {
  if (bytes.empty() || bytes.size() > bytes_max_) return;
  const std::string file = FileOf(object);
  const std::lock_guard lock(mutex_);
  if (cleared_) return;
  if (bytes_ + bytes.size() > bytes_max_) MakeRoom(bytes.size(), file);
  std::error_code failed;
  if (kept_.empty() && std::filesystem::create_directory(folder_, failed)) {
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, failed);
  }
  // 1. The bytes, then the range: a range without its bytes would be a lie.
  const Descriptor data = OpenFile(PathOf(file), O_WRONLY | O_CREAT);
  if (!data.valid() || !WriteAll(data.get(), bytes, offset)) return;
  std::array<std::uint8_t, kRangeSize> raw{};
  PutBe64(raw, offset);
  PutBe64(MutableBytes(raw).subspan(8), bytes.size());
  const Descriptor ranges =
      OpenFile(PathOf(file + std::string(kRanges)), O_WRONLY | O_CREAT | O_APPEND);
  if (!ranges.valid() || ::write(ranges.get(), raw.data(), raw.size()) != kRangeSize) return;
  // 2. What this process knows of it.
  const auto [found, is_new] = kept_.try_emplace(file);
  if (is_new) order_.push_back(file);
  const std::uint64_t added = Merge(found->second.ranges, offset, offset + bytes.size());
  found->second.bytes += added;
  bytes_ += added;
}

std::uint64_t ShardSpool::BytesOf(const std::string& object) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(FileOf(object));
  return found == kept_.end() ? 0 : found->second.bytes;
}

void ShardSpool::Forget(const std::string& file) {
  ::unlink(PathOf(file + std::string(kRanges)).c_str());
  ::unlink(PathOf(file).c_str());
  if (const auto found = kept_.find(file); found != kept_.end()) {
    bytes_ -= found->second.bytes;
    kept_.erase(found);
  }
}

void ShardSpool::MakeRoom(std::uint64_t size, const std::string& but) {
  for (auto it = order_.begin(); it != order_.end() && bytes_ + size > bytes_max_;) {
    if (*it == but) {
      ++it;
      continue;
    }
    Forget(*it);
    it = order_.erase(it);
  }
}

void ShardSpool::Clear() {
  const std::lock_guard lock(mutex_);
  cleared_ = true;
  kept_.clear();
  order_.clear();
  bytes_ = 0;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::uint64_t ShardSpool::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace fenchi
