// A folder in a bucket of Google Cloud Storage as a provider.
//
// By URL: "gs://bucket/folder?OPTION=VALUE&...", all optional but the bucket (which must exist):
//   endpoint=https://host:port  where the service is, if not Google's: an emulator, a private
//                               endpoint
//   credentials=NAME            reads FENCHI_GCS_NAME_TOKEN, where several are in use
//   lock=locked|unlocked        PutOptions::retain_until becomes a retention of the object, of this
//                               mode; the bucket must have been made with object retention
//   resumable_mib=8             objects larger than this can be resumed (1..1024)
//   plain_text=allowed          http:// endpoints are refused without this
//   parallel=16                 requests at once (1..256)
// Credentials never stand in the URL. They are a bearer token (OAuth 2), which lives about an hour:
// FENCHI_GCS_TOKEN, or the file that FENCHI_GCS_TOKEN_FILE names (read again when the service calls
// the token expired, so that another program may renew it), or CLOUDSDK_AUTH_ACCESS_TOKEN; else
// GcsOptions::credentials, which Python's google-auth may serve.
//
// Opening asks nothing of the network. Put is create-only by `ifGenerationMatch=0`, decided by the
// service. A large object that broke off goes on at the byte that the service has acknowledged,
// when the same bytes are put again by the same provider object within a week. Where versions or
// soft deletion are switched on, Delete hides an object and the bucket keeps its bytes.
//
//   FENCHI_ASSIGN_OR_RETURN(auto zurich, fenchi::OpenProvider("gs://landregister/vault"));
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

struct GcsCredentials {
  SecretBytes token = {};
  std::optional<Timestamp> expires = {};  // asked for again a few minutes before
};

// Called from any thread, rarely: at the first request, near their end, and once more when the
// service refuses them.
using GcsCredentialSource = std::function<Result<GcsCredentials>()>;

enum class GcsLock { kNone, kUnlocked, kLocked };

struct GcsOptions {
  std::string bucket = {};
  std::string folder = {};               // "" or "a/b": all objects lie below it
  std::string endpoint = {};             // "": Google's own
  GcsCredentialSource credentials = {};  // empty: the environment, see above
  GcsLock lock = GcsLock::kNone;
  std::uint64_t resumable_bytes = 8u << 20;
  bool allow_plain_text = false;
  std::size_t parallel_max = 16;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{30};  // for a line on which hardly a byte moves
  Domain domain = {};
};

// Errors: kInvalidArgument; no part of the URL is repeated in a message.
FENCHI_EXPORT Result<GcsOptions> ParseGcsUrl(std::string_view url);

// What the variables above say, read anew at each call. name: as in credentials=NAME.
// Errors, when called: kDenied when there is none.
FENCHI_EXPORT GcsCredentialSource GcsCredentialsOfEnvironment(const std::string& name = {});

// Errors: kInvalidArgument for options out of range; kUnsupported when this build has no HTTP.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenGcsProvider(const GcsOptions& options);

}  // namespace fenchi
