#include "storage/gcs_answer.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "storage/http_failure.h"

namespace fenchi {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kReasonMax = 60;

// The member, where `json` is an object that has it; else null.
const Json& Member(const Json& json, const char* name) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(name);
  return found == json.end() ? kNull : *found;
}

std::string_view Text(const Json& json) {
  const auto* const text = json.get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// 64-bit numbers are texts in this API.
std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::string Reason(const HttpResponse& response) {
  const Json body = Json::parse(response.body, nullptr, false);
  const Json& errors = Member(Member(body, "error"), "errors");
  if (!errors.is_array() || errors.empty()) return {};
  const std::string_view reason = Text(Member(errors.front(), "reason"));
  const bool word =
      reason.size() <= kReasonMax && std::all_of(reason.begin(), reason.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      });
  return word ? std::string(reason) : std::string();
}

Json RetentionJson(const GcsRetention& retention) {
  return {{"mode", retention.mode}, {"retainUntilTime", retention.until}};
}

Status Malformed(const HttpRequest& request, const HttpResponse& response,
                 std::string_view location) {
  const std::string what = DescribeRequest(request, location);
  if (LooksLikeWebPage(response)) {
    return Unavailable("{}: a web page came in place of an answer ({})", what, response.status)
        .WithHint("a proxy or a log-in page of the network may be in the way");
  }
  return Unavailable("{}: the answer ({}) is not what it must be", what, response.status)
      .WithHint("try again; if it stays, the endpoint is not that of such a service");
}

}  // namespace

namespace {

Status MeaningOf(const HttpRequest& request, const HttpResponse& response,
                 std::string_view location) {
  const std::string reason = Reason(response);
  const std::string what = DescribeRequest(request, location);
  if (response.status == 412) return AlreadyExists("{}: the name is taken", what);
  if (response.status == 416) {
    return Damaged("{}: the object ends before the range asked for", what);
  }
  if (response.status == 401) {
    return Denied("{}: the token is refused (401)", what)
        .WithHint(
            "it lives about an hour: renew FENCHI_GCS_TOKEN, or the file that it is read from");
  }
  if (reason == "retentionPolicyNotMet" || reason == "objectUnderActiveHold") {
    return Locked("{}: it is locked ({})", what, reason)
        .WithHint("until its retention or hold ends; repeating does not help");
  }
  if (reason == "rateLimitExceeded" || reason == "userRateLimitExceeded" ||
      reason == "quotaExceeded") {
    return Unavailable("{}: the service asks to slow down ({})", what, reason)
        .WithHint("try again later, or with fewer calls at once");
  }
  if (response.status == 403) {
    return Denied("{}: this account may not do this (403 {})", what, reason)
        .WithHint("docs/providers/gcs.md says which permissions each operation needs");
  }
  return HttpStatusFailure(request, response, location);
}

}  // namespace

Status GcsFailure(const HttpRequest& request, const HttpResponse& response,
                  std::string_view location) {
  return WithServersWait(MeaningOf(request, response, location), response);
}

Result<GcsPage> ReadGcsPage(const HttpRequest& request, const HttpResponse& response,
                            std::string_view location) {
  const Json body = Json::parse(response.body, nullptr, false);
  if (!body.is_object()) return Malformed(request, response, location);
  GcsPage page;
  const Json& items = Member(body, "items");
  if (!items.is_array() && !items.is_null()) return Malformed(request, response, location);
  for (const Json& item : items) {
    const std::string_view name = Text(Member(item, "name"));
    const auto size = Number(Text(Member(item, "size")));
    if (name.empty() || !size) return Malformed(request, response, location);
    page.objects.push_back({std::string(name), *size});
  }
  page.next_token = Text(Member(body, "nextPageToken"));
  return page;
}

Result<std::uint64_t> ReadGcsSize(const HttpRequest& request, const HttpResponse& response,
                                  std::string_view location) {
  const Json body = Json::parse(response.body, nullptr, false);
  const auto size = Number(Text(Member(body, "size")));
  if (!size) return Malformed(request, response, location);
  return *size;
}

Result<std::optional<ObjectLock>> ReadGcsRetention(const HttpRequest& request,
                                                   const HttpResponse& response,
                                                   std::string_view location) {
  const Json body = Json::parse(response.body, nullptr, false);
  if (!body.is_object()) return Malformed(request, response, location);
  const Json& retention = Member(body, "retention");
  const Json& told = Member(retention, "retainUntilTime");
  if (told.is_null()) return std::optional<ObjectLock>();
  const std::optional<Timestamp> until = FromIso8601(Text(told));
  if (!until.has_value()) return Malformed(request, response, location);
  const bool strict = Text(Member(retention, "mode")) == "Locked";
  return std::optional(ObjectLock{.until = *until, .strict = strict});
}

std::string WriteGcsObject(std::string_view name, const std::optional<GcsRetention>& retention) {
  Json object = {{"name", std::string(name)}, {"contentType", "application/octet-stream"}};
  if (retention.has_value()) {
    object["retention"] = RetentionJson(*retention);
  }
  // A folder that is no UTF-8 must not end the process.
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string WriteGcsRetention(const GcsRetention& retention) {
  return Json{{"retention", RetentionJson(retention)}}.dump();
}

}  // namespace fenchi
