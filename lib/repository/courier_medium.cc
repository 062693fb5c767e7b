#include "repository/courier_medium.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/coding.h"
#include "base/display.h"
#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSyncBytes = 64ull << 20;
constexpr mode_t kFileMode = 0600;

Status WriteAll(int fd, ByteView bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "cannot write the courier medium");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return Status::Ok();
}

// The entry of a new file in its directory.
Status SyncDirectory(const std::string& file) {
  const std::string directory = std::filesystem::absolute(file).parent_path().string();
  const filesystem::Descriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "cannot open " + QuoteForDisplay(directory));
  // EINVAL: a file system whose directories cannot be synced, and need not be.
  if (fsync(fd.get()) == 0 || errno == EINVAL) return Status::Ok();
  return ErrnoStatus(errno, "cannot make " + QuoteForDisplay(directory) + " durable");
}

}  // namespace

Result<std::unique_ptr<CourierWriter>> CourierWriter::Open(const std::string& path, Random& random,
                                                           const Observer& observer,
                                                           std::uint64_t part_bytes_max) {
  const bool is_directory = std::filesystem::is_directory(path);
  std::unique_ptr<CourierWriter> out(new CourierWriter(path, is_directory ? part_bytes_max : 0));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<std::string> parts, CourierParts(path));
  if (parts.empty()) {
    random.Fill(out->courier_.mutable_view());
    FENCHI_RETURN_IF_ERROR(out->StartPart());
    return out;
  }
  FENCHI_ASSIGN_OR_RETURN(
      const CourierScan scan,
      ScanCourier(
          path,
          [&](const format::CourierObject& object, ByteView, const CourierPlace& place) {
            out->carried_.emplace(std::pair(object.destination, object.name), place);
            return Status::Ok();
          },
          observer));
  FENCHI_RETURN_IF_ERROR(out->Continue(scan));
  return out;
}

// Takes up a medium that is whole, was never closed, or was torn while it was written.
Status CourierWriter::Continue(const CourierScan& scan) {
  const bool unfinished = !scan.report.closed && scan.report.damage.size() == 1;
  if (!scan.report.whole() && !scan.only_tail_torn && !unfinished) {
    std::string what = fmt::format("the courier medium at {} is damaged", QuoteForDisplay(path_));
    for (const std::string& one : scan.report.damage) what += "; " + one;
    return Status(StatusCode::kDamaged, what,
                  "keep it for whoever imports what is whole of it, and "
                  "export to a fresh medium");
  }
  courier_ = scan.courier;
  for (std::size_t i = 0; i < scan.parts; ++i) {
    FENCHI_RETURN_IF_ERROR(OpenPart(false));
  }
  if (scan.good_end == 0) {
    // The last file has not even its header: it is made again.
    parts_.pop_back();
    if (unlink(PartPath(parts_.size() + 1).c_str()) != 0) {
      return ErrnoStatus(errno, "cannot remove the torn end of the courier medium");
    }
    last_hash_ = scan.last_hash;
    objects_ = scan.objects;
    bytes_ = scan.bytes;
    return StartPart();
  }
  end_ = scan.good_end;
  if (ftruncate(parts_.back().get(), static_cast<off_t>(end_)) != 0) {
    return ErrnoStatus(errno, "cannot cut the torn end of the courier medium");
  }
  // The hash that the next record follows stands before the end.
  Bytes hash(format::kCourierHashSize);
  if (pread(parts_.back().get(), hash.data(), hash.size(),
            static_cast<off_t>(end_ - hash.size())) != static_cast<ssize_t>(hash.size())) {
    return Io("cannot read the end of the courier medium again");
  }
  std::ranges::copy(hash, last_hash_.bytes.begin());
  for (const auto& [key, place] : carried_) {
    ++objects_;
    bytes_ += place.size;
  }
  return Status::Ok();
}

std::string CourierWriter::PartPath(std::size_t part) const {
  return part_bytes_max_ == 0 ? path_ : fmt::format("{}/courier-{:04}.fenchi", path_, part);
}

Status CourierWriter::OpenPart(bool create) {
  const std::string path = PartPath(parts_.size() + 1);
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT | O_EXCL : 0);
  filesystem::Descriptor fd(open(path.c_str(), flags, kFileMode));
  if (!fd.valid()) return ErrnoStatus(errno, "cannot open " + QuoteForDisplay(path));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return Unavailable("another process writes to {}", QuoteForDisplay(path));
  }
  parts_.push_back(std::move(fd));
  return create ? SyncDirectory(path) : Status::Ok();
}

Status CourierWriter::StartPart() {
  if (!parts_.empty()) FENCHI_RETURN_IF_ERROR(Sync());
  FENCHI_RETURN_IF_ERROR(OpenPart(true));
  end_ = 0;
  return Write(format::EncodeCourierHeader({.courier = courier_,
                                            .part = static_cast<std::uint32_t>(parts_.size()),
                                            .before = last_hash_}),
               {});
}

Status CourierWriter::Sync() {
  unsynced_ = 0;
  if (fsync(parts_.back().get()) == 0) return Status::Ok();
  return ErrnoStatus(errno, "cannot make the courier medium durable");
}

// Appends head, payload and their hash; takes all back when one of them fails.
Status CourierWriter::Write(ByteView head, ByteView payload) {
  const Hash256 hash = format::CourierHash(last_hash_, head, payload);
  const int fd = parts_.back().get();
  Status written = WriteAll(fd, head, end_);
  if (written.ok()) written = WriteAll(fd, payload, end_ + head.size());
  if (written.ok()) written = WriteAll(fd, hash.view(), end_ + head.size() + payload.size());
  if (!written.ok()) {
    // What stays when even this fails is a torn end.
    if (ftruncate(fd, static_cast<off_t>(end_)) != 0) return written.At("and it is torn now");
    return written;
  }
  const std::uint64_t size = head.size() + payload.size() + hash.view().size();
  end_ += size;
  unsynced_ += size;
  last_hash_ = hash;
  return unsynced_ >= kSyncBytes ? Sync() : Status::Ok();
}

