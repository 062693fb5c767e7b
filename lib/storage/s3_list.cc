#include "storage/s3_list.h"

#include "base/error.h"
#include "storage/s3_answer.h"

namespace fenchi {
namespace {

constexpr std::size_t kPageBytesMax = 8u << 20;
constexpr int kEmptyPagesMax = 100;  // in a row, before it counts as a circle

// Hands the keys on, and watches that the server tells each once and in order.
class KeyOrder {
 public:
  KeyOrder(const S3Place& place, std::string_view prefix, std::string_view after)
      : folder_(place.folder()), prefix_(prefix), after_(after) {}

  // Sets `more` to false when `entry` wants no more. Errors: kDamaged.
  Status Tell(const S3Page& page, const std::function<bool(const ObjectInfo&)>& entry, bool& more) {
    for (const S3Page::Entry& told : page.entries) {
      if (told.key <= last_) {
        return Damaged("the listing repeats a key or is not in byte order");
      }
      last_ = told.key;
      if (!last_.starts_with(folder_)) return Damaged("the listing leaves the folder asked for");
      const std::string name = last_.substr(folder_.size());
      if (!name.starts_with(prefix_) || name <= after_ || !CheckObjectName(name).ok()) continue;
      if (!entry({name, told.size_bytes})) {
        more = false;
        return Status::Ok();
      }
    }
    empty_pages_ = page.entries.empty() ? empty_pages_ + 1 : 0;
    more = page.truncated;
    if (more && (page.next_token.empty() || empty_pages_ > kEmptyPagesMax)) {
      return Damaged("the listing is cut and does not go on");
    }
    return Status::Ok();
  }

 private:
  std::string folder_;
  std::string prefix_;
  std::string after_;
  std::string last_;
  int empty_pages_ = 0;
};

}  // namespace

Status ListS3(S3Place& place, std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) {
  KeyOrder order(place, prefix, after);
  S3Call call{.operation = "list", .body_bytes_max = kPageBytesMax};
  std::string token;
  for (bool more = true; more;) {
    call.query = {{"list-type", "2"}, {"prefix", place.folder() + std::string(prefix)}};
    if (!token.empty()) {
      call.query.emplace_back("continuation-token", token);
    } else if (!after.empty()) {
      call.query.emplace_back("start-after", place.KeyOf(after));
    }
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Ask(call));
    Result<S3Page> page = ReadS3Page(response.body);
    if (!page.ok()) return page.status().At(place.Describe(call));
    FENCHI_RETURN_IF_ERROR(order.Tell(*page, entry, more).At(place.Describe(call)));
    token = page->next_token;
  }
  return Status::Ok();
}

}  // namespace fenchi
