// What a server may make us read and keep when it lists.

#include <gtest/gtest.h>

#include "fenchi/webdav.h"
#include "storage/listed_pages.h"
#include "unit/storage/loopback_server.h"

namespace fenchi {
namespace {

constexpr std::string_view kBegin = "<X:multistatus xmlns:X=\"DAV:\">";

Status ListWebdav(const std::string& body) {
  LoopbackServer server([&](const SeenRequest& seen, LoopbackLine& line) {
    const auto depth = seen.headers.find("depth");
    const bool lists = depth != seen.headers.end() && depth->second == "1";
    line.Answer(seen.method == "PROPFIND" ? 207 : 404, {},
                lists ? body : std::string(kBegin) + "</X:multistatus>");
  });
  const auto opened = OpenWebdavProvider(
      {.address = server.origin() + "/dav",
       .credentials = []() -> Result<WebdavCredentials> { return WebdavCredentials(); },
       .allow_plain_text = true});
  if (!opened.ok()) return opened.status();
  return (*opened)->List("", "", [](const ObjectInfo&) { return true; });
}

TEST(ListingLimits, AWebdavFolderOfMoreThan16MiBIsRefusedAndSaysWhatToDo) {
  const std::string large = std::string(kBegin) + std::string(17u << 20, ' ') + "</X:multistatus>";
  const Status status = ListWebdav(large);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_NE(status.message().find("too large to list"), std::string::npos) << status.ToString();
  EXPECT_NE(status.hint().find("move away"), std::string::npos);
}

TEST(ListingLimits, AWebdavAnswerOfTinyElementsDoesNotFillTheMemory) {
  std::string dense(kBegin);
  while (dense.size() < 8u << 20) dense += "<a/>";
  const Status status = ListWebdav(dense + "</X:multistatus>");
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_NE(status.message().find("the answer is too large"), std::string::npos)
      << status.ToString();
}

// Pages whose beginnings run into a circle: after `before` others, `length` come again and again.
// How many pages are taken until it is found; 0 when it is not.
int PagesUntilFound(int before, int length) {
  const std::function<bool(const ObjectInfo&)> entry = [](const ObjectInfo&) { return true; };
  ListedPages pages("place", "", "", "", entry);
  for (int page = 0; page < 900; ++page) {
    const int next = page < before ? page : before + (page - before) % length;
    if (!pages.Take({}, "marker-" + std::to_string(next)).ok()) return page;
  }
  return 0;
}

TEST(ListingLimits, ACircleOfPagesIsFoundWhereverItBegins) {
  for (const int before : {0, 1, 2, 7, 100}) {
    for (const int length : {1, 2, 3, 8, 64, 100}) {
      const int found = PagesUntilFound(before, length);
      EXPECT_GE(found, before + length) << before << " " << length;
      EXPECT_LE(found, 4 * (before + length) + 2) << before << " " << length;
    }
  }
}

TEST(ListingLimits, PagesWithoutACircleAreTaken) {
  std::vector<std::string> names;
  const std::function<bool(const ObjectInfo&)> entry = [&](const ObjectInfo& info) {
    names.push_back(info.name);
    return true;
  };
  ListedPages pages("place", "", "", "", entry);
  for (int page = 0; page < 5000; ++page) {
    const std::string name = std::to_string(100'000 + page);
    const auto more = pages.Take({{name, 1}}, page == 4999 ? "" : "after-" + name);
    ASSERT_TRUE(more.ok()) << more.status().ToString();
    EXPECT_EQ(*more, page != 4999);
  }
  EXPECT_EQ(names.size(), 5000u);
}

TEST(ListingLimits, NamesWithoutOrderAreKeptUpToAMillion) {
  const std::function<bool(const ObjectInfo&)> entry = [](const ObjectInfo&) { return true; };
  ListedPages pages("place", "", "", "", entry);
  Status status;
  for (int page = 0; status.ok() && page < 300; ++page) {
    std::vector<ObjectInfo> objects;
    for (int i = 0; i < 5000; ++i) objects.push_back({std::to_string(page * 5000 + i), 1});
    status = pages.Take(std::move(objects), std::to_string(page), true).status();
  }
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
  EXPECT_NE(status.message().find("more than 1000000 names"), std::string::npos);
}

}  // namespace
}  // namespace fenchi
