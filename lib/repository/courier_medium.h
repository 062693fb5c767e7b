// A courier medium as files: read in one pass, appended to, and seen as a provider.
//
// FORMAT.md section 16. A directory holds courier-0001.fenchi and so on, each of at most 2 GiB; a
// path that is no directory is one file. Nothing that is written is changed again, but for the
// torn end that a crash left, which is cut off when the medium is continued.
// Threads: CourierWriter is thread-safe; the others belong to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fenchi/courier.h"
#include "fenchi/random.h"
#include "filesystem/descriptor.h"
#include "format/courier.h"

namespace fenchi {

// Where an object's bytes lie.
struct CourierPlace {
  std::size_t part = 0;  // index of the file, from 0
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// What one pass found, besides what the report tells.
struct CourierScan {
  CourierReport report;
  format::CourierId courier;
  std::size_t parts = 0;
  Hash256 last_hash;            // of the last record that is framed right
  std::uint64_t good_end = 0;   // of the last file: after the last whole record before any damage
  bool only_tail_torn = false;  // all that is wrong is an unfinished end of the last file
  std::uint64_t objects = 0;    // framed right, whole or not: what a manifest counts
  std::uint64_t bytes = 0;
};

// For each whole object, in order; an error ends the pass.
using CourierVisit = std::function<Status(const format::CourierObject& object, ByteView bytes,
                                          const CourierPlace& place)>;

// Errors: as CheckCourier, and what `visit` answers.
Result<CourierScan> ScanCourier(const std::string& path, const CourierVisit& visit,
                                const Observer& observer = {});

// The files of the medium at `path`, in order; empty when there is none yet.
Result<std::vector<std::string>> CourierParts(const std::string& path);

class CourierWriter {
 public:
  // A new medium, or the end of the one that is there.
  // Errors: kDamaged when more than its end is broken; kUnavailable when another process writes it;
  // kIo; kFull.
  static Result<std::unique_ptr<CourierWriter>> Open(const std::string& path, Random& random,
                                                     const Observer& observer = {},
                                                     std::uint64_t part_bytes_max = kPartBytesMax);
  // Of one file in a directory: FAT32 ends at 4 GiB.
  static constexpr std::uint64_t kPartBytesMax = 2ull << 30;

  bool Carries(const ProviderId& destination, std::string_view name) const;
  // 0 when it is not carried.
  std::uint64_t SizeOf(const ProviderId& destination, std::string_view name) const;
  Status Read(const ProviderId& destination, std::string_view name, std::uint64_t offset,
              MutableBytes out) const;
  // Appends an object that the medium does not carry. Errors: kFull; kIo; kInvalidArgument. After
  // any of them the medium is as it was before.
  Status Append(const ProviderId& destination, std::string_view name, ByteView bytes);
  // Writes the manifest and makes all of it durable.
  Status Close();

 private:
  CourierWriter(std::string path, std::uint64_t part_bytes_max)
      : path_(std::move(path)), part_bytes_max_(part_bytes_max) {}
  Status Continue(const CourierScan& scan);
  Status StartPart();
  Status OpenPart(bool create);
  Status Write(ByteView head, ByteView payload);
  Status Sync();
  std::string PartPath(std::size_t part) const;
  const CourierPlace* Find(const ProviderId& destination, std::string_view name) const;

  const std::string path_;
  const std::uint64_t part_bytes_max_;  // 0: one file of any size
  mutable std::mutex mutex_;
  format::CourierId courier_;
  std::vector<filesystem::Descriptor> parts_;
  std::map<std::pair<ProviderId, std::string>, CourierPlace> carried_;
  Hash256 last_hash_;
  std::uint64_t end_ = 0;  // of the last file
  std::uint64_t unsynced_ = 0;
  std::uint64_t objects_ = 0;
  std::uint64_t bytes_ = 0;
};

// What a provider will hold once the medium is there: reads from the medium, else from what is
// `beneath` (null: nothing is known there); puts onto the medium.
std::shared_ptr<Provider> ViewThroughCourier(std::shared_ptr<CourierWriter> medium,
                                             const ProviderId& destination,
                                             std::shared_ptr<Provider> beneath,
                                             const std::string& location);

}  // namespace fenchi
