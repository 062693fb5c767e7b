#include "storage/http_range.h"

#include "base/error.h"
#include "storage/http_failure.h"

namespace fenchi {

void AskForRange(HttpRequest& request, std::uint64_t offset, MutableBytes out) {
  request.into = out;
  request.headers.push_back(
      {"Range", fmt::format("bytes={}-{}", offset, offset + (out.size() - 1))});
}

Status CheckRange(const HttpRequest& request, const HttpResponse& response, std::uint64_t offset,
                  std::string_view location) {
  const std::string what = DescribeRequest(request, location);
  if (response.status == 200) {
    if (offset == 0) return Status::Ok();
    return Damaged("{}: the whole object came in place of a part", what)
        .WithHint("the server, or a proxy in the way, ignores ranges");
  }
  const std::string_view range = response.Header("content-range").value_or("");
  if (range.starts_with(fmt::format("bytes {}-", offset))) return Status::Ok();
  return Damaged("{}: another range came than the one asked for", what)
      .WithHint("the server, or a proxy in the way, mixes up ranges");
}

Status RangePastTheEnd(const HttpRequest& request, std::string_view location) {
  return Damaged("{}: the object ends before the range asked for",
                 DescribeRequest(request, location));
}

}  // namespace fenchi
