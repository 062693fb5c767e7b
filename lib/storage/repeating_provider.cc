#include "storage/repeating_provider.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::size_t kCompareBytes = 1u << 20;

}  // namespace

bool MayBeRetried(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadline;
}

Result<bool> HoldsSource(Provider& provider, std::string_view name, Source& source) {
  const std::string names[] = {std::string(name)};
  FENCHI_ASSIGN_OR_RETURN(const auto infos, provider.Stat(names));
  if (infos.size() != 1 || !infos.front().has_value()) return false;
  const std::uint64_t size = source.size();
  if (infos.front()->size_bytes != size) return false;
  Bytes there(static_cast<std::size_t>(std::min<std::uint64_t>(size, kCompareBytes)));
  Bytes ours(there.size());
  for (std::uint64_t at = 0; at < size; at += there.size()) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, there.size()));
    const MutableBytes read = MutableBytes(there).first(count);
    const MutableBytes meant = MutableBytes(ours).first(count);
    FENCHI_RETURN_IF_ERROR(provider.Get(name, at, read));
    FENCHI_RETURN_IF_ERROR(source.Read(at, meant));
    if (!std::ranges::equal(read, meant)) return false;
  }
  return true;
}

template <typename T, typename Call>
Result<T> RepeatingProvider::RepeatFor(const Call& call) {
  std::optional<T> value;
  FENCHI_RETURN_IF_ERROR(Repeat([&](Provider& provider) {
    Result<T> answer = call(provider);
    if (!answer.ok()) return answer.status();
    value = std::move(answer).value();
    return Status::Ok();
  }));
  return std::move(*value);
}

Status RepeatingProvider::Put(std::string_view name, Source& source, const PutOptions& options) {
  bool in_doubt = false;  // an attempt of ours may have stored the object
  return Repeat([&](Provider& provider) {
    Status put = provider.Put(name, source, options);
    if (MayBeRetried(put)) in_doubt = true;
    if (put.code() != StatusCode::kAlreadyExists || !in_doubt) return put;
    const Result<bool> ours = HoldsSource(provider, name, source);
    if (!ours.ok()) return ours.status().At("comparing what a Put of unknown outcome left");
    return *ours ? Status::Ok() : put;
  });
}

Status RepeatingProvider::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  return Repeat([&](Provider& provider) { return provider.Get(name, offset, out); });
}

Result<std::vector<std::optional<ObjectInfo>>> RepeatingProvider::Stat(
    std::span<const std::string> names) {
  return RepeatFor<std::vector<std::optional<ObjectInfo>>>(
      [&](Provider& provider) { return provider.Stat(names); });
}

Status RepeatingProvider::List(std::string_view prefix, std::string_view after,
                               const std::function<bool(const ObjectInfo&)>& entry) {
  std::string told(after);
  bool stopped = false;
  return Repeat([&](Provider& provider) {
    if (stopped) return Status::Ok();  // the caller has what it wanted; the failure came later
    const std::string from = told;     // the provider may look at it until it returns
    return provider.List(prefix, from, [&](const ObjectInfo& info) {
      told = info.name;
      stopped = !entry(info);
      return !stopped;
    });
  });
}

Result<std::vector<Status>> RepeatingProvider::Delete(std::span<const std::string> names) {
  std::vector<Status> out(names.size());
  std::vector<std::size_t> left(names.size());  // places in `names` without an answer that counts
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  bool answered = false;
  const Status last = Repeat([&](Provider& provider) {
    std::vector<std::string> asked;
    for (const std::size_t i : left) asked.push_back(names[i]);
    FENCHI_ASSIGN_OR_RETURN(const std::vector<Status> answers, provider.Delete(asked));
    if (answers.size() != asked.size()) {
      return Unavailable("{} gave {} answers about {} objects", provider.location(), answers.size(),
                         asked.size());
    }
    answered = true;
    std::vector<std::size_t> again;
    Status failed;
    for (std::size_t i = 0; i < left.size(); ++i) {
      out[left[i]] = answers[i];
      if (!MayBeRetried(answers[i])) continue;
      again.push_back(left[i]);
      failed = answers[i];
    }
    left = std::move(again);
    return failed;
  });
  // Once a batch was answered, what still fails is an answer about single names.
  if (!last.ok() && !answered) return last;
  for (const std::size_t i : left) out[i] = last;
  return out;
}

Status RepeatingProvider::ExtendRetention(std::string_view name, Timestamp until) {
  return Repeat([&](Provider& provider) { return provider.ExtendRetention(name, until); });
}
Result<std::optional<Timestamp>> RepeatingProvider::RetainedUntil(std::string_view name) {
  return RepeatFor<std::optional<Timestamp>>(
      [&](Provider& provider) { return provider.RetainedUntil(name); });
}
Status RepeatingProvider::Warm(std::span<const std::string> names) {
  return Repeat([&](Provider& provider) { return provider.Warm(names); });
}
Result<Hash256> RepeatingProvider::RemoteHash(std::string_view name) {
  return RepeatFor<Hash256>([&](Provider& provider) { return provider.RemoteHash(name); });
}
Result<std::uint64_t> RepeatingProvider::FreeSpaceBytes() {
  return RepeatFor<std::uint64_t>([](Provider& provider) { return provider.FreeSpaceBytes(); });
}
Result<Timestamp> RepeatingProvider::PlaceTime() {
  return RepeatFor<Timestamp>([](Provider& provider) { return provider.PlaceTime(); });
}

}  // namespace fenchi
