// What Google Cloud Storage answers: its JSON, its reasons, and what these mean to the caller.
//
// The service is a stranger: nothing that it says is believed beyond its form, and of its texts
// only a reason's code word is repeated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/provider.h"
#include "fenchi/status.h"
#include "storage/http_client.h"
#include "storage/object_lock.h"

namespace fenchi {

// Why the answer is no success.
// Codes: kAlreadyExists, kNotFound, kDamaged (a range past the end), kDenied, kLocked (retention, a
// hold), kUnavailable (throttled, failing), else by the status.
Status GcsFailure(const HttpRequest& request, const HttpResponse& response,
                  std::string_view location);

struct GcsPage {
  std::vector<ObjectInfo> objects = {};  // names as told, in the order told
  std::string next_token = {};           // "" on the last page
};
// Errors: kUnavailable when the body is no listing.
Result<GcsPage> ReadGcsPage(const HttpRequest& request, const HttpResponse& response,
                            std::string_view location);

// The size in an object's description. Errors: kUnavailable when the body is no such thing.
Result<std::uint64_t> ReadGcsSize(const HttpRequest& request, const HttpResponse& response,
                                  std::string_view location);

// The retention in an object's description; nullopt where it names none. Errors: kUnavailable when
// the body is no description.
Result<std::optional<ObjectLock>> ReadGcsRetention(const HttpRequest& request,
                                                   const HttpResponse& response,
                                                   std::string_view location);

struct GcsRetention {
  std::string mode = {};   // "Locked", "Unlocked"
  std::string until = {};  // RFC 3339
};
// What begins an upload: {"name": NAME, ...}, and the retention, if any.
std::string WriteGcsObject(std::string_view name, const std::optional<GcsRetention>& retention);
// What changes the retention of an object: {"retention": {...}}.
std::string WriteGcsRetention(const GcsRetention& retention);

}  // namespace fenchi
