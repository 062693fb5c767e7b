#include "storage/azure_answer.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "storage/http_failure.h"
#include "storage/xml_answer.h"

namespace fenchi {
namespace {

constexpr std::int64_t kClockSecondsMax = 10 * 60;
constexpr std::size_t kCodeMax = 60;

bool IsCode(std::string_view text) {
  return !text.empty() && text.size() <= kCodeMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

Status Refused(const std::string& what, const std::string& code, const HttpResponse& response,
               Timestamp now) {
  const auto there = response.Date();
  if (there && std::abs(there->seconds - now.seconds) > kClockSecondsMax) {
    return Denied("{}: refused ({}); this machine's clock and the service's are {} minutes apart",
                  what, code, std::abs(there->seconds - now.seconds) / 60)
        .WithHint("set the clock: signatures with another time are refused");
  }
  return Denied("{}: the credentials are refused ({})", what, code)
      .WithHint(
          "check that key, SAS or token belong to this account and have not run out or been"
          " replaced");
}

Status Malformed(const HttpRequest& request, std::string_view location) {
  return Unavailable("{}: a field of the answer makes no sense",
                     DescribeRequest(request, location));
}

}  // namespace

std::string ReadAzureErrorCode(const HttpResponse& response) {
  const std::string_view header = response.Header("x-ms-error-code").value_or("");
  if (IsCode(header)) return std::string(header);
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) return {};
  if (LocalName(document.document_element()) != "Error") return {};
  const std::string_view code = ChildText(document.document_element(), "Code");
  return IsCode(code) ? std::string(code) : std::string();
}

namespace {

Status MeaningOf(const HttpRequest& request, const HttpResponse& response,
                 std::string_view location, Timestamp now) {
  const std::string code = ReadAzureErrorCode(response);
  const std::string what = DescribeRequest(request, location);
  if (code.empty() && response.status == 412) {
    return AlreadyExists("{}: the name is taken", what);
  }
  if (code.empty() && response.status == 416) {
    return Damaged("{}: the object ends before the range asked for", what);
  }
  if (code.empty() && response.status == 404) {
    return Unavailable("{}: something else than Azure answered (404)", what)
        .WithHint("nothing counts as absent: check the endpoint");
  }
  if (code.empty()) return HttpStatusFailure(request, response, location);
  // UnauthorizedBlobOverwrite: a signature that may create, but not write.
  if (code == "BlobAlreadyExists" || code == "ConditionNotMet" || code == "TargetConditionNotMet" ||
      code == "UnauthorizedBlobOverwrite") {
    return AlreadyExists("{}: the name is taken ({})", what, code);
  }
  if (code == "BlobNotFound" || code == "ResourceNotFound") {
    return NotFound("{}: it is not there ({})", what, code);
  }
  if (code.starts_with("Container")) {
    return Unavailable("{}: the container is not there or not usable ({})", what, code)
        .WithHint("nothing in it counts as lost: check the URL, or make the container");
  }
  if (code == "InvalidRange") {
    return Damaged("{}: the object ends before the range asked for", what);
  }
  if (code == "AuthenticationFailed" || response.status == 401) {
    return Refused(what, code, response, now);
  }
  if (code.starts_with("BlobImmutable") || code.starts_with("Lease") ||
      code == "SnapshotsPresent") {
    return Locked("{}: it is locked ({})", what, code)
        .WithHint("until its retention ends; repeating does not help");
  }
  if (code == "BlobArchived" || code == "BlobBeingRehydrated") {
    return Unavailable("{}: it lies in the archive tier ({})", what, code)
        .WithHint("move it to an online tier (it takes hours), then try again");
  }
  if (code == "InvalidBlockList" || code == "InvalidBlobOrBlock") {
    return Unavailable("{}: the service has lost blocks of it ({})", what, code)
        .WithHint("try again");
  }
  if (response.status == 403) {
    return Denied("{}: these credentials may not do this ({})", what, code)
        .WithHint("docs/providers/azure.md says which permissions each operation needs");
  }
  Status status = HttpStatusFailure(request, response, location);
  return Status(status.code(), fmt::format("{} {}", status.message(), code), status.hint());
}

}  // namespace

Status AzureFailure(const HttpRequest& request, const HttpResponse& response,
                    std::string_view location, Timestamp now) {
  return WithServersWait(MeaningOf(request, response, location, now), response);
}

Result<AzurePage> ReadAzurePage(const HttpRequest& request, const HttpResponse& response,
                                std::string_view location) {
  FENCHI_ASSIGN_OR_RETURN(const pugi::xml_document document,
                          ParseXmlAnswer(request, response, "EnumerationResults", location));
  AzurePage page;
  for (const pugi::xml_node& blob : Child(document.document_element(), "Blobs").children()) {
    if (LocalName(blob) != "Blob") continue;
    const pugi::xml_node properties = Child(blob, "Properties");
    const std::string_view kind = ChildText(properties, "ResourceType");
    page.has_directories = page.has_directories || !kind.empty();
    if (kind == "directory") continue;
    const auto size = Number(ChildText(properties, "Content-Length"));
    const std::string_view name = Child(blob, "Name").text().get();
    if (name.empty() || !size) return Malformed(request, location);
    page.blobs.push_back({std::string(name), *size});
  }
  page.next_marker = ChildText(document.document_element(), "NextMarker");
  return page;
}

Result<std::map<std::string, std::uint64_t>> ReadAzureBlocks(const HttpRequest& request,
                                                             const HttpResponse& response,
                                                             std::string_view location) {
  FENCHI_ASSIGN_OR_RETURN(const pugi::xml_document document,
                          ParseXmlAnswer(request, response, "BlockList", location));
  std::map<std::string, std::uint64_t> blocks;
  const pugi::xml_node uncommitted = Child(document.document_element(), "UncommittedBlocks");
  for (const pugi::xml_node& block : uncommitted.children()) {
    const auto size = Number(ChildText(block, "Size"));
    if (!size) return Malformed(request, location);
    blocks[std::string(ChildText(block, "Name"))] = *size;
  }
  return blocks;
}

bool IsFromAzure(const HttpResponse& response) {
  return response.Header("x-ms-request-id").has_value() && !LooksLikeWebPage(response);
}

}  // namespace fenchi
