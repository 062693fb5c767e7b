// The WebDAV provider against servers that do what servers should not.

#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "fenchi/webdav.h"
#include "unit/storage/loopback_server.h"

namespace fenchi {
namespace {

std::shared_ptr<Provider> Open(const LoopbackServer& server, bool allow_overwrite = false) {
  const auto opened = OpenWebdavProvider(
      {.address = server.origin() + "/dav",
       .credentials = []() -> Result<WebdavCredentials> { return WebdavCredentials(); },
       .allow_overwrite = allow_overwrite,
       .allow_plain_text = true});
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
  return *opened;
}

Status PutText(Provider& provider, std::string_view name, std::string_view text) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {});
}

Status ListAll(Provider& provider, std::vector<ObjectInfo>& out) {
  return provider.List("", "", [&](const ObjectInfo& info) {
    out.push_back(info);
    return true;
  });
}

std::string Multistatus(const std::string& responses) {
  return "<?xml version=\"1.0\"?><X:multistatus xmlns:X=\"DAV:\">" + responses + "</X:multistatus>";
}

std::string File(const std::string& href, const std::string& size) {
  return "<X:response><X:href>" + href +
         "</X:href><X:propstat><X:prop><X:resourcetype/><X:getcontentlength>" + size +
         "</X:getcontentlength></X:prop><X:status>HTTP/1.1 200 OK</X:status></X:propstat>"
         "</X:response>";
}

std::string Folder(const std::string& href) {
  return "<X:response><X:href>" + href +
         "</X:href><X:propstat><X:prop><X:resourcetype><X:collection/></X:resourcetype></X:prop>"
         "<X:status>HTTP/1.1 200 OK</X:status></X:propstat></X:response>";
}

const std::string kRoot = Folder("/dav/");

// Answers every PROPFIND of depth 1 with this, and everything else as an empty, willing server.
LoopbackServer::Handler Lists(const std::string& body, int status = 207) {
  return [=](const SeenRequest& seen, LoopbackLine& line) {
    const auto depth = seen.headers.find("depth");
    if (seen.method == "PROPFIND" && depth != seen.headers.end() && depth->second == "1") {
      line.Answer(status, {}, body);
    } else if (seen.method == "PROPFIND") {
      line.Answer(207, {}, Multistatus(kRoot));
    } else {
      line.Answer(404, {}, "");
    }
  };
}

TEST(WebdavListing, IsReadWhateverThePrefixAndTheFormOfPaths) {
  LoopbackServer server(
      Lists(Multistatus(kRoot + File("/dav/b", "2") + File("http://other.name/dav/a%2Dc/", "1") +
                        File("/dav/b", "2") + File("/dav/.hidden", "9") + File("/dav/UPPER", "9") +
                        Folder("/dav/.tmp/"))));
  const auto provider = Open(server);
  std::vector<ObjectInfo> found;
  const Status listed = ListAll(*provider, found);
  ASSERT_TRUE(listed.ok()) << listed.ToString();
  EXPECT_EQ(found, (std::vector<ObjectInfo>{{"a-c", 1}, {"b", 2}}));
}

TEST(WebdavListing, IsUnavailableWhenItMakesNoSense) {
  const std::string kWrong[] = {
      "",
      "<html><body>Please log in</body></html>",
      Multistatus(kRoot + File("/dav/a", "99999999999999999999999")),
      Multistatus(kRoot + File("/dav/a", "-1")),
      Multistatus(kRoot + File("/dav/a", "")),
      Multistatus(kRoot + File("/elsewhere/a", "1")),
      Multistatus(kRoot + File("/dav/%zz", "1")),
      Multistatus(kRoot + File("", "1")),
      Multistatus(kRoot).substr(0, 60),
      "<!DOCTYPE x [<!ENTITY e \"aaaa\">]>" + Multistatus(kRoot + File("/dav/&e;", "&e;")),
  };
  for (const std::string& body : kWrong) {
    LoopbackServer server(Lists(body));
    const auto provider = Open(server);
    std::vector<ObjectInfo> found;
    EXPECT_EQ(ListAll(*provider, found).code(), StatusCode::kUnavailable) << body;
    EXPECT_TRUE(found.empty());
  }
}

