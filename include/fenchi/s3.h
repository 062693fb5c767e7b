// A folder in a bucket of S3, or of one of its many imitations, as a provider.
//
// By URL: "s3://bucket/folder?OPTION=VALUE&...", all of it optional but the bucket:
//   endpoint=https://host:port  a server other than Amazon's. Else AWS_ENDPOINT_URL_S3,
//                               AWS_ENDPOINT_URL, the profile's endpoint_url, Amazon's own.
//   region=eu-west-1            else AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1
//   style=path|virtual          bucket in the path or in the host name. Default: virtual at Amazon
//                               for a bucket whose name allows it, else path.
//   profile=NAME                which part of ~/.aws/credentials and ~/.aws/config; else
//                               AWS_PROFILE, "default"
//   lock=compliance|governance  PutOptions::retain_until becomes an object lock; the bucket must
//                               have been made with object lock
//   legal_hold=on               each object is also held until somebody lifts the hold
//   checksum=md5|sha256         sent with each object; none by default: some imitations fail on it
//   payload=unsigned            over TLS the signature leaves the bytes out, which saves a pass
//   over
//                               them; some imitations then keep what a broken line has cut short
//   part_mib=16                 objects larger than this go up in parts of this size (5..1024)
//   overwrite=allowed           write also to a server that overwrites silently
//   plain_text=allowed          http:// endpoints are refused without this
//   parallel=16                 requests at once (1..256)
// Credentials never stand in the URL: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
// else the files above, else S3Options::credentials. Proxies and authorities: https_proxy,
// no_proxy, SSL_CERT_FILE, CURL_CA_BUNDLE, and AWS_CA_BUNDLE before these.
//
// Opening asks nothing of the network. Put is create-only by `If-None-Match: *`. Before the first
// one a server that is not Amazon's is tried: the object "folder/.fenchi-probe" is written until
// the server refuses; one that never does is refused with kUnsupported, unless allowed by name. An
// object that was begun in parts and broke off goes on where it stood: parts that are there already
// are compared by their MD5 and kept. Where versions are kept, Delete hides an object and the
// bucket keeps its bytes; with `lock` Delete removes the version, and answers kLocked while it may
// not.
//
//   FENCHI_ASSIGN_OR_RETURN(auto tokyo,
//   fenchi::OpenProvider("s3://ledger/tokyo?region=ap-northeast-1"));
//
// Threads: any number; at most `parallel_max` requests are under way on connections that are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fenchi/clock.h"
#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

struct S3Credentials {
  std::string access_key_id = {};
  SecretBytes secret_access_key = {};
  std::string session_token = {};         // empty: none
  std::optional<Timestamp> expires = {};  // asked for again a few minutes before
};

// Where credentials come from. Called from any thread, rarely: at the first request, near their
// end, and after the server has called them expired.
using S3CredentialSource = std::function<Result<S3Credentials>()>;

enum class S3Style { kAutomatic, kPath, kVirtual };
enum class S3Lock { kNone, kGovernance, kCompliance };
enum class S3Checksum { kNone, kMd5, kSha256 };

struct S3Options {
  std::string bucket = {};
  std::string folder = {};    // "" or "a/b": all objects lie below it
  std::string endpoint = {};  // "" Amazon's; "https://host:port"
  std::string region = "us-east-1";
  S3Style style = S3Style::kAutomatic;
  S3CredentialSource credentials = {};  // empty: the environment and files, see above
  S3Lock lock = S3Lock::kNone;
  bool legal_hold = false;
  S3Checksum checksum = S3Checksum::kNone;
  bool sign_payload = true;
  std::uint64_t part_bytes = 16u << 20;
  bool allow_overwrite = false;
  bool allow_plain_text = false;
  std::size_t parallel_max = 16;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{30};  // for a line on which hardly a byte moves
  std::string ca_file = {};                // in place of the environment's
  Clock* clock = nullptr;                  // for signatures; default: the system's
  Domain domain = {};
};

// The options that a URL, the environment and the files in ~/.aws say.
// Errors: kInvalidArgument; no part of the URL is repeated in a message.
FENCHI_EXPORT Result<S3Options> ParseS3Url(std::string_view url);

// The environment's credentials, else those of `profile` in the files of ~/.aws ("": AWS_PROFILE,
// else "default"). Read anew at each call.
// Errors, when called: kDenied when there are none, or the profile names a way that fenchi does not
// know (a role, a log-in, a program): for these write an S3CredentialSource.
FENCHI_EXPORT S3CredentialSource S3CredentialsOfEnvironment(const std::string& profile = {});

// Errors: kInvalidArgument for options out of range; kUnsupported when this build has no HTTP.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenS3Provider(const S3Options& options);

}  // namespace fenchi
