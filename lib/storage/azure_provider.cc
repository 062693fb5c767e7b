// The provider for Azure Blob Storage, see fenchi/azure.h.
#include "storage/azure_provider.h"

#include <algorithm>

#include "base/error.h"
#include "fenchi/azure.h"
#include "storage/azure_answer.h"
#include "storage/azure_list.h"
#include "storage/azure_place.h"
#include "storage/azure_put.h"
#include "storage/http_failure.h"
#include "storage/http_range.h"

namespace fenchi {
namespace {

// No object is as large: a range that begins there is past the end of all.
constexpr std::uint64_t kOffsetMax = 1ull << 62;

class AzureProvider final : public Provider {
 public:
  explicit AzureProvider(std::unique_ptr<AzurePlace> place) : place_(std::move(place)) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    return PutAzure(*place_, name, source, options);
  }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override;
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return ListAzure(*place_, prefix, after, entry);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override;
  Status ExtendRetention(std::string_view name, Timestamp until) override;
  Result<std::optional<Timestamp>> RetainedUntil(std::string_view name) override;
  Result<Timestamp> PlaceTime() override;

  Capability capability() const override {
    return {.create_only = true,
            .retention = place_->options().lock != AzureLock::kNone,
            .durable = true,
            .parallel_calls_max = static_cast<std::uint32_t>(place_->options().parallel_max)};
  }
  Domain domain() const override { return place_->options().domain; }
  std::string location() const override { return place_->location(); }

 private:
  Status ForeignAnswer(const AzureCall& call) const {
    return Unavailable("{}: something else than Azure answered",
                       DescribeRequest(place_->Describe(call), place_->location()))
        .WithHint("a proxy or a log-in page of the network may be in the way");
  }
  Result<std::optional<ObjectInfo>> Present(const AzureCall& call,
                                            const Result<HttpResponse>& response) const;
  Result<std::optional<ObjectLock>> LockOf(std::string_view name);
  bool wants_strict() const { return place_->options().lock == AzureLock::kLocked; }

  std::unique_ptr<AzurePlace> place_;
};

Status AzureProvider::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  const bool only_presence = out.empty() || offset > kOffsetMax;
  AzureCall call{
      .method = only_presence ? "HEAD" : "GET", .name = std::string(name), .operation = "read"};
  HttpRequest asked = place_->Describe(call);
  if (!only_presence) {
    AskForRange(asked, offset, out);
    // The same range under Azure's own name: it is signed in one way only.
    call.headers = {{"x-ms-range", asked.headers.back().value}};
    call.into = out;
  }
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status != 200 && response.status != 206) return place_->Failure(call, response);
  if (!IsFromAzure(response)) return ForeignAnswer(call);
  if (out.empty()) return Status::Ok();
  if (only_presence) return RangePastTheEnd(asked, place_->location());
  return CheckRange(asked, response, offset, place_->location());
}

Result<std::optional<ObjectInfo>> AzureProvider::Present(
    const AzureCall& call, const Result<HttpResponse>& response) const {
  if (!response.ok()) return response.status();
  if (response->status == 200) {
    const auto size = response->ContentLength();
    if (!size.has_value() || !IsFromAzure(*response)) return ForeignAnswer(call);
    return std::optional<ObjectInfo>(ObjectInfo{call.name, *size});
  }
  Status failure = place_->Failure(call, *response);
  if (failure.code() == StatusCode::kNotFound) return std::optional<ObjectInfo>();
  return failure;
}

Result<std::vector<std::optional<ObjectInfo>>> AzureProvider::Stat(
    std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  std::vector<std::optional<ObjectInfo>> out(names.size());
  const auto make = [&](std::size_t i) {
    return AzureCall{.method = "HEAD", .name = names[i], .operation = "look for"};
  };
  Status failure;
  place_->SendEach(names.size(), make, [&](std::size_t i, const Result<HttpResponse>& response) {
    Result<std::optional<ObjectInfo>> info = Present(make(i), response);
    if (info.ok()) {
      out[i] = *std::move(info);
    } else {
      failure = info.status();
    }
  });
  FENCHI_RETURN_IF_ERROR(failure);
  return out;
}

