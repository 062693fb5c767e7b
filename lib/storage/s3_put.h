// Writing one object to S3: in one request, or in parts that survive a broken line.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "fenchi/provider.h"
#include "storage/s3_place.h"

namespace fenchi {

// Uploads in parts that this process has begun and not ended: so that a Put which is tried again
// goes on, and two Puts of one name never share an upload.
class S3Uploads {
 public:
  struct Claim {
    bool alone = true;    // no other Put of this key is under way in this process
    std::string id = {};  // of an upload that broke off, or ""
  };
  Claim Begin(const std::string& key);
  // `id`: to be gone on with later; "" when it ended, well or for good.
  void End(const std::string& key, bool alone, const std::string& id);

 private:
  struct Row {
    int running = 0;
    std::string id;
  };
  std::mutex mutex_;
  std::map<std::string, Row> rows_;
};

// As Provider::Put.
//
// Up to part_bytes: one PUT with `If-None-Match: *`. A 409 (somebody writes the name at this
// moment) is tried again a few times. Larger:
// 1. Create-only: is the name taken? Then nothing is sent.
// 2. Take up the upload of this name that broke off, here or in an earlier process, else begin one.
// 3. Send the parts that are missing, or whose MD5 or size differs, several at once.
// 4. Complete, with `If-None-Match: *`.
// A failure that may pass keeps the upload for the next try; any other aborts it.
Status PutS3(S3Place& place, S3Uploads& uploads, std::string_view name, Source& source,
             const PutOptions& options);

// As Provider::RetainedUntil and ExtendRetention. A lock in governance mode is none where the
// options want compliance, and is made one; a stricter mode and a later date stay as they are.
Result<std::optional<Timestamp>> S3RetainedUntil(S3Place& place, std::string_view name);
Status ExtendS3Retention(S3Place& place, std::string_view name, Timestamp until);

// Proves that the server refuses to overwrite, by writing one object of a fixed name until it does.
// Errors: kUnsupported when it never does; else what the first write meets.
Status ProveS3CreateOnly(S3Place& place);

}  // namespace fenchi
