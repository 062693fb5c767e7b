#include "storage/piece_store.h"

#include <fcntl.h>
#include <isa-l/crc64.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/provider.h"

namespace fenchi {
namespace {

constexpr std::size_t kTrailerBytes = 8;

class MemoryPieceStore final : public PieceStore {
 public:
  bool Load(const PieceKey& key, MutableBytes out) override {
    const std::lock_guard lock(mutex_);
    const auto at = pieces_.find(key);
    if (at == pieces_.end() || at->second.size() != out.size()) return false;
    std::ranges::copy(at->second, out.begin());
    return true;
  }
  void Keep(const PieceKey& key, ByteView piece) override {
    const std::lock_guard lock(mutex_);
    pieces_[key].assign(piece.begin(), piece.end());
  }
  void Remove(const PieceKey& key) override {
    const std::lock_guard lock(mutex_);
    pieces_.erase(key);
  }

 private:
  std::mutex mutex_;
  std::map<PieceKey, Bytes> pieces_;
};

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool valid() const { return fd_ >= 0; }
  // The whole file has exactly this many bytes, and they could be read.
  bool ReadAll(MutableBytes out) const {
    struct stat info {};
    if (fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) return false;
    if (static_cast<std::uint64_t>(info.st_size) != out.size()) return false;
    for (std::size_t done = 0; done < out.size();) {
      const ssize_t n = pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(done));
      if (n <= 0) return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }
  bool WriteAll(ByteView bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  int fd_;
};

// One file a piece: its bytes, then the CRC-64 of place, key and bytes.
class FolderPieceStore final : public PieceStore {
 public:
  FolderPieceStore(std::string directory, std::string place)
      : directory_(std::move(directory)), place_(std::move(place)) {}

  bool Load(const PieceKey& key, MutableBytes out) override {
    const OpenFile file(PathOf(FileNameOf(key)), O_RDONLY | O_NONBLOCK);
    if (!file.valid()) return false;
    Bytes content(out.size() + kTrailerBytes);
    const ByteView piece = ByteView(content).first(out.size());
    const ByteView trailer = ByteView(content).last(kTrailerBytes);
    if (!file.ReadAll(content) || GetBe64(trailer) != ChecksumOf(key, piece)) {
      Remove(key);
      return false;
    }
    std::ranges::copy(piece, out.begin());
    return true;
  }

  void Keep(const PieceKey& key, ByteView piece) override {
    const std::string name = FileNameOf(key);
    // A name that no piece has, and no other thread or process uses at the same time.
    const std::string temporary = PathOf(fmt::format(".{}.{}", ::getpid(), ++counter_));
    std::array<std::uint8_t, kTrailerBytes> trailer{};
    PutBe64(trailer, ChecksumOf(key, piece));
    const bool written = [&] {
      const OpenFile file(temporary, O_WRONLY | O_CREAT | O_EXCL);
      return file.valid() && file.WriteAll(piece) && file.WriteAll(trailer);
    }();
    if (!written || ::rename(temporary.c_str(), PathOf(name).c_str()) != 0) {
      ::unlink(temporary.c_str());
    }
  }

  void Remove(const PieceKey& key) override { ::unlink(PathOf(FileNameOf(key)).c_str()); }

 private:
  std::string PathOf(const std::string& file) const { return directory_ + "/" + file; }

  std::uint64_t ChecksumOf(const PieceKey& key, ByteView piece) const {
    std::uint64_t crc = 0;
    const auto feed = [&crc](ByteView bytes) {
      crc = crc64_ecma_norm(crc, bytes.data(), bytes.size());
    };
    feed(AsBytes(place_ + "\n" + FileNameOf(key) + "\n"));
    feed(piece);
    return crc;
  }

  std::string directory_;
  std::string place_;
  std::atomic<std::uint64_t> counter_ = 0;
};

std::optional<std::uint64_t> NumberOf(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::string FileNameOf(const PieceKey& key) {
  std::string name = key.name;
  std::ranges::replace(name, '/', '+');  // which no object's name has
  return fmt::format("{}@{}+{}", name, key.offset, key.size_bytes);
}

std::optional<PieceKey> KeyOfFileName(std::string_view file) {
  const std::size_t at = file.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t plus = file.find('+', at);
  if (plus == std::string_view::npos) return std::nullopt;
  const auto offset = NumberOf(file.substr(at + 1, plus - at - 1));
  const auto size = NumberOf(file.substr(plus + 1));
  PieceKey key{std::string(file.substr(0, at))};
  std::ranges::replace(key.name, '+', '/');
  if (!offset || !size || !CheckObjectName(key.name).ok()) return std::nullopt;
  key.offset = *offset;
  key.size_bytes = *size;
  if (FileNameOf(key) != file) return std::nullopt;
  return key;
}

std::unique_ptr<PieceStore> MakeMemoryPieceStore() { return std::make_unique<MemoryPieceStore>(); }

std::unique_ptr<PieceStore> MakeFolderPieceStore(std::string directory, std::string place) {
  return std::make_unique<FolderPieceStore>(std::move(directory), std::move(place));
}

}  // namespace fenchi
