#include "storage/webdav_put.h"

#include "base/error.h"
#include "storage/folder_layout.h"
#include "storage/http_failure.h"
#include "storage/temporary_name.h"
#include "storage/webdav_list.h"

namespace fenchi {
namespace {

std::string TemporaryFolder() { return std::string(kTemporaryFolder) + "/"; }

std::string NewTemporaryPath() { return TemporaryFolder() + NewTemporaryName(); }

bool IsStored(const HttpResponse& response) {
  // 200 is allowed for PUT, but is also what a log-in page answers to anything.
  return response.status == 201 || response.status == 204 ||
         (response.status == 200 && !LooksLikeWebPage(response));
}

// 409 by the book. nginx answers a PUT, and Apache a MOVE, into a missing folder with 500.
bool FolderMayBeMissing(const HttpResponse& response) {
  return response.status == 409 || response.status == 404 || response.status == 500;
}

}  // namespace

// Holds a name for as long as its MOVE is under way.
class WebdavWriter::OneAtATime {
 public:
  OneAtATime(WebdavWriter& writer, std::string_view name) : writer_(writer), name_(name) {
    std::unique_lock lock(writer_.mutex_);
    writer_.moved_.wait(lock, [&] { return !writer_.moving_.contains(name_); });
    writer_.moving_.insert(name_);
  }
  ~OneAtATime() {
    const std::lock_guard lock(writer_.mutex_);
    writer_.moving_.erase(name_);
    writer_.moved_.notify_all();
  }

 private:
  WebdavWriter& writer_;
  std::string name_;
};

Status WebdavWriter::Put(std::string_view name, Source& source, bool replace) {
  if (replace) {
    FENCHI_RETURN_IF_ERROR(CheckNotAFolder(name));
  } else {
    FENCHI_RETURN_IF_ERROR(EnsureProbed());
  }
  const std::string temporary = NewTemporaryPath();
  if (Status sent = Upload(temporary, name, source); !sent.ok()) {
    static_cast<void>(Settle(temporary, Status::Ok()).ok());
    return sent;
  }
  const OneAtATime turn(*this, name);
  return Move(temporary, name, replace);
}

Status WebdavWriter::Upload(const std::string& temporary, std::string_view name, Source& source) {
  for (const bool again : {false, true}) {
    HttpRequest request = folder_.Request("PUT", temporary, "write", name);
    request.source = &source;
    request.source_size_bytes = source.size();
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, folder_.Send(request));
    if (IsStored(response)) return Status::Ok();
    if (!FolderMayBeMissing(response) || again) return folder_.Failure(request, response);
    FENCHI_RETURN_IF_ERROR(folder_.MakeFolder(TemporaryFolder()));
  }
  return Status::Ok();
}

Status WebdavWriter::Move(const std::string& temporary, std::string_view name, bool replace) {
  const ObjectPath path = LocateObject(name);
  HttpRequest request = folder_.Request("MOVE", temporary, "write", name);
  request.headers = {{"Destination", folder_.Url(WebdavPath(name))},
                     {"Overwrite", replace ? "T" : "F"}};
  for (const bool again : {false, true}) {
    const Result<HttpResponse> response = folder_.Send(request);
    if (!response.ok()) return Settle(temporary, response.status());
    if (response->status == 201 || response->status == 204) return Status::Ok();
    if (FolderMayBeMissing(*response) && !again && !path.folder.empty()) {
      if (Status made = folder_.MakeFolder(path.folder + "/"); !made.ok()) {
        return Settle(temporary, std::move(made));
      }
      continue;
    }
    if (IsFolderAnswer(*response)) {
      return Settle(temporary, Unsupported("{}: a folder has that name",
                                           DescribeRequest(request, folder_.location())));
    }
    return Settle(temporary, response->status == 412
                                 ? AlreadyExists("{}: the name is taken",
                                                 DescribeRequest(request, folder_.location()))
                                 : folder_.Failure(request, *response));
  }
  return Status::Ok();
}

// Takes the temporary file away after `failure`. If it has gone, it may have been moved after all:
// the answer was lost, and a second one told of the first's success.
Status WebdavWriter::Settle(const std::string& temporary, Status failure) {
  HttpRequest request = folder_.Request("DELETE", temporary, "clean up", "");
  request.headers = {{"Depth", "0"}};
  const Result<HttpResponse> response = folder_.Send(request);
  if (!failure.ok() && response.ok() && response->status == 404) {
    return Unavailable("{}", failure.message())
        .WithHint("it is not known whether the object was stored: try again");
  }
  return failure;
}

// A MOVE that may replace deletes what is there, with all that is in it.
Status WebdavWriter::CheckNotAFolder(std::string_view name) {
  const HttpRequest request = folder_.Request("HEAD", WebdavPath(name), "write", name);
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, folder_.Send(request));
  if (response.status == 200 || response.status == 404) return Status::Ok();
  if (!IsFolderAnswer(response)) return folder_.Failure(request, response);
  return Unsupported("{}: a folder has that name", DescribeRequest(request, folder_.location()));
}

Status WebdavWriter::EnsureProbed() {
  const std::lock_guard lock(probe_mutex_);
  if (probed_) return Status::Ok();
  if (!allow_overwrite_) FENCHI_RETURN_IF_ERROR(Probe());
  RemoveLeftovers();
  probed_ = true;
  return Status::Ok();
}

// Does the server keep to `Overwrite: F`? Two files are tried on each other.
Status WebdavWriter::Probe() {
  const std::string from = NewTemporaryPath();
  const std::string to = NewTemporaryPath();
  MemorySource source(AsBytes("fenchi"));
  FENCHI_RETURN_IF_ERROR(Upload(from, "", source));
  FENCHI_RETURN_IF_ERROR(Upload(to, "", source));
  HttpRequest request = folder_.Request("MOVE", from, "try", "");
  request.headers = {{"Destination", folder_.Url(to)}, {"Overwrite", "F"}};
  const Result<HttpResponse> response = folder_.Send(request);
  static_cast<void>(Settle(from, Status::Ok()).ok());
  static_cast<void>(Settle(to, Status::Ok()).ok());
  if (!response.ok()) return response.status();
  if (response->status == 412) return Status::Ok();
  if (response->status != 201 && response->status != 204) {
    return folder_.Failure(request, *response);
  }
  return Unsupported("the server of {} overwrites silently: no place for a vault",
                     folder_.location())
      .WithHint("use another server, or allow it by name: add overwrite=allowed to the URL");
}

// Of programs that died, a day old by the server's own clock. What fails here stays for next time.
void WebdavWriter::RemoveLeftovers() {
  const Result<WebdavListing> listing = ReadWebdavFolder(folder_, TemporaryFolder());
  if (!listing.ok() || !listing->now) return;
  for (const WebdavEntry& entry : listing->entries) {
    if (entry.is_folder || !entry.modified || !IsTemporaryName(entry.name)) continue;
    if (listing->now->seconds - entry.modified->seconds < kLeftoverAgeSeconds) continue;
    static_cast<void>(Settle(TemporaryFolder() + entry.name, Status::Ok()).ok());
  }
}

}  // namespace fenchi
