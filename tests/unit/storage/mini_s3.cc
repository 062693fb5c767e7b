#include "unit/storage/mini_s3.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "storage/digests.h"
#include "storage/url.h"

namespace fenchi {
namespace {

std::string Unescaped(std::string_view text) {
  Result<std::string> plain = UnescapeUrlPath(text);
  return plain.ok() ? *plain : std::string();
}

std::string Etag(std::string_view bytes) {
  return fmt::format("\"{}\"", ToHex(DigestOf(DigestKind::kMd5, AsBytes(bytes))));
}

// What stands between each <tag> and </tag>.
std::vector<std::string> Inside(const std::string& xml, const std::string& tag) {
  std::vector<std::string> out;
  const std::string open = "<" + tag + ">";
  for (std::size_t at = xml.find(open); at != std::string::npos; at = xml.find(open, at + 1)) {
    const std::size_t begin = at + open.size();
    out.push_back(xml.substr(begin, xml.find("</" + tag + ">", begin) - begin));
  }
  return out;
}

std::map<std::string, std::string> QueryOf(const SeenRequest& seen) {
  std::map<std::string, std::string> out;
  std::string rest = seen.target.substr(std::min(seen.target.size(), seen.path().size() + 1));
  while (!rest.empty()) {
    const std::string pair = rest.substr(0, rest.find('&'));
    rest.erase(0, pair.size() + 1);
    const std::size_t equals = pair.find('=');
    out[Unescaped(pair.substr(0, equals))] = Unescaped(pair.substr(equals + 1));
  }
  return out;
}

}  // namespace

std::string S3ErrorXml(std::string_view code, std::string_view message) {
  return fmt::format("<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>{}</Message></Error>",
                     code, message);
}

MiniS3::MiniS3()
    : server_([this](const SeenRequest& seen, LoopbackLine& line) { Handle(seen, line); }) {}

S3Options MiniS3::Options() const {
  S3Options options{.bucket = "ledger",
                    .folder = "tokyo",
                    .endpoint = server_.origin(),
                    .part_bytes = 5u << 20,
                    .allow_plain_text = true,
                    .stall_timeout = std::chrono::seconds(2)};
  options.credentials = []() -> Result<S3Credentials> {
    return S3Credentials{.access_key_id = "mini",
                         .secret_access_key = SecretBytes::CopyOf(AsBytes(kMiniS3Secret))};
  };
  return options;
}

void MiniS3::SetFault(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

void MiniS3::SetFaultAfter(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_after_ = std::move(fault);
}

std::map<std::string, std::string> MiniS3::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}

std::size_t MiniS3::uploads() const {
  const std::lock_guard lock(mutex_);
  return uploads_.size();
}

int MiniS3::Count(std::string_view method, std::string_view text) const {
  const std::vector<SeenRequest> seen = server_.seen();
  return static_cast<int>(std::count_if(seen.begin(), seen.end(), [&](const SeenRequest& one) {
    return one.method == method && one.target.find(text) != std::string::npos;
  }));
}

void MiniS3::Handle(const SeenRequest& seen, LoopbackLine& line) {
  Fault before;
  Fault after;
  {
    const std::lock_guard lock(mutex_);
    before = fault_;
    after = fault_after_;
  }
  if (before && before(seen, line)) return;
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    answer = Carry(seen);
  }
  if (after && after(seen, line)) return;
  line.Answer(answer.status, answer.headers, answer.body);
}

MiniS3::Answer MiniS3::Carry(const SeenRequest& seen) {
  if (seen.headers.find("authorization") == seen.headers.end()) {
    return {.status = 403, .body = S3ErrorXml("AccessDenied")};
  }
  const Query query = QueryOf(seen);
  const std::string path = Unescaped(seen.path());
  const std::string bucket = "/ledger";
  if (path == bucket && query.contains("list-type")) return List(query);
  if (path == bucket && query.contains("delete")) return DeleteMany(seen);
  if (path == bucket && query.contains("uploads")) {
    std::string xml = "<ListMultipartUploadsResult>";
    for (const auto& [id, upload] : uploads_) {
      xml += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId></Upload>", upload.key, id);
    }
    return {.body = xml + "</ListMultipartUploadsResult>"};
  }
  if (!path.starts_with(bucket + "/")) return {.status = 404, .body = S3ErrorXml("NoSuchBucket")};
  const std::string key = path.substr(bucket.size() + 1);
  if (query.contains("uploads") || query.contains("uploadId")) return Multipart(seen, key, query);
  if (seen.method == "PUT") return Write(seen, key, seen.body);
  if (seen.method == "DELETE") {
    objects_.erase(key);
    return {.status = 204};
  }
  return Read(seen, key);
}

