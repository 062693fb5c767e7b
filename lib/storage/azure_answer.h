// What Azure Blob Storage answers: its XML, its error codes, and what these mean to the caller.
//
// The service is a stranger: nothing that it says is believed beyond its form, and of its texts
// only an error's code word is repeated.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/clock.h"
#include "fenchi/provider.h"
#include "fenchi/status.h"
#include "storage/http_client.h"

namespace fenchi {

// "BlobNotFound", of the header or the body; "" where there is none that looks like one.
std::string ReadAzureErrorCode(const HttpResponse& response);

// Why the answer is no success. now: of this machine, to name a clock that is wrong.
// Codes: kAlreadyExists, kNotFound (of a blob), kDamaged (a range past the end), kDenied, kLocked
// (immutable, leased, has snapshots), kUnavailable (throttled, failing, archived, a container that
// is not there and a 404 of somebody else: objects are not "absent" then), else by the status.
Status AzureFailure(const HttpRequest& request, const HttpResponse& response,
                    std::string_view location, Timestamp now);

struct AzurePage {
  std::vector<ObjectInfo> blobs = {};  // names as told, in the order told; no directories
  bool has_directories = false;        // a hierarchical account: its order is another
  std::string next_marker = {};        // "" on the last page
};
// Errors: kUnavailable when the body is no listing.
Result<AzurePage> ReadAzurePage(const HttpRequest& request, const HttpResponse& response,
                                std::string_view location);

// Size of each uncommitted block by its base64 id.
Result<std::map<std::string, std::uint64_t>> ReadAzureBlocks(const HttpRequest& request,
                                                             const HttpResponse& response,
                                                             std::string_view location);

// Whether a success really comes from the service, and not from a log-in page of the network.
bool IsFromAzure(const HttpResponse& response);

}  // namespace fenchi
