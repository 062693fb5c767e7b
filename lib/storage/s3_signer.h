// AWS Signature Version 4: a pure function of request, credentials and time.
//
// Takes the request unescaped and gives back what to send: path and query escaped, in the order
// that was signed, so that what travels is what was signed. Nothing is normalised: S3 keeps "//"
// and "..". Source: docs.aws.amazon.com, "AWS Signature Version 4 for API requests"; compared with
// botocore.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "fenchi/clock.h"
#include "fenchi/s3.h"
#include "storage/http_client.h"

namespace fenchi {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct S3Unsigned {
  std::string method;
  std::string host;                                             // as the Host header will say it
  std::string path;                                             // "/bucket/key", UTF-8, unescaped
  std::vector<std::pair<std::string, std::string>> query = {};  // unescaped, any order, repeats
  std::vector<HttpHeader> headers = {};                      // all are signed; no Host among them
  std::string payload_hash = std::string(kUnsignedPayload);  // or SHA-256 in hex
};

struct S3Signed {
  std::string target;               // "/bucket/key?query", escaped
  std::vector<HttpHeader> headers;  // those given, x-amz-date and the like, Authorization
};

// The signature in headers. time: to the second, UTC.
S3Signed SignS3(const S3Unsigned& request, const S3Credentials& credentials,
                const std::string& region, Timestamp time);

// The signature in the query: whoever has the target may send this request for `valid` from `time`
// on (1 s to 7 days), with exactly these headers. It is a secret as long as it is valid.
std::string PresignS3(const S3Unsigned& request, const S3Credentials& credentials,
                      const std::string& region, Timestamp time, std::chrono::seconds valid);

// "20261128T120000Z".
std::string S3Date(Timestamp time);

}  // namespace fenchi
