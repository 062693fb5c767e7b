// One pass over a courier medium: what is whole, what is not, and whether all of it came.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/coding.h"
#include "base/display.h"
#include "base/error.h"
#include "repository/courier_medium.h"

namespace fenchi {
namespace {

using format::CourierHead;
using format::CourierManifest;
using format::CourierObject;

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kPartsMax = 9999;

// One file, read from its beginning to its end.
class PartFile {
 public:
  static Result<PartFile> Open(const std::string& path) {
    PartFile out;
    out.path_ = path;
    out.fd_ = filesystem::Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!out.fd_.valid()) return ErrnoStatus(errno, "cannot open " + QuoteForDisplay(path));
    struct stat info {};
    if (fstat(out.fd_.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return Io("{} is not a regular file", QuoteForDisplay(path));
    }
    out.size_ = static_cast<std::uint64_t>(info.st_size);
    return out;
  }

  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return size_ - position_; }

  // Fills `out` as far as the file goes; how far it went. Errors: kIo.
  Result<std::size_t> Read(MutableBytes out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = read(fd_.get(), out.data() + done, out.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "cannot read " + QuoteForDisplay(path_));
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    position_ += done;
    return done;
  }

 private:
  PartFile() = default;
  std::string path_;
  filesystem::Descriptor fd_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
};

class Scan {
 public:
  Scan(const CourierVisit& visit, const Observer& observer) : visit_(visit), observer_(observer) {}

  Result<CourierScan> Run(const std::string& path) {
    out_.report.path = path;
    FENCHI_ASSIGN_OR_RETURN(const std::vector<std::string> parts, CourierParts(path));
    if (parts.empty()) {
      return NotFound("there is no courier medium at {}", QuoteForDisplay(path))
          .WithHint("is it plugged in and mounted?");
    }
    out_.parts = parts.size();
    for (part_ = 0; part_ < parts.size(); ++part_) {
      FENCHI_ASSIGN_OR_RETURN(PartFile file, PartFile::Open(parts[part_]));
      FENCHI_RETURN_IF_ERROR(ReadPart(file));
    }
    for (const auto& [provider, cargo] : cargo_) out_.report.cargo.push_back(cargo);
    out_.report.closed = closed_;
    if (!closed_)
      Damage("it is not closed by a manifest: its end is missing, or was never written");
    out_.only_tail_torn = torn_ && !broken_;
    return std::move(out_);
  }

 private:
  void Damage(std::string what) {
    out_.report.damage.push_back(fmt::format("file {}: {}", part_ + 1, std::move(what)));
  }

  Status ReadPart(PartFile& file) {
    Bytes header(format::kCourierHeaderSize + format::kCourierHashSize);
    FENCHI_ASSIGN_OR_RETURN(const std::size_t got, file.Read(header));
    const ByteView raw = ByteView(header).first(format::kCourierHeaderSize);
    const auto decoded =
        format::DecodeCourierHeader(got == header.size() ? raw : ByteView(header).first(0));
    if (!decoded.ok()) {
      if (part_ == 0) return decoded.status().At(QuoteForDisplay(out_.report.path));
      // A new file that a crash left without its header is a torn end as well.
      torn_ = got < header.size() && part_ + 1 == out_.parts;
      broken_ = broken_ || !torn_;
      out_.good_end = 0;
      closed_ = false;
      Damage(decoded.status().message());
      return Status::Ok();
    }
    const bool hash_right =
        std::ranges::equal(format::CourierHash(decoded->before, raw, {}).view(),
                           ByteView(header).subspan(format::kCourierHeaderSize));
    const bool follows =
        part_ == 0 || (decoded->courier == out_.courier && decoded->before == out_.last_hash);
    if (!hash_right || !follows || decoded->part != part_ + 1) {
      broken_ = true;
      Damage("it does not follow the file before: it is of another medium, or one is missing");
    }
    if (part_ == 0) out_.courier = decoded->courier;
    out_.last_hash = *Hash256::From(ByteView(header).subspan(format::kCourierHeaderSize));
    out_.good_end = file.position();
    closed_ = false;
    return ReadRecords(file);
  }

  Status ReadRecords(PartFile& file) {
    while (file.left() > 0) {
      if (observer_.cancelled && observer_.cancelled()) {
        return Cancelled("stopped on request while reading the medium");
      }
      FENCHI_ASSIGN_OR_RETURN(const bool more, ReadRecord(file));
      if (!more) return Status::Ok();
    }
    return Status::Ok();
  }

