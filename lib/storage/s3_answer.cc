#include "storage/s3_answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <pugixml.hpp>
#include <sstream>

#include "base/error.h"
#include "storage/http_failure.h"

namespace fenchi {
namespace {

constexpr std::size_t kCodeMax = 64;
constexpr int kPartsMax = 10'000;

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-';
}

// A word that a stranger chose and a person may read.
std::string Word(std::string_view text) {
  const bool plain = text.size() <= kCodeMax && std::all_of(text.begin(), text.end(), [](char c) {
                       return IsWordCharacter(c);
                     });
  return plain ? std::string(text) : std::string();
}

// The document's root if it has this name. Namespaces are the default one at S3: names are plain.
class Document {
 public:
  Document(std::string_view body, const char* root, const char* or_root = nullptr) {
    const auto parsed = document_.load_buffer(body.data(), body.size());
    if (parsed) root_ = document_.child(root);
    if (parsed && !root_ && or_root != nullptr) root_ = document_.child(or_root);
  }
  bool ok() const { return static_cast<bool>(root_); }
  const pugi::xml_node& root() const { return root_; }

 private:
  pugi::xml_document document_;
  pugi::xml_node root_;
};

Status NoAnswer(const char* root) {
  return Damaged("the answer is no {}", root)
      .WithHint("is the endpoint an S3 server? A proxy or a log-in page may be in the way");
}

template <typename Number>
bool ReadNumber(const pugi::xml_node& parent, const char* name, Number& out) {
  const std::string_view text = parent.child_value(name);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

S3Error ErrorOf(const pugi::xml_node& node) {
  const std::string_view told = node.child_value("Message");
  const auto tells = [&](std::string_view word) { return told.find(word) != told.npos; };
  return {.code = Word(node.child_value("Code")),
          .locked = tells("object lock") || tells("Object Lock") || tells("WORM") ||
                    tells("etention") || tells("legal hold") || tells("is locked")};
}

struct Meaning {
  std::string_view code;
  StatusCode status;
  std::string_view what;
  std::string_view hint;
};

constexpr std::string_view kAgain = "try again later, or with fewer calls at once";
constexpr std::string_view kRenew = "renew the credentials (AWS_SESSION_TOKEN and both keys)";
constexpr std::string_view kRegion =
    "set region= in the URL, or AWS_REGION, to the bucket's region";
constexpr std::string_view kAccount = "the provider closed or limited the account: ask it";

constexpr std::array kMeanings = {
    Meaning{"AccessDenied", StatusCode::kDenied, "these credentials may not do this",
            "check the key's permissions; s3:ListBucket is needed even to learn that an object is"
            " absent"},
    Meaning{"AllAccessDisabled", StatusCode::kDenied, "the bucket is closed", kAccount},
    Meaning{"AccountProblem", StatusCode::kDenied, "the account is closed or limited", kAccount},
    Meaning{"NotSignedUp", StatusCode::kDenied, "the account does not have S3", kAccount},
    Meaning{"InvalidAccessKeyId", StatusCode::kDenied, "the server does not know this access key",
            "check AWS_ACCESS_KEY_ID, and that the endpoint is the key's own provider"},
    Meaning{"XAdminUserNotFound", StatusCode::kDenied, "the server does not know this access key",
            "check AWS_ACCESS_KEY_ID"},
    Meaning{"SignatureDoesNotMatch", StatusCode::kDenied, "the signature is not accepted",
            "check AWS_SECRET_ACCESS_KEY; behind a proxy that rewrites requests it fails too"},
    Meaning{"ExpiredToken", StatusCode::kDenied, "the credentials have expired", kRenew},
    Meaning{"TokenRefreshRequired", StatusCode::kDenied, "the credentials have expired", kRenew},
    Meaning{"InvalidToken", StatusCode::kDenied, "the session token is not accepted", kRenew},
    Meaning{"RequestTimeTooSkewed", StatusCode::kDenied, "the clocks differ too much",
            "set this machine's clock"},
    Meaning{"RequestExpired", StatusCode::kDenied, "the request came too late",
            "set this machine's clock"},
    Meaning{"NoSuchKey", StatusCode::kNotFound, "it is not there", ""},
    Meaning{"NoSuchUpload", StatusCode::kNotFound, "the upload is not there any more", ""},
    Meaning{"NoSuchBucket", StatusCode::kUnavailable, "the bucket is not there",
            "check the bucket's name, the endpoint and the region; create the bucket"},
    Meaning{"InvalidBucketName", StatusCode::kInvalidArgument, "the bucket's name is not allowed",
            "check the bucket in the URL"},
    Meaning{"InvalidRange", StatusCode::kDamaged, "the object ends before that", ""},
    Meaning{"PreconditionFailed", StatusCode::kAlreadyExists, "the name is taken", ""},
    Meaning{"ConditionalRequestConflict", StatusCode::kUnavailable,
            "somebody else writes it at this moment", "try again"},
    Meaning{"OperationAborted", StatusCode::kUnavailable, "somebody else writes it at this moment",
            "try again"},
    Meaning{"SlowDown", StatusCode::kUnavailable, "the server asks to slow down", kAgain},
    Meaning{"Throttling", StatusCode::kUnavailable, "the server asks to slow down", kAgain},
    Meaning{"RequestLimitExceeded", StatusCode::kUnavailable, "the server asks to slow down",
            kAgain},
    Meaning{"TooManyRequests", StatusCode::kUnavailable, "the server asks to slow down", kAgain},
    Meaning{"BandwidthLimitExceeded", StatusCode::kUnavailable, "the server asks to slow down",
            kAgain},
    Meaning{"ServiceUnavailable", StatusCode::kUnavailable, "the server is not available", kAgain},
    Meaning{"InternalError", StatusCode::kUnavailable, "the server failed", kAgain},
    Meaning{"RequestTimeout", StatusCode::kUnavailable, "the server waited too long for our bytes",
            kAgain},
    Meaning{"BadDigest", StatusCode::kUnavailable, "the bytes changed on the way", "try again"},
    Meaning{"XAmzContentSHA256Mismatch", StatusCode::kUnavailable, "the bytes changed on the way",
            "try again"},
    Meaning{"IncompleteBody", StatusCode::kUnavailable, "the bytes did not all arrive",
            "try again"},
    Meaning{"QuotaExceeded", StatusCode::kFull, "the quota is used up", ""},
    Meaning{"InsufficientStorage", StatusCode::kFull, "no space is left there", ""},
    Meaning{"XMinioStorageFull", StatusCode::kFull, "no space is left there", ""},
    Meaning{"StorageFull", StatusCode::kFull, "no space is left there", ""},
    Meaning{"InvalidObjectState", StatusCode::kUnavailable, "the object lies in an archive",
            "restore it from the archive at the provider first"},
    Meaning{"PermanentRedirect", StatusCode::kInvalidArgument, "the bucket is in another region",
            kRegion},
    Meaning{"TemporaryRedirect", StatusCode::kInvalidArgument, "the bucket is in another region",
            kRegion},
    Meaning{"AuthorizationHeaderMalformed", StatusCode::kInvalidArgument,
            "the bucket is in another region", kRegion},
    Meaning{"IllegalLocationConstraintException", StatusCode::kInvalidArgument,
            "the bucket is in another region", kRegion},
    Meaning{"EntityTooLarge", StatusCode::kUnsupported, "it is too large for this server", ""},
    Meaning{
        "NotImplemented", StatusCode::kUnsupported, "the server cannot do this",
        "a server without If-None-Match needs overwrite=allowed in the URL, and is no safe place"
        " for a vault"},
    Meaning{"EntityTooSmall", StatusCode::kUnsupported, "the server wants larger parts",
            "set part_mib= in the URL to a larger number"},
    Meaning{"MethodNotAllowed", StatusCode::kUnsupported, "the server cannot do this", ""},
    Meaning{"ObjectLockConfigurationNotFoundError", StatusCode::kUnsupported,
            "the bucket has no object lock",
            "create a bucket with object lock, or leave lock= out"},
    Meaning{"InvalidRetentionPeriod", StatusCode::kInvalidArgument,
            "the retention is shorter than one that holds, or in the past", ""},
};

// "; this machine's clock is 20 minutes behind the server's".
std::string SkewText(const HttpResponse& response, Timestamp now) {
  const auto date = response.Date();
  if (!date.has_value()) return "";
  const std::int64_t minutes = (now.seconds - date->seconds) / 60;
  if (minutes > -5 && minutes < 5) return "";
  return fmt::format("; this machine's clock is {} minutes {} the server's",
                     minutes < 0 ? -minutes : minutes, minutes < 0 ? "behind" : "ahead of");
}

std::string RegionHint(const HttpResponse& response) {
  const std::string region = Word(response.Header("x-amz-bucket-region").value_or(""));
  return region.empty() ? std::string(kRegion)
                        : fmt::format("set region={} in the URL, or in AWS_REGION", region);
}

}  // namespace

S3Error ReadS3Error(std::string_view body) {
  const Document document(body, "Error");
  return document.ok() ? ErrorOf(document.root()) : S3Error{};
}

namespace {

Status MeaningOf(const HttpRequest& request, const HttpResponse& response,
                 std::string_view location, Timestamp now) {
  const std::string what = DescribeRequest(request, location);
  const S3Error error = ReadS3Error(response.body);
  const auto* const meaning =
      std::find_if(kMeanings.begin(), kMeanings.end(),
                   [&](const Meaning& row) { return row.code == error.code; });
  if (error.locked && response.status != 200 &&
      (error.code == "AccessDenied" || error.code == "InvalidRequest" ||
       error.code == "ObjectLocked" || error.code == "MethodNotAllowed")) {
    if (error.code == "InvalidRequest") {
      return Unsupported("{}: the bucket has no object lock, or the lock is not allowed ({})", what,
                         error.code)
          .WithHint("create a bucket with object lock, or leave lock= out of the URL");
    }
    return Locked("{}: an object lock holds it ({})", what, error.code)
        .WithHint("this is meant so; delete it after the date of its retention");
  }
  if (meaning == kMeanings.end()) {
    Status status = HttpStatusFailure(request, response, location);
    if (response.status == 404 || response.status == 410) {
      // Only NoSuchKey says that an object is absent: anything else may be about user or bucket.
      status = Unavailable("{}: the server does not find it, or us ({})", what, response.status)
                   .WithHint("check the endpoint, the bucket and the access key");
    }
    if (response.status == 409) {  // a conflict that S3 means to be tried again
      status =
          Unavailable("{}: somebody else writes it at this moment ({})", what, response.status);
    }
    const std::string skew = status.code() == StatusCode::kDenied ? SkewText(response, now) : "";
    if (!error.code.empty() || !skew.empty()) {
      return Status(status.code(),
                    fmt::format("{}{}{}{}", status.message(), error.code.empty() ? "" : ", ",
                                error.code, skew),
                    skew.empty() ? status.hint() : "set this machine's clock");
    }
    return status;
  }
  std::string hint(meaning->hint);
  if (meaning->hint == kRegion) hint = RegionHint(response);
  const std::string skew = meaning->status == StatusCode::kDenied ? SkewText(response, now) : "";
  return Status(meaning->status,
                fmt::format("{}: {} ({}){}", what, meaning->what, error.code, skew), hint);
}

}  // namespace

Status S3Failure(const HttpRequest& request, const HttpResponse& response,
                 std::string_view location, Timestamp now) {
  return WithServersWait(MeaningOf(request, response, location, now), response);
}

Result<S3Page> ReadS3Page(std::string_view body) {
  const Document document(body, "ListBucketResult");
  if (!document.ok()) return NoAnswer("ListBucketResult");
  S3Page page;
  for (const pugi::xml_node& node : document.root().children("Contents")) {
    S3Page::Entry& entry = page.entries.emplace_back();
    entry.key = node.child_value("Key");
    if (entry.key.empty() || !ReadNumber(node, "Size", entry.size_bytes)) {
      return Damaged("the listing has an entry without a key or size");
    }
  }
  page.truncated = std::string_view(document.root().child_value("IsTruncated")) == "true";
  page.next_token = document.root().child_value("NextContinuationToken");
  return page;
}

Result<std::vector<std::string>> ReadS3Uploads(std::string_view body, std::string_view key) {
  const Document document(body, "ListMultipartUploadsResult");
  if (!document.ok()) return NoAnswer("ListMultipartUploadsResult");
  std::vector<std::string> out;
  for (const pugi::xml_node& node : document.root().children("Upload")) {
    if (node.child_value("Key") == key) out.emplace_back(node.child_value("UploadId"));
  }
  return out;
}

Result<S3Parts> ReadS3Parts(std::string_view body) {
  const Document document(body, "ListPartsResult", "ListPartsResponse");  // moto's name for it
  if (!document.ok()) return NoAnswer("ListPartsResult");
  S3Parts out;
  for (const pugi::xml_node& node : document.root().children("Part")) {
    S3Part& part = out.parts.emplace_back();
    part.etag = Unquoted(node.child_value("ETag"));
    if (!ReadNumber(node, "PartNumber", part.number) ||
        !ReadNumber(node, "Size", part.size_bytes) || part.number < 1 || part.number > kPartsMax) {
      return Damaged("the list of parts has an entry that makes no sense");
    }
  }
  out.truncated = std::string_view(document.root().child_value("IsTruncated")) == "true";
  if (out.truncated && !ReadNumber(document.root(), "NextPartNumberMarker", out.next_marker)) {
    return Damaged("the list of parts is cut and does not say where it goes on");
  }
  return out;
}

Result<std::string> ReadS3UploadId(std::string_view body) {
  const Document document(body, "InitiateMultipartUploadResult");
  const std::string id = document.ok() ? document.root().child_value("UploadId") : "";
  if (id.empty()) return NoAnswer("InitiateMultipartUploadResult");
  return id;
}

bool IsS3Completed(std::string_view body) {
  return Document(body, "CompleteMultipartUploadResult").ok();
}

Result<std::vector<S3DeleteError>> ReadS3Deleted(std::string_view body) {
  const Document document(body, "DeleteResult");
  if (!document.ok()) return NoAnswer("DeleteResult");
  std::vector<S3DeleteError> out;
  for (const pugi::xml_node& node : document.root().children("Error")) {
    std::ostringstream xml;
    node.print(xml, "", pugi::format_raw);
    out.push_back({node.child_value("Key"), xml.str()});
  }
  return out;
}

Result<std::optional<ObjectLock>> ReadS3Retention(std::string_view body) {
  const Document document(body, "Retention", "ObjectLockRetention");  // so says versitygw
  if (!document.ok()) return NoAnswer("Retention");
  const std::string_view told = document.root().child_value("RetainUntilDate");
  if (told.empty()) return std::optional<ObjectLock>();
  const std::optional<Timestamp> until = FromIso8601(told);
  if (!until.has_value()) return NoAnswer("Retention with a date");
  const std::string_view mode = document.root().child_value("Mode");
  return std::optional(ObjectLock{.until = *until, .strict = mode == "COMPLIANCE"});
}

std::string EscapeXml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    return etag.substr(1, etag.size() - 2);
  }
  return etag;
}

}  // namespace fenchi
