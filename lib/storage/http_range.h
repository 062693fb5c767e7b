// Reading a range of an object over HTTP (RFC 9110 section 14), with a server that may not keep to
// it.
#pragma once

#include <cstdint>

#include "fenchi/bytes.h"
#include "fenchi/status.h"
#include "storage/http_client.h"

namespace fenchi {

// Asks for exactly out.size() bytes from `offset`; `out` is not empty.
void AskForRange(HttpRequest& request, std::uint64_t offset, MutableBytes out);

// Whether an answer of status 200 or 206, which filled request.into, holds the range asked for.
// Errors: kDamaged for another range, or for the whole object in place of a part.
Status CheckRange(const HttpRequest& request, const HttpResponse& response, std::uint64_t offset,
                  std::string_view location);

// The object ends before the range does: what 416 means.
Status RangePastTheEnd(const HttpRequest& request, std::string_view location);

}  // namespace fenchi
