// What S3 answers: its XML, its error codes, and what these mean to the caller.
//
// The server is a stranger: nothing that it says is believed beyond its form, and of its texts only
// an error's code word is repeated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/clock.h"
#include "fenchi/status.h"
#include "storage/http_client.h"
#include "storage/object_lock.h"

namespace fenchi {

struct S3Error {
  std::string code;     // "NoSuchKey": letters, digits and '.', "" when the body is no error
  bool locked = false;  // the text speaks of a lock or retention
};
// The <Error> of a body, whatever the status: S3 may send one in a 200.
S3Error ReadS3Error(std::string_view body);

// Why the answer is no success. now: of this machine, to name a clock that is wrong.
// Codes: kAlreadyExists (412), kNotFound (NoSuchKey, NoSuchUpload), kDamaged (a range past the
// end), kDenied (credentials, permissions, clock, account), kLocked, kFull, kUnavailable
// (throttled, failing, in conflict, and a bucket that is not there: its objects are not "absent"),
// kInvalidArgument (another region, a bucket's name), kUnsupported.
Status S3Failure(const HttpRequest& request, const HttpResponse& response,
                 std::string_view location, Timestamp now);

struct S3Page {
  struct Entry {
    std::string key;
    std::uint64_t size_bytes = 0;
  };
  std::vector<Entry> entries;  // as told, in the order told
  bool truncated = false;
  std::string next_token;
};
// Errors: kDamaged when the body is no ListBucketResult or a field in it makes no sense.
Result<S3Page> ReadS3Page(std::string_view body);

// Unfinished uploads of exactly this key, in the order told.
Result<std::vector<std::string>> ReadS3Uploads(std::string_view body, std::string_view key);

struct S3Part {
  int number = 0;
  std::uint64_t size_bytes = 0;
  std::string etag;  // without quotes
};
struct S3Parts {
  std::vector<S3Part> parts;
  bool truncated = false;
  int next_marker = 0;
};
Result<S3Parts> ReadS3Parts(std::string_view body);

// The UploadId of an InitiateMultipartUploadResult.
Result<std::string> ReadS3UploadId(std::string_view body);
// Whether the body is a CompleteMultipartUploadResult.
bool IsS3Completed(std::string_view body);

// For each <Error> in a DeleteResult: the key, and the error as a document of its own.
struct S3DeleteError {
  std::string key;
  std::string xml;
};
Result<std::vector<S3DeleteError>> ReadS3Deleted(std::string_view body);

// What a Retention says; nullopt where it names no date.
Result<std::optional<ObjectLock>> ReadS3Retention(std::string_view body);

// The five characters that XML needs escaped.
std::string EscapeXml(std::string_view text);
// An ETag without its quotes.
std::string_view Unquoted(std::string_view etag);

}  // namespace fenchi
