#include "storage/azure_put.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "storage/azure_answer.h"
#include "storage/digests.h"
#include "storage/http_failure.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kBlocksMax = 50'000;
constexpr std::uint64_t kBlockBytesMax = 4000ull << 20;
constexpr std::size_t kListBytesMax = 32u << 20;

struct Block {
  std::string id;
  std::uint64_t offset;
  std::uint64_t size_bytes;
};

// Whether the name is taken: kAlreadyExists. Who may only create cannot always know: then ok.
Status CheckFree(AzurePlace& place, const std::string& name) {
  const AzureCall call{.method = "HEAD", .name = name, .operation = "write"};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Send(call));
  if (response.status == 200) {
    return AlreadyExists("{}: the name is taken",
                         DescribeRequest(place.Describe(call), place.location()));
  }
  if (response.status == 403) return Status::Ok();
  const Status failure = place.Failure(call, response);
  return failure.code() == StatusCode::kNotFound ? Status::Ok() : failure;
}

class BlockUpload {
 public:
  BlockUpload(AzurePlace& place, std::string_view name, Source& source)
      : place_(place), name_(name), source_(source) {}

  Status Run(std::vector<HttpHeader> headers, bool replace) {
    if (!replace) FENCHI_RETURN_IF_ERROR(CheckFree(place_, name_));
    FENCHI_RETURN_IF_ERROR(NameBlocks());
    FENCHI_RETURN_IF_ERROR(SendMissing());
    return Commit(std::move(headers));
  }

 private:
  AzureCall Call(std::string method) const {
    return {.method = std::move(method), .name = name_, .operation = "write"};
  }

  Status NameBlocks() {
    const std::uint64_t least = (source_.size() + kBlocksMax - 1) / kBlocksMax;
    const std::uint64_t size = std::max(place_.options().block_bytes, least);
    if (size > kBlockBytesMax) {
      return Unsupported("{} is too large for {}: {} bytes", name_, place_.location(),
                         source_.size());
    }
    for (std::uint64_t offset = 0; offset < source_.size(); offset += size) {
      const std::uint64_t now = std::min(size, source_.size() - offset);
      FENCHI_ASSIGN_OR_RETURN(const Bytes hash,
                              DigestOf(DigestKind::kSha256, source_, offset, now));
      // All ids of a blob must have one length: 8 + 40 characters before base64.
      const std::string id =
          fmt::format("{:08x}{}", blocks_.size(), ToHex(ByteView(hash).first(20)));
      blocks_.push_back({ToBase64(AsBytes(id)), offset, now});
    }
    return Status::Ok();
  }

  // What an attempt before this one has sent. That nothing can be learnt is no reason to stop.
  std::map<std::string, std::uint64_t> Sent() {
    AzureCall call = Call("GET");
    call.query = {{"comp", "blocklist"}, {"blocklisttype", "uncommitted"}};
    call.body_bytes_max = kListBytesMax;
    const Result<HttpResponse> response = place_.Send(call);
    if (!response.ok() || response->status != 200) return {};
    const auto blocks = ReadAzureBlocks(place_.Describe(call), *response, place_.location());
    return blocks.ok() ? *blocks : std::map<std::string, std::uint64_t>();
  }

  Status SendMissing() {
    const std::map<std::string, std::uint64_t> sent = Sent();
    std::vector<const Block*> missing;
    for (const Block& block : blocks_) {
      const auto found = sent.find(block.id);
      if (found == sent.end() || found->second != block.size_bytes) missing.push_back(&block);
    }
    const auto make = [&](std::size_t i) {
      AzureCall call = Call("PUT");
      call.query = {{"comp", "block"}, {"blockid", missing[i]->id}};
      call.source = &source_;
      call.source_offset = missing[i]->offset;
      call.source_size_bytes = missing[i]->size_bytes;
      return call;
    };
    Status failure;
    place_.SendEach(missing.size(), make, [&](std::size_t i, const Result<HttpResponse>& response) {
      if (!failure.ok()) return;
      if (!response.ok()) {
        failure = response.status();
      } else if (response->status != 201) {
        failure = place_.Failure(make(i), *response);
      }
    });
    return failure;
  }

  Status Commit(std::vector<HttpHeader> headers) {
    AzureCall call = Call("PUT");
    call.query = {{"comp", "blocklist"}};
    call.headers = std::move(headers);
    call.body = R"(<?xml version="1.0" encoding="utf-8"?><BlockList>)";
    for (const Block& block : blocks_) {
      call.body += fmt::format("<Uncommitted>{}</Uncommitted>", block.id);
    }
    call.body += "</BlockList>";
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Send(call));
    return response.status == 201 ? Status::Ok() : place_.Failure(call, response);
  }

  AzurePlace& place_;
  std::string name_;
  Source& source_;
  std::vector<Block> blocks_;
};

}  // namespace

std::vector<HttpHeader> AzureRetention(const AzureOptions& options, Timestamp until) {
  if (options.lock == AzureLock::kNone) return {};
  return AzureRetention(ObjectLock{until, options.lock == AzureLock::kLocked});
}

std::vector<HttpHeader> AzureRetention(const ObjectLock& lock) {
  return {{"x-ms-immutability-policy-until-date", HttpDate(WholeSeconds(lock.until).seconds)},
          {"x-ms-immutability-policy-mode", lock.strict ? "locked" : "unlocked"}};
}

Status PutAzure(AzurePlace& place, std::string_view name, Source& source,
                const PutOptions& options) {
  std::vector<HttpHeader> headers;
  if (options.retain_until.has_value()) {
    headers = AzureRetention(place.options(), *options.retain_until);
  }
  if (!options.replace) headers.push_back({"If-None-Match", "*"});
  if (source.size() > place.options().block_bytes) {
    return BlockUpload(place, name, source).Run(std::move(headers), options.replace);
  }
  headers.push_back({"x-ms-blob-type", "BlockBlob"});
  const AzureCall call{.method = "PUT",
                       .name = std::string(name),
                       .headers = std::move(headers),
                       .operation = "write",
                       .source = &source,
                       .source_size_bytes = source.size()};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Send(call));
  if (response.status == 201) return Status::Ok();
  // Who may only create is told "not permitted" of a name that is taken.
  if (response.status == 403 && !options.replace) {
    FENCHI_RETURN_IF_ERROR(CheckFree(place, call.name));
  }
  return place.Failure(call, response);
}

}  // namespace fenchi