TEST(WebdavListing, EndsWhereFoldersLeadOnForEver) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    if (seen.headers.at("depth") == "0") return line.Answer(207, {}, Multistatus(kRoot));
    const std::string here = seen.path();
    line.Answer(207, {}, Multistatus(Folder(here) + Folder(here + "a/") + Folder(here + "b/")));
  });
  std::vector<ObjectInfo> found;
  const Status listed = ListAll(*Open(server), found);
  EXPECT_EQ(listed.code(), StatusCode::kUnavailable);
  EXPECT_NE(listed.message().find("lead on and on"), std::string::npos) << listed.ToString();
}

// A server with a flat table of files. It may ignore `Overwrite: F`, and lose its answers to MOVE.
class TinyDav {
 public:
  bool keeps_to_overwrite = true;
  bool loses_answers = false;

  void operator()(const SeenRequest& seen, LoopbackLine& line) {
    const std::lock_guard lock(mutex_);
    const std::string path = seen.path();
    if (seen.method == "PROPFIND") return line.Answer(207, {}, Multistatus(kRoot));
    if (seen.method == "PUT") {
      files_.insert(path);
      return line.Answer(201, {}, "");
    }
    if (seen.method == "DELETE") return line.Answer(files_.erase(path) > 0 ? 204 : 404, {}, "");
    if (seen.method == "HEAD") return line.Answer(files_.contains(path) ? 200 : 404, {}, "");
    const std::string whole = seen.headers.at("destination");
    const std::string to = whole.substr(whole.find('/', 8));
    if (!files_.contains(path)) return line.Answer(404, {}, "");
    if (keeps_to_overwrite && files_.contains(to) && seen.headers.at("overwrite") == "F") {
      return line.Answer(412, {}, "");
    }
    files_.erase(path);
    files_.insert(to);
    if (loses_answers && to == "/dav/a") return line.HangUp();
    line.Answer(201, {}, "");
  }
  std::set<std::string> files() {
    const std::lock_guard lock(mutex_);
    return files_;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> files_;
};

TEST(WebdavProvider, RefusesAServerThatOverwritesSilentlyUnlessAllowedByName) {
  TinyDav dav;
  dav.keeps_to_overwrite = false;
  LoopbackServer server(std::ref(dav));
  const Status refused = PutText(*Open(server), "a", "1");
  EXPECT_EQ(refused.code(), StatusCode::kUnsupported);
  EXPECT_NE(refused.hint().find("overwrite=allowed"), std::string::npos) << refused.ToString();
  EXPECT_TRUE(dav.files().empty());
  EXPECT_TRUE(PutText(*Open(server, true), "a", "1").ok());
  EXPECT_EQ(dav.files(), std::set<std::string>{"/dav/a"});
}

TEST(WebdavProvider, TakesAFolderThatAnotherMadeAtTheSameMomentForMade) {
  for (const bool other_made_it : {true, false}) {
    TinyDav dav;
    std::mutex mutex;
    std::set<std::string> folders;
    LoopbackServer server([&](const SeenRequest& seen, LoopbackLine& line) {
      const std::string path = seen.path();
      const std::lock_guard lock(mutex);
      if (seen.method == "MKCOL") {
        if (other_made_it) folders.insert(path);
        return line.Answer(403, {}, "");
      }
      if (seen.method == "PROPFIND" && path != "/dav/" && path != "/dav") {
        const bool there = folders.contains(path);
        return line.Answer(there ? 207 : 404, {}, there ? Multistatus(Folder(path)) : "");
      }
      if ((seen.method == "MOVE" || seen.method == "PUT") && folders.empty()) {
        return line.Answer(409, {}, "");
      }
      dav(seen, line);
    });
    const Status put = PutText(*Open(server, true), "a", "1");
    EXPECT_EQ(put.code(), other_made_it ? StatusCode::kOk : StatusCode::kDenied) << put.ToString();
    EXPECT_EQ(dav.files().size(), other_made_it ? 1u : 0u);
  }
}

TEST(WebdavProvider, DoesNotCallAnObjectForeignWhenTheAnswerToItsOwnMoveWasLost) {
  TinyDav dav;
  dav.loses_answers = true;
  LoopbackServer server(std::ref(dav));
  const auto provider = Open(server);
  const Status lost = PutText(*provider, "a", "1");
  EXPECT_EQ(lost.code(), StatusCode::kUnavailable) << lost.ToString();
  EXPECT_EQ(dav.files(), std::set<std::string>{"/dav/a"});
  EXPECT_EQ(PutText(*provider, "a", "1").code(), StatusCode::kAlreadyExists);
}

TEST(WebdavProvider, TakesNoOtherBytesForTheRangeAskedFor) {
  struct Row {
    int status;
    std::string range;
    StatusCode expected;
  };
  const Row kRows[] = {
      {206, "bytes 4-7/99", StatusCode::kOk},   {206, "bytes 0-3/99", StatusCode::kDamaged},
      {206, "", StatusCode::kDamaged},          {200, "", StatusCode::kDamaged},
      {416, "bytes */2", StatusCode::kDamaged}, {302, "", StatusCode::kDenied},
      {503, "", StatusCode::kUnavailable}};
  for (const Row& row : kRows) {
    LoopbackServer server([&](const SeenRequest& seen, LoopbackLine& line) {
      if (seen.method == "PROPFIND") return line.Answer(207, {}, Multistatus(kRoot));
      line.Answer(row.status, {"Content-Range: " + row.range, "Location: https://other.example/x"},
                  "abcd");
    });
    Bytes out(4);
    const Status got = Open(server)->Get("a", 4, out);
    EXPECT_EQ(got.code(), row.expected) << row.status << " " << row.range << got.ToString();
  }
}

TEST(WebdavProvider, TakesALogInPageForNoSuccess) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    if (seen.method == "PROPFIND") return line.Answer(207, {}, Multistatus(kRoot));
    line.Answer(200, {"Content-Type: text/html"}, "<html>Please log in</html>");
  });
  EXPECT_EQ(PutText(*Open(server, true), "a", "1").code(), StatusCode::kUnavailable);
  LoopbackServer other([](const SeenRequest&, LoopbackLine& line) {
    line.Answer(200, {"Content-Type: text/html"}, "<html>Please log in</html>");
  });
  const auto infos = Open(other)->Stat(std::vector<std::string>{"a"});
  EXPECT_EQ(infos.status().code(), StatusCode::kUnavailable) << infos.status().ToString();
}

TEST(WebdavUrl, SaysWhereAndHowAndRepeatsNothingThatIsWrong) {
  const auto options = ParseWebdavUrl("webdavs://NAS.example:8443/a%20b/c?parallel=3");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->address, "https://NAS.example:8443/a%20b/c");
  EXPECT_EQ(options->parallel_max, 3u);
  EXPECT_EQ(OpenProvider("webdavs://NAS.example:8443/a%20b/c").value()->location(),
            "webdavs://nas.example:8443/a%20b/c");
  for (const char* const url :
       {"webdavs:", "webdavs://", "webdav://host/a", "webdavs://hush:hush@host/",
        "webdavs://h/?hush", "webdavs://h/?parallel=hush", "webdavs://h/?overwrite=hush",
        "webdavs://h/?credentials=h%20ush", "webdavs://h/?parallel=0", "webdavs://h hush/",
        "http://hush/"}) {
    const Status refused = ParseWebdavUrl(url).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(refused.ToString().find("hush"), std::string::npos) << refused.ToString();
  }
}

}  // namespace
}  // namespace fenchi
