// Writing one object to Google Cloud Storage: whole or absent, create-only.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "storage/gcs_answer.h"
#include "storage/gcs_place.h"

namespace fenchi {

// A small object is one request. A larger one:
// 1. The service opens an upload and names its URL, which is as good as a credential.
// 2. The bytes go there. If that breaks off, the URL is kept in memory with the hash of the bytes.
// 3. The next Put of the same bytes under the same name asks how many bytes have arrived, and goes
//    on from there.
class GcsWriter {
 public:
  explicit GcsWriter(GcsPlace& place) : place_(place) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options);

 private:
  struct Upload {
    std::string url = {};
    std::uint64_t size_bytes = 0;
    Bytes hash = {};
    bool replace = false;
    std::optional<Timestamp> retain_until = {};
    friend bool operator==(const Upload&, const Upload&) = default;
  };
  enum class Outcome { kStored, kExpired };

  Status PutWhole(std::string_view name, Source& source, const PutOptions& options);
  std::string Description(std::string_view name,
                          const std::optional<Timestamp>& retain_until) const;
  Result<Upload> Begin(std::string_view name, Upload upload);
  // How many bytes the service has; the object's size when it is complete.
  Result<std::optional<std::uint64_t>> Arrived(std::string_view name, const Upload& upload);
  Result<Outcome> SendRest(std::string_view name, const Upload& upload, Source& source,
                           std::uint64_t from);
  // An upload like `wanted` that broke off, taken out of the table.
  std::optional<Upload> TakeBroken(std::string_view name, const Upload& wanted);
  void KeepBroken(std::string_view name, Upload upload);
  Status CheckStored(const GcsCall& call, const HttpResponse& response, std::uint64_t size);

  GcsPlace& place_;
  std::mutex mutex_;
  std::map<std::string, Upload, std::less<>> broken_;
};

// How the place retains objects; nullopt where it does not.
std::optional<GcsRetention> RetentionUntil(const GcsOptions& options, Timestamp until);
GcsRetention RetentionOf(const ObjectLock& lock);

}  // namespace fenchi