const CourierPlace* CourierWriter::Find(const ProviderId& destination,
                                        std::string_view name) const {
  const auto found = carried_.find(std::pair(destination, std::string(name)));
  return found == carried_.end() ? nullptr : &found->second;
}

bool CourierWriter::Carries(const ProviderId& destination, std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return Find(destination, name) != nullptr;
}

std::uint64_t CourierWriter::SizeOf(const ProviderId& destination, std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const CourierPlace* place = Find(destination, name);
  return place == nullptr ? 0 : place->size;
}

Status CourierWriter::Read(const ProviderId& destination, std::string_view name,
                           std::uint64_t offset, MutableBytes out) const {
  const std::lock_guard lock(mutex_);
  const CourierPlace* place = Find(destination, name);
  if (place == nullptr) return NotFound("{} is not on the courier medium", name);
  if (!out.empty() && (offset > place->size || out.size() > place->size - offset)) {
    return Damaged("{} on the courier medium has {} bytes; {} bytes from offset {} were asked for",
                   name, place->size, out.size(), offset);
  }
  const ssize_t n = pread(parts_[place->part].get(), out.data(), out.size(),
                          static_cast<off_t>(place->offset + offset));
  if (n == static_cast<ssize_t>(out.size())) return Status::Ok();
  return Unavailable("cannot read {} from the courier medium", name);
}

Status CourierWriter::Append(const ProviderId& destination, std::string_view name, ByteView bytes) {
  const std::lock_guard lock(mutex_);
  if (Find(destination, name) != nullptr) return AlreadyExists("{} is carried already", name);
  FENCHI_ASSIGN_OR_RETURN(const Bytes head, format::EncodeCourierHead(format::CourierObject{
                                                destination, std::string(name), bytes.size()}));
  const std::uint64_t size = head.size() + bytes.size() + format::kCourierHashSize;
  if (part_bytes_max_ != 0 && end_ + size > part_bytes_max_) FENCHI_RETURN_IF_ERROR(StartPart());
  const CourierPlace place{parts_.size() - 1, end_ + head.size(), bytes.size()};
  FENCHI_RETURN_IF_ERROR(Write(head, bytes));
  carried_.emplace(std::pair(destination, std::string(name)), place);
  ++objects_;
  bytes_ += bytes.size();
  return Status::Ok();
}

Status CourierWriter::Close() {
  const std::lock_guard lock(mutex_);
  FENCHI_ASSIGN_OR_RETURN(const Bytes head,
                          format::EncodeCourierHead(format::CourierManifest{objects_, bytes_}));
  FENCHI_RETURN_IF_ERROR(Write(head, {}));
  return Sync();
}

namespace {

class CourierView final : public Provider {
 public:
  CourierView(std::shared_ptr<CourierWriter> medium, const ProviderId& destination,
              std::shared_ptr<Provider> beneath, std::string location)
      : medium_(std::move(medium)),
        destination_(destination),
        beneath_(std::move(beneath)),
        location_(std::move(location)) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    if (options.replace) return Unsupported("a courier medium replaces nothing");
    const std::string names[] = {std::string(name)};
    FENCHI_ASSIGN_OR_RETURN(const auto there, Stat(names));
    if (there.front()) return AlreadyExists("{} is at {} already", name, location_);
    if (source.size() > format::kCourierObjectSizeMax) {
      return InvalidArgument("{} is too large for a courier medium", name);
    }
    Bytes bytes(static_cast<std::size_t>(source.size()));
    FENCHI_RETURN_IF_ERROR(source.Read(0, bytes));
    return medium_->Append(destination_, name, bytes);
  }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    if (beneath_ && !medium_->Carries(destination_, name)) return beneath_->Get(name, offset, out);
    return medium_->Read(destination_, name, offset, out);
  }

  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    std::vector<std::optional<ObjectInfo>> out(names.size());
    if (beneath_) {
      FENCHI_ASSIGN_OR_RETURN(out, beneath_->Stat(names));
      if (out.size() != names.size()) return Unavailable("{} answers at random", location_);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      FENCHI_RETURN_IF_ERROR(CheckObjectName(names[i]));
      if (!medium_->Carries(destination_, names[i])) continue;
      out[i] = ObjectInfo{names[i], medium_->SizeOf(destination_, names[i])};
    }
    return out;
  }

  Status List(std::string_view, std::string_view,
              const std::function<bool(const ObjectInfo&)>&) override {
    return Unsupported("a courier medium that is being written is not listed");
  }
  Result<std::vector<Status>> Delete(std::span<const std::string>) override {
    return Denied("nothing is deleted from a courier medium");
  }
  Capability capability() const override {
    return {.create_only = true, .can_delete = false, .durable = true};
  }
  std::string location() const override { return location_; }

 private:
  std::shared_ptr<CourierWriter> medium_;
  ProviderId destination_;
  std::shared_ptr<Provider> beneath_;
  std::string location_;
};

}  // namespace

std::shared_ptr<Provider> ViewThroughCourier(std::shared_ptr<CourierWriter> medium,
                                             const ProviderId& destination,
                                             std::shared_ptr<Provider> beneath,
                                             const std::string& location) {
  return std::make_shared<CourierView>(std::move(medium), destination, std::move(beneath),
                                       location);
}

}  // namespace fenchi
