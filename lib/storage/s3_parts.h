// One object that goes to S3 in parts; see PutS3 for the steps.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/provider.h"
#include "storage/s3_answer.h"
#include "storage/s3_place.h"

namespace fenchi {

// Hands one reader's turn to the next: parts are hashed on one thread while others are sent.
class TurnSource final : public Source {
 public:
  explicit TurnSource(Source& inner) : inner_(inner) {}
  std::uint64_t size() const override { return inner_.size(); }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    const std::lock_guard lock(mutex_);
    return inner_.Read(offset, out);
  }
  std::optional<ByteView> InMemory() const override { return inner_.InMemory(); }

 private:
  Source& inner_;
  std::mutex mutex_;
};

class S3PartUpload {
 public:
  S3PartUpload(S3Place& place, std::string key, std::string_view name, Source& source,
               const PutOptions& options);

  // alone: an upload that another process began may be gone on with. id: one to go on with, or "".
  Status Run(bool alone, const std::string& id);
  // The upload that a later try can go on with, or "".
  const std::string& unfinished_id() const { return id_; }

 private:
  S3Call Call(std::string method, std::string operation) const;
  std::uint64_t PartOffset(int number) const;
  std::uint64_t PartSize(int number) const;
  Status CheckFree();
  Status TakeUp(bool alone);
  Result<bool> ReadParts();
  Status CreateUpload();
  Status CompareParts();
  Status SendParts();
  Status CompleteUpload();
  Status Vanished(Status status);
  Status GiveUp(Status why);

  S3Place& place_;
  std::string key_;
  std::string name_;
  TurnSource source_;
  PutOptions options_;
  std::uint64_t part_bytes_;
  std::string id_;
  bool resumed_ = false;
  std::vector<S3Part> there_;       // as the server tells
  std::vector<std::string> etags_;  // of each part, "" while it is missing
};

// The headers that make a write create-only, locked and held, as asked.
void AddWriteHeaders(const S3Place& place, const PutOptions& options, S3Call& call);
// Content-MD5 of the call's part of its source. Errors: whatever Source::Read answers.
Status AddMd5(S3Call& call);
// A write that S3 itself has acknowledged: 200 with an ETag, no <Error> and no web page inside.
Status CheckWritten(const S3Place& place, const S3Call& call, const HttpResponse& response);

}  // namespace fenchi