Result<std::vector<Status>> AzureProvider::Delete(std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  std::vector<Status> out(names.size());
  const auto make = [&](std::size_t i) {
    return AzureCall{.method = "DELETE", .name = names[i], .operation = "delete"};
  };
  place_->SendEach(names.size(), make, [&](std::size_t i, const Result<HttpResponse>& response) {
    if (!response.ok()) {
      out[i] = response.status();
    } else if (response->status != 202) {
      Status failure = place_->Failure(make(i), *response);
      if (failure.code() != StatusCode::kNotFound) out[i] = std::move(failure);
    }
  });
  return out;
}

Status AzureProvider::ExtendRetention(std::string_view name, Timestamp until) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  if (place_->options().lock == AzureLock::kNone) {
    return Unsupported("{} keeps no retention", location())
        .WithHint("add lock=locked to the URL; the container must have version-level immutability");
  }
  FENCHI_ASSIGN_OR_RETURN(const auto there, LockOf(name));
  const auto missing = MissingLock(there, {.until = until, .strict = wants_strict()});
  if (!missing) return Status::Ok();
  const AzureCall call{.method = "PUT",
                       .name = std::string(name),
                       .query = {{"comp", "immutabilityPolicies"}},
                       .headers = AzureRetention(*missing),
                       .operation = "extend the retention of"};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  return response.status == 200 ? Status::Ok() : place_->Failure(call, response);
}

Result<std::optional<Timestamp>> AzureProvider::RetainedUntil(std::string_view name) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  FENCHI_ASSIGN_OR_RETURN(const auto there, LockOf(name));
  return RetainedBy(there, wants_strict());
}

Result<std::optional<ObjectLock>> AzureProvider::LockOf(std::string_view name) {
  const AzureCall call{
      .method = "HEAD", .name = std::string(name), .operation = "ask for the retention of"};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status != 200) return place_->Failure(call, response);
  const auto until = response.DateIn("x-ms-immutability-policy-until-date");
  if (!until) return std::optional<ObjectLock>();
  // "Locked" in some answers, "locked" in others.
  std::string mode(response.Header("x-ms-immutability-policy-mode").value_or(""));
  if (!mode.empty() && mode.front() == 'L') mode.front() = 'l';
  return std::optional(ObjectLock{.until = *until, .strict = mode == "locked"});
}

Result<Timestamp> AzureProvider::PlaceTime() {
  const AzureCall call{.method = "GET",
                       .query = {{"restype", "container"}, {"comp", "list"}, {"maxresults", "1"}},
                       .operation = "ask the time of"};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status != 200) return place_->Failure(call, response);
  const auto date = response.Date();
  return date.has_value() ? Result<Timestamp>(*date) : Provider::PlaceTime();
}

bool IsNamed(std::string_view text, std::size_t least, std::string_view more) {
  return text.size() >= least && text.size() <= 63 && std::ranges::all_of(text, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  more.find(c) != std::string_view::npos;
         });
}

Status CheckOptions(const AzureOptions& options) {
  if (!IsNamed(options.account, 3, "")) {
    return InvalidArgument("the account of an azure: URL has 3 to 63 characters a-z and 0-9");
  }
  if (!IsNamed(options.container, 3, "-$")) {
    return InvalidArgument("the container of an azure: URL has 3 to 63 characters a-z 0-9 and -")
        .WithHint("write azure://ACCOUNT/CONTAINER/FOLDER");
  }
  if (options.folder.starts_with('/') || options.folder.ends_with('/')) {
    return InvalidArgument("the folder of an Azure provider has no / at its ends");
  }
  if (options.parallel_max < 1 || options.parallel_max > 256) {
    return InvalidArgument("parallel_max of an Azure provider is 1 to 256");
  }
  if (options.block_bytes < 1 || options.block_bytes > 4000ull << 20) {
    return InvalidArgument("block_bytes of an Azure provider is 1 to 4000 MiB");
  }
  return Status::Ok();
}

}  // namespace

Result<std::shared_ptr<Provider>> OpenAzureProvider(const AzureOptions& options) {
  FENCHI_RETURN_IF_ERROR(CheckOptions(options));
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<AzurePlace> place, AzurePlace::Open(options));
  return std::shared_ptr<Provider>(std::make_shared<AzureProvider>(std::move(place)));
}

Result<std::shared_ptr<Provider>> OpenAzureUrl(std::string_view rest, const Domain& domain) {
  FENCHI_ASSIGN_OR_RETURN(AzureOptions options, ParseAzureUrl(fmt::format("azure:{}", rest)));
  options.domain = domain;
  return OpenAzureProvider(options);
}

}  // namespace fenchi
