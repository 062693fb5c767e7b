#include "storage/webdav_list.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "storage/folder_layout.h"
#include "storage/http_failure.h"
#include "storage/url.h"
#include "storage/xml_answer.h"

namespace fenchi {
namespace {

constexpr std::size_t kListingBytesMax = 16u << 20;   // of one folder: some 20,000 objects
constexpr std::size_t kOnTheWayBytesMax = 64u << 20;  // of the folders that a walk is in
constexpr int kEmptyFoldersMax = 20'000;
constexpr std::string_view kAskForSizes =
    R"(<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>)"
    R"(<resourcetype/><getcontentlength/><getlastmodified/></prop></propfind>)";

// "/a%20b/" of "https://host/a%20b/" or of itself, unescaped.
Result<std::string> PathOf(std::string_view href) {
  const std::size_t scheme = href.find("://");
  if (scheme != std::string_view::npos) {
    const std::size_t slash = href.find('/', scheme + 3);
    href = slash == std::string_view::npos ? "/" : href.substr(slash);
  }
  return UnescapeUrlPath(href);
}

std::string_view WithoutSlash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// The properties that the server could give; those with another status it could not.
void TakeProperties(const pugi::xml_node& response, WebdavEntry& entry) {
  for (const pugi::xml_node& part : response.children()) {
    if (LocalName(part) != "propstat") continue;
    if (ChildText(part, "status").find(" 200") == std::string_view::npos) continue;
    const pugi::xml_node properties = Child(part, "prop");
    if (Child(Child(properties, "resourcetype"), "collection")) entry.is_folder = true;
    if (!entry.size_bytes) entry.size_bytes = Number(ChildText(properties, "getcontentlength"));
    const std::string_view modified = ChildText(properties, "getlastmodified");
    if (!modified.empty()) {
      entry.modified = HttpResponse{.headers = {{"Date", std::string(modified)}}}.Date();
    }
  }
}

Status TooLarge(const HttpRequest& request, const WebdavFolder& folder) {
  return Unavailable("{}: the folder is too large to list: the answer is longer than {} MiB",
                     DescribeRequest(request, folder.location()), kListingBytesMax >> 20)
      .WithHint(
          "move away what is not fenchi's; objects are read and written all the same, and a folder"
          " that the server makes up has to be replaced by another provider");
}

std::size_t BytesOf(const std::vector<ListedItem>& items) {
  std::size_t bytes = 0;
  for (const ListedItem& item : items) {
    bytes += sizeof(item) + item.key.size() + item.entry.size() + item.folder.base.size();
  }
  return bytes;
}

class Walk {
 public:
  Walk(WebdavFolder& folder, std::string_view prefix, std::string_view after,
       const std::function<bool(const ObjectInfo&)>& entry)
      : folder_(folder), listing_(prefix, after), entry_(entry) {}

  // False when the caller wants no more.
  Result<bool> Visit(const std::string& path, const ListedFolder& listed) {
    if (++empty_folders_ > kEmptyFoldersMax) {
      return Unavailable("cannot list {}: its folders lead on and on without an object",
                         folder_.location())
          .WithHint("the server goes in circles: look at the folder with another program");
    }
    FENCHI_ASSIGN_OR_RETURN(WebdavListing read, ReadWebdavFolder(folder_, path));
    if (!read.found) return true;  // gone since it was read
    FENCHI_ASSIGN_OR_RETURN(const std::vector<ListedItem> items, Items(read, listed));
    read = {};  // not kept while the folders below are walked
    const std::size_t bytes = BytesOf(items);
    on_the_way_bytes_ += bytes;
    if (on_the_way_bytes_ > kOnTheWayBytesMax) {
      return Unavailable("cannot list {}: its folders hold too many names", folder_.location())
          .WithHint("move away what is not fenchi's");
    }
    for (const ListedItem& item : items) {
      bool more = false;
      if (item.is_folder) {
        FENCHI_ASSIGN_OR_RETURN(more, Visit(path + item.entry + "/", item.folder));
      } else {
        empty_folders_ = 0;
        more = entry_({item.key, item.size_bytes});
      }
      if (!more) return false;
    }
    on_the_way_bytes_ -= bytes;
    return true;
  }

 private:
  Result<std::vector<ListedItem>> Items(const WebdavListing& read, const ListedFolder& listed) {
    std::vector<ListedItem> items;
    for (const WebdavEntry& entry : read.entries) {
      auto item = listing_.Classify(listed, entry.name, entry.is_folder);
      if (!item) continue;
      if (!entry.is_folder && !entry.size_bytes) {
        return Unavailable("cannot list {}: the server does not say how large {} is",
                           folder_.location(), item->key);
      }
      item->size_bytes = entry.size_bytes.value_or(0);
      items.push_back(*std::move(item));
    }
    Listing::Sort(items);
    const auto repeated =
        std::unique(items.begin(), items.end(),
                    [](const ListedItem& a, const ListedItem& b) { return a.key == b.key; });
    items.erase(repeated, items.end());
    return items;
  }

  WebdavFolder& folder_;
  Listing listing_;
  const std::function<bool(const ObjectInfo&)>& entry_;
  int empty_folders_ = 0;
  std::size_t on_the_way_bytes_ = 0;
};

}  // namespace

Result<WebdavListing> ReadWebdavFolder(WebdavFolder& folder, std::string_view path) {
  HttpRequest request = folder.Request("PROPFIND", path, "list", path);
  request.headers = {{"Depth", "1"}, {"Content-Type", "application/xml"}};
  request.body = kAskForSizes;
  request.body_bytes_max = kListingBytesMax;
  Result<HttpResponse> sent = folder.Send(request);
  // Without `into`, only an answer that is too long is damaged.
  if (sent.status().code() == StatusCode::kDamaged) return TooLarge(request, folder);
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, std::move(sent));
  WebdavListing listing;
  if (response.status == 404) return listing;
  if (response.status != 207) return folder.Failure(request, response);
  FENCHI_ASSIGN_OR_RETURN(const pugi::xml_document document,
                          ParseXmlAnswer(request, response, "multistatus", folder.location()));
  FENCHI_ASSIGN_OR_RETURN(const std::string own, PathOf(folder.EscapedPath(path)));
  const std::string below = std::string(WithoutSlash(own)) + "/";
  listing.found = true;
  listing.now = response.Date();
  for (const pugi::xml_node& node : document.document_element().children()) {
    if (LocalName(node) != "response") continue;
    const Result<std::string> href = PathOf(ChildText(node, "href"));
    if (href.ok() && WithoutSlash(*href) == WithoutSlash(own)) continue;
    if (!href.ok() || !href->starts_with(below)) {
      return Unavailable("{}: the answer is about another folder",
                         DescribeRequest(request, folder.location()))
          .WithHint("a proxy before the server may rewrite paths: use the server's own address");
    }
    WebdavEntry entry{.name = std::string(WithoutSlash(href->substr(below.size())))};
    TakeProperties(node, entry);
    listing.entries.push_back(std::move(entry));
  }
  return listing;
}

Status ListWebdav(WebdavFolder& folder, std::string_view prefix, std::string_view after,
                  const std::function<bool(const ObjectInfo&)>& entry) {
  FENCHI_RETURN_IF_ERROR(Walk(folder, prefix, after, entry).Visit("", {}).status());
  // A folder that went away on the way looks like one that is empty.
  return folder.CheckPresent();
}

}  // namespace fenchi
