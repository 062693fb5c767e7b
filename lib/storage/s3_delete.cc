#include "storage/s3_delete.h"

#include <map>
#include <set>

#include "base/error.h"
#include "storage/digests.h"
#include "storage/http_failure.h"
#include "storage/s3_answer.h"

namespace fenchi {
namespace {

constexpr std::size_t kBatchMax = 1000;

S3Call DeleteCall(const S3Place& place, const std::string& name) {
  return {.method = "DELETE", .key = place.KeyOf(name), .operation = "delete", .object = name};
}

Status Outcome(const S3Place& place, const S3Call& call, const Result<HttpResponse>& response) {
  if (!response.ok()) return response.status();
  if (response->status == 204 || response->status == 200) return Status::Ok();
  const Status failure = place.Failure(call, *response);
  return failure.code() == StatusCode::kNotFound ? Status::Ok() : failure;
}

// `versions`: for each name the version to delete, where it has one.
std::vector<Status> DeleteEach(S3Place& place, std::span<const std::string> names,
                               const std::vector<std::string>& versions) {
  std::vector<Status> out(names.size());
  const auto call = [&](std::size_t i) {
    S3Call made = DeleteCall(place, names[i]);
    if (!versions[i].empty()) made.query = {{"versionId", versions[i]}};
    return made;
  };
  place.SendEach(names.size(), call, [&](std::size_t i, const Result<HttpResponse>& response) {
    out[i] = Outcome(place, call(i), response);
  });
  return out;
}

// kUnsupported: this server has no batch request.
Status DeleteBatch(S3Place& place, std::span<const std::string> names, std::vector<Status>& out) {
  S3Call call{.method = "POST", .query = {{"delete", ""}}, .operation = "delete objects of"};
  call.body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string key = place.KeyOf(names[i]);
    if (places.emplace(key, i).second) {
      call.body += "<Object><Key>" + EscapeXml(key) + "</Key></Object>";
    }
  }
  call.body += "</Delete>";
  call.headers = {{"Content-MD5", ToBase64(DigestOf(DigestKind::kMd5, AsBytes(call.body)))},
                  {"Content-Type", "application/xml"}};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Send(call));
  if (response.status != 200) {
    const Status failure = place.Failure(call, response);
    // Who knows no batch request may find fault with its form.
    return response.status == 400 ? Unsupported("{}", failure.message()) : failure;
  }
  const Result<std::vector<S3DeleteError>> errors = ReadS3Deleted(response.body);
  if (!errors.ok()) {
    return Unavailable("{}: {}", place.Describe(call), errors.status().message())
        .WithHint(errors.status().hint());
  }
  std::vector<Status> answers(names.size());
  for (const S3DeleteError& error : *errors) {
    const auto found = places.find(error.key);
    if (found == places.end())
      return Unavailable("{}: it answers for another object", place.Describe(call));
    // The error of one object, told as if it had been asked for alone.
    HttpResponse alone{.status = 403, .headers = response.headers, .body = error.xml};
    const Status told = place.Failure(DeleteCall(place, names[found->second]), alone);
    answers[found->second] = told.code() == StatusCode::kNotFound ? Status::Ok() : told;
  }
  // A name may stand in the batch twice.
  for (std::size_t i = 0; i < names.size(); ++i)
    out.push_back(answers[places[place.KeyOf(names[i])]]);
  return Status::Ok();
}

// "" when the object may go; else why not.
Status LockOf(const S3Place& place, const S3Call& call, const HttpResponse& head) {
  const std::string_view hold = head.Header("x-amz-object-lock-legal-hold").value_or("");
  if (hold == "ON") {
    return Locked("{}: a legal hold is on it", place.Describe(call))
        .WithHint("lift the hold at the provider first");
  }
  const std::string_view until =
      head.Header("x-amz-object-lock-retain-until-date").value_or("").substr(0, 19);
  // Both are ISO 8601 in UTC: their order as text is that of time.
  if (!until.empty() && until > std::string_view(ToIso8601(place.Now())).substr(0, 19)) {
    return Locked("{}: it is locked until {}", place.Describe(call), PrintableText(until));
  }
  return Status::Ok();
}

Result<std::vector<Status>> DeleteUnlocked(S3Place& place, std::span<const std::string> names) {
  std::vector<Status> out(names.size());
  std::vector<std::string> free;
  std::vector<std::string> versions;
  std::vector<std::size_t> indices;
  const auto call = [&](std::size_t i) {
    S3Call made = DeleteCall(place, names[i]);
    made.method = "HEAD";
    return made;
  };
  place.SendEach(names.size(), call, [&](std::size_t i, const Result<HttpResponse>& response) {
    if (!response.ok()) {
      out[i] = response.status();
    } else if (response->status == 404) {
      out[i] = Status::Ok();
    } else if (response->status != 200) {
      out[i] = place.Failure(call(i), *response);
    } else if (out[i] = LockOf(place, call(i), *response); out[i].ok()) {
      free.push_back(names[i]);
      versions.emplace_back(response->Header("x-amz-version-id").value_or(""));
      indices.push_back(i);
    }
  });
  const std::vector<Status> deleted = DeleteEach(place, free, versions);
  for (std::size_t i = 0; i < indices.size(); ++i) out[indices[i]] = deleted[i];
  return out;
}

}  // namespace

Result<std::vector<Status>> DeleteS3(S3Place& place, std::span<const std::string> names) {
  if (place.options().lock != S3Lock::kNone || place.options().legal_hold) {
    return DeleteUnlocked(place, names);
  }
  std::vector<Status> out;
  while (!names.empty()) {
    const auto batch = names.first(std::min(names.size(), kBatchMax));
    const Status done = DeleteBatch(place, batch, out);
    if (done.code() == StatusCode::kUnsupported) {
      const std::vector<Status> each =
          DeleteEach(place, batch, std::vector<std::string>(batch.size()));
      out.insert(out.end(), each.begin(), each.end());
    } else if (!done.ok()) {
      return done;
    }
    names = names.subspan(batch.size());
  }
  return out;
}

}  // namespace fenchi