MiniS3::Answer MiniS3::List(const Query& query) {
  const auto value = [&](const std::string& name) {
    const auto found = query.find(name);
    return found == query.end() ? std::string() : found->second;
  };
  const std::string prefix = value("prefix");
  const std::string after = std::max(value("start-after"), value("continuation-token"));
  std::string xml = "<ListBucketResult>";
  std::string last;
  std::size_t told = 0;
  bool truncated = false;
  for (auto at = objects_.upper_bound(after); at != objects_.end(); ++at) {
    if (!at->first.starts_with(prefix)) continue;
    truncated = told == page_size_;
    if (truncated) break;
    last = at->first;
    ++told;
    xml +=
        fmt::format("<Contents><Key>{}</Key><Size>{}</Size></Contents>", last, at->second.size());
  }
  xml += fmt::format("<IsTruncated>{}</IsTruncated>", truncated);
  if (truncated) xml += "<NextContinuationToken>" + last + "</NextContinuationToken>";
  return {.body = xml + "</ListBucketResult>"};
}

MiniS3::Answer MiniS3::Read(const SeenRequest& seen, const std::string& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return {.status = 404, .body = S3ErrorXml("NoSuchKey")};
  const std::string& bytes = found->second;
  const auto range = seen.headers.find("range");
  if (range == seen.headers.end()) return {.headers = {"ETag: " + Etag(bytes)}, .body = bytes};
  const std::string text = range->second.substr(range->second.find('=') + 1);
  const std::size_t first = std::strtoull(text.c_str(), nullptr, 10);
  const std::size_t last = std::strtoull(text.c_str() + text.find('-') + 1, nullptr, 10);
  if (first >= bytes.size()) return {.status = 416, .body = S3ErrorXml("InvalidRange")};
  const std::string part = bytes.substr(first, last - first + 1);
  return {.status = 206,
          .headers = {"ETag: " + Etag(bytes), fmt::format("Content-Range: bytes {}-{}/{}", first,
                                                          first + part.size() - 1, bytes.size())},
          .body = part};
}

MiniS3::Answer MiniS3::Write(const SeenRequest& seen, const std::string& key, std::string bytes) {
  if (honours_conditions_ && seen.headers.contains("if-none-match") && objects_.contains(key)) {
    return {.status = 412, .body = S3ErrorXml("PreconditionFailed")};
  }
  Answer answer{.headers = {"ETag: " + Etag(bytes)}};
  objects_[key] = std::move(bytes);
  return answer;
}

MiniS3::Answer MiniS3::DeleteMany(const SeenRequest& seen) {
  for (const std::string& key : Inside(seen.body, "Key")) objects_.erase(key);
  return {.body = "<DeleteResult></DeleteResult>"};
}

MiniS3::Answer MiniS3::Multipart(const SeenRequest& seen, const std::string& key,
                                 const Query& query) {
  if (query.contains("uploads")) {
    const std::string id = "upload-" + std::to_string(++last_upload_);
    uploads_[id].key = key;
    return {.body = "<InitiateMultipartUploadResult><UploadId>" + id +
                    "</UploadId></InitiateMultipartUploadResult>"};
  }
  const auto found = uploads_.find(query.at("uploadId"));
  if (found == uploads_.end()) return {.status = 404, .body = S3ErrorXml("NoSuchUpload")};
  Upload& upload = found->second;
  if (seen.method == "PUT") {
    upload.parts[std::atoi(query.at("partNumber").c_str())] = seen.body;
    return {.headers = {"ETag: " + Etag(seen.body)}};
  }
  if (seen.method == "DELETE") {
    uploads_.erase(found);
    return {.status = 204};
  }
  if (seen.method == "GET") {
    std::string xml = "<ListPartsResult>";
    for (const auto& [number, bytes] : upload.parts) {
      xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag><Size>{}</Size></Part>",
                         number, Etag(bytes), bytes.size());
    }
    return {.body = xml + "<IsTruncated>false</IsTruncated></ListPartsResult>"};
  }
  std::string whole;
  std::vector<std::string> etags = Inside(seen.body, "ETag");
  for (const auto& [number, bytes] : upload.parts) {
    const auto index = static_cast<std::size_t>(number - 1);
    if (index >= etags.size() || etags[index] != Etag(bytes)) {
      return {.status = 400, .body = S3ErrorXml("InvalidPart")};
    }
    whole += bytes;
  }
  if (etags.size() != upload.parts.size())
    return {.status = 400, .body = S3ErrorXml("InvalidPart")};
  Answer answer = Write(seen, key, std::move(whole));
  if (answer.status != 200) return answer;
  uploads_.erase(found);
  return {.body = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"};
}

}  // namespace fenchi
