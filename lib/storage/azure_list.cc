#include "storage/azure_list.h"

#include "storage/azure_answer.h"
#include "storage/listed_pages.h"

namespace fenchi {
namespace {

constexpr std::size_t kPageBytesMax = 16u << 20;

}  // namespace

Status ListAzure(AzurePlace& place, std::string_view prefix, std::string_view after,
                 const std::function<bool(const ObjectInfo&)>& entry) {
  ListedPages pages(place.location(), place.Prefix(), prefix, after, entry);
  for (bool more = true; more;) {
    AzureCall call{.method = "GET",
                   .query = {{"restype", "container"},
                             {"comp", "list"},
                             {"prefix", place.Prefix() + std::string(prefix)}},
                   .operation = "list",
                   .body_bytes_max = kPageBytesMax};
    if (!pages.next().empty()) call.query.emplace_back("marker", pages.next());
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Send(call));
    if (response.status != 200) return place.Failure(call, response);
    FENCHI_ASSIGN_OR_RETURN(AzurePage page,
                            ReadAzurePage(place.Describe(call), response, place.location()));
    FENCHI_ASSIGN_OR_RETURN(
        more, pages.Take(std::move(page.blobs), std::move(page.next_marker), page.has_directories));
  }
  return Status::Ok();
}

}  // namespace fenchi
