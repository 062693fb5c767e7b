// What to tell the caller when a request failed, in the transport or by the server's answer.
#pragma once

#include <string>
#include <string_view>

#include "fenchi/status.h"
#include "storage/http_client.h"

namespace fenchi {

// "cannot read d/abc at s3://ledger".
std::string DescribeRequest(const HttpRequest& request, std::string_view location);

// At most 200 characters of what a stranger sent, fit for a terminal: no control characters, no
// bytes outside ASCII.
std::string PrintableText(std::string_view text);

// By the status of the answer alone; the provider looks at its own error codes first. 3xx: kDenied,
// says where the server wanted to send us (the host, nothing else). 404, 410: kNotFound. 408, 421,
// 425, 429, 5xx: kUnavailable. 412: kAlreadyExists. 409: kConflict. 405, 413: kUnsupported. 423:
// kLocked. 507: kFull. Other 4xx: kDenied, since they tell of the place and never of the object.
// The rest, a 2xx that makes no sense too: kUnavailable.
Status HttpStatusFailure(const HttpRequest& request, const HttpResponse& response,
                         std::string_view location);

// `status` with the wait that the answer asks for (Retry-After), where trying again may help.
Status WithServersWait(const Status& status, const HttpResponse& response);

// True when a body that should be data of a protocol is a web page: a captive portal, a proxy.
bool LooksLikeWebPage(const HttpResponse& response);

}  // namespace fenchi