  // False: what follows in this file cannot be told apart.
  Result<bool> ReadRecord(PartFile& file) {
    const std::uint64_t begin = file.position();
    Bytes head(kLengthSize);
    FENCHI_ASSIGN_OR_RETURN(std::size_t got, file.Read(head));
    const std::uint32_t size = got == kLengthSize ? GetBe32(head) : 0;
    if (size == 0 || size > format::kCourierHeadSizeMax)
      return Unreadable(begin, got < kLengthSize);
    head.resize(kLengthSize + size);
    FENCHI_ASSIGN_OR_RETURN(got, file.Read(MutableBytes(head).subspan(kLengthSize)));
    if (got < size) return Unreadable(begin, true);
    const auto decoded = format::DecodeCourierHead(ByteView(head).subspan(kLengthSize));
    if (!decoded.ok()) return Unreadable(begin, false);
    const auto* object = std::get_if<CourierObject>(&*decoded);
    const std::uint64_t payload_size = object != nullptr ? object->size_bytes : 0;
    if (file.left() < payload_size + format::kCourierHashSize) return Unreadable(begin, true);
    const CourierPlace place{part_, file.position(), payload_size};
    payload_.resize(static_cast<std::size_t>(payload_size));
    FENCHI_ASSIGN_OR_RETURN(got, file.Read(payload_));
    Bytes stored(format::kCourierHashSize);
    FENCHI_ASSIGN_OR_RETURN(const std::size_t hash_got, file.Read(stored));
    if (got < payload_.size() || hash_got < stored.size()) return Unreadable(begin, true);
    const bool right =
        std::ranges::equal(format::CourierHash(out_.last_hash, head, payload_).view(), stored);
    out_.last_hash = *Hash256::From(stored);
    if (torn_) broken_ = true;  // a torn end that something follows is no end
    if (!right) {
      torn_ = part_ + 1 == out_.parts;
      broken_ = broken_ || !torn_;
    } else if (!torn_ && !broken_) {
      out_.good_end = file.position();
    }
    FENCHI_RETURN_IF_ERROR(object != nullptr
                               ? TakeObject(*object, place, right)
                               : TakeManifest(std::get<CourierManifest>(*decoded), right));
    return true;
  }

  bool Unreadable(std::uint64_t begin, bool cut) {
    if (torn_ || !cut || part_ + 1 < out_.parts) broken_ = true;
    torn_ = true;
    closed_ = false;
    Damage(cut ? fmt::format("it is cut in the record at byte {}", begin)
               : fmt::format("the record at byte {} is damaged, and nothing behind it can be read",
                             begin));
    return false;
  }

  Status TakeObject(const CourierObject& object, const CourierPlace& place, bool right) {
    closed_ = false;
    ++out_.objects;
    out_.bytes += object.size_bytes;
    if (!right) {
      Damage(fmt::format("object {} is damaged", EscapeForDisplay(object.name)));
      return Status::Ok();
    }
    CourierCargo& cargo = cargo_[object.destination];
    cargo.provider = object.destination;
    ++cargo.objects;
    cargo.bytes += object.size_bytes;
    ++out_.report.objects;
    out_.report.bytes += object.size_bytes;
    if (observer_.progress) {
      observer_.progress({.phase = "courier",
                          .items_done = out_.report.objects,
                          .bytes_done = out_.report.bytes,
                          .current = object.name});
    }
    return visit_ ? visit_(object, payload_, place) : Status::Ok();
  }

  Status TakeManifest(const CourierManifest& manifest, bool right) {
    closed_ = right && manifest.objects == out_.objects && manifest.bytes == out_.bytes;
    out_.report.fingerprint = out_.last_hash;
    if (!closed_) {
      Damage(fmt::format("a manifest counts {} objects and {} bytes, {} and {} were found",
                         manifest.objects, manifest.bytes, out_.objects, out_.bytes));
    }
    return Status::Ok();
  }

  const CourierVisit& visit_;
  const Observer& observer_;
  CourierScan out_;
  std::map<ProviderId, CourierCargo> cargo_;
  std::size_t part_ = 0;
  Bytes payload_;
  bool closed_ = false;
  bool torn_ = false;    // the end of the last file is not whole
  bool broken_ = false;  // something else is not
};

}  // namespace

Result<std::vector<std::string>> CourierParts(const std::string& path) {
  if (path.empty()) return InvalidArgument("a courier medium needs a path");
  std::vector<std::string> parts;
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return parts;
    return ErrnoStatus(errno, "cannot look at " + QuoteForDisplay(path));
  }
  if (!S_ISDIR(info.st_mode)) return std::vector<std::string>{path};
  for (std::size_t part = 1; part <= kPartsMax; ++part) {
    std::string name = fmt::format("{}/courier-{:04}.fenchi", path, part);
    if (access(name.c_str(), F_OK) != 0) break;
    parts.push_back(std::move(name));
  }
  return parts;
}

Result<CourierScan> ScanCourier(const std::string& path, const CourierVisit& visit,
                                const Observer& observer) {
  return Scan(visit, observer).Run(path);
}

Result<CourierReport> CheckCourier(const std::string& path, const Observer& observer) {
  FENCHI_ASSIGN_OR_RETURN(CourierScan scan, ScanCourier(path, nullptr, observer));
  return std::move(scan.report);
}

}  // namespace fenchi
