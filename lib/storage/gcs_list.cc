#include "storage/gcs_list.h"

#include "storage/gcs_answer.h"
#include "storage/listed_pages.h"

namespace fenchi {
namespace {

constexpr std::size_t kPageBytesMax = 8u << 20;

}  // namespace

Status ListGcs(GcsPlace& place, std::string_view prefix, std::string_view after,
               const std::function<bool(const ObjectInfo&)>& entry) {
  ListedPages pages(place.location(), place.Prefix(), prefix, after, entry);
  for (bool more = true; more;) {
    GcsCall call = place.BucketCall("list");
    call.query = {{"prefix", place.Prefix() + std::string(prefix)},
                  {"fields", "items(name,size),nextPageToken"}};
    if (after > prefix) call.query.emplace_back("startOffset", place.Prefix() + std::string(after));
    if (!pages.next().empty()) call.query.emplace_back("pageToken", pages.next());
    call.body_bytes_max = kPageBytesMax;
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Send(call));
    if (response.status == 404) FENCHI_RETURN_IF_ERROR(place.CheckBucket());
    if (response.status != 200) return place.Failure(call, response);
    FENCHI_ASSIGN_OR_RETURN(GcsPage page,
                            ReadGcsPage(place.Describe(call), response, place.location()));
    FENCHI_ASSIGN_OR_RETURN(more, pages.Take(std::move(page.objects), std::move(page.next_token)));
  }
  return Status::Ok();
}

}  // namespace fenchi
