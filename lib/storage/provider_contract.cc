#include "fenchi/testing/provider_contract.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "base/error.h"
#include "storage/contract_checks.h"

namespace fenchi {
namespace {

constexpr std::size_t kPrefixBytesMax = 60;

Status CheckOptions(const ContractOptions& options) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(options.prefix).At("prefix of the contract suite"));
  if (options.prefix.size() > kPrefixBytesMax) {
    return InvalidArgument("prefix of the contract suite: longer than {} characters",
                           kPrefixBytesMax);
  }
  if (options.threads < 2 || options.threads > 64) {
    return InvalidArgument("the contract suite runs with 2 to 64 threads, not {}", options.threads);
  }
  if (options.list_attempts < 1) {
    return InvalidArgument("the contract suite has to look at least once at a listing");
  }
  return Status::Ok();
}

std::string RandomName(std::string_view prefix, Random& random) {
  Bytes raw(16);
  random.Fill(raw);
  return fmt::format("{}/{}", prefix, ToHex(raw));
}

}  // namespace

ContractRun::ContractRun(Provider& provider, const ContractOptions& options, Random& random)
    : provider_(provider),
      options_(options),
      random_(random),
      base_(RandomName(options.prefix, random)) {}

Bytes ContractRun::RandomBytes(std::size_t count) {
  Bytes bytes(count);
  random_.Fill(bytes);
  return bytes;
}

Status ContractRun::Put(const std::string& name, ByteView bytes, bool replace) {
  MemorySource source(bytes);
  return Put(name, source, replace);
}

Status ContractRun::Put(const std::string& name, Source& source, bool replace) {
  {
    const std::lock_guard lock(mutex_);
    touched_.insert(name);
  }
  return provider_.Put(name, source, {.replace = replace});
}

std::string ContractRun::Compare(const std::string& name, ByteView expected) {
  const std::string names[] = {name};
  const auto infos = provider_.Stat(names);
  if (!infos.ok()) return infos.status().ToString();
  if (infos->size() != 1 || !infos->front().has_value()) return name + " is absent after Put";
  if (infos->front()->size_bytes != expected.size()) {
    return fmt::format("{} has {} bytes, {} were stored", name, infos->front()->size_bytes,
                       expected.size());
  }
  Bytes got(expected.size());
  if (Status read = provider_.Get(name, 0, got); !read.ok()) return read.ToString();
  if (!std::equal(got.begin(), got.end(), expected.begin())) {
    return fmt::format("{} came back with other bytes", name);
  }
  return "";
}

Result<std::vector<std::string>> ContractRun::List(
    std::string_view leaf, const std::function<bool(const std::vector<std::string>&)>& complete) {
  std::vector<std::string> names;
  for (int attempt = 0; attempt < options_.list_attempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(options_.list_wait);
    names.clear();
    FENCHI_RETURN_IF_ERROR(provider_.List(Name(leaf), "", [&](const ObjectInfo& info) {
      names.push_back(info.name);
      return true;
    }));
    if (complete(names)) break;
  }
  return names;
}

void ContractRun::Found(std::string name, std::string value, std::string detail) {
  abilities_.push_back({std::move(name), std::move(value), std::move(detail)});
}

void ContractRun::Leave(const std::string& name) {
  const std::lock_guard lock(mutex_);
  touched_.erase(name);
}

Status ContractRun::CleanUp() {
  if (!may_delete()) return Status::Ok();
  // Names outside the grammar went in only if the place is broken; it refuses them in a batch too.
  std::vector<std::string> names;
  for (const std::string& name : touched_) {
    const std::string one[] = {name};
    if (CheckObjectName(name).ok()) {
      names.push_back(name);
    } else {
      (void)provider_.Delete(one);
    }
  }
  FENCHI_ASSIGN_OR_RETURN(const std::vector<Status> answers, provider_.Delete(names));
  for (const Status& answer : answers) FENCHI_RETURN_IF_ERROR(answer);
  return Status::Ok();
}

bool ContractReport::passed() const {
  return std::all_of(findings.begin(), findings.end(), [](const ContractFinding& finding) {
    return finding.passed || !finding.required;
  });
}

std::string ContractReport::ToText() const {
  std::string out;
  for (const ContractFinding& finding : findings) {
    const std::string_view verdict = finding.passed ? "ok  " : finding.required ? "FAIL" : "note";
    out += fmt::format("{} {}{}{}\n", verdict, finding.check, finding.message.empty() ? "" : ": ",
                       finding.message);
  }
  for (const ContractAbility& one : abilities) {
    out += fmt::format("{}: {}{}{}\n", one.name, one.value, one.detail.empty() ? "" : ", ",
                       one.detail);
  }
  return out;
}

namespace {

ContractFinding RunCheck(const ContractCheck& check, ContractRun& run) {
  const bool declared =
      check.required == Required::kIfDeclared && run.provider().capability().create_only;
  ContractFinding finding{.check = std::string(check.sentence),
                          .required = check.required == Required::kAlways || declared};
  if (check.deletes && !run.may_delete()) {
    finding.required = false;
    finding.message = "not tried: deleting is not allowed";
    return finding;
  }
  finding.message = check.run(run);
  finding.passed = finding.message.empty();
  return finding;
}

// What follows from the checks that every place must pass, before what was found on the way.
std::vector<ContractAbility> AbilitiesOf(const ContractReport& report, const ContractRun& run) {
  const auto passed = [&report](std::string_view sentence) {
    return std::ranges::any_of(report.findings, [&](const ContractFinding& finding) {
      return finding.passed && finding.check.starts_with(sentence);
    });
  };
  const Capability declared = run.provider().capability();
  const bool once = passed("a second Put of one name");
  const bool raced = passed("of many Puts of one name at once");
  std::vector<ContractAbility> out = {
      {"overwrite_refusal", !once   ? "never"
                            : raced ? "always"
                                    : "not_at_once"},
      {"replace", passed("a Put that may replace") ? "yes" : "no"},
      {"ranges", !passed("ranges are exact") ? "no"
                 : declared.ranged_read      ? "yes"
                                             : "whole_objects"},
      {"durability", declared.durable ? "declared" : "not_declared"},
  };
  std::ranges::copy(run.abilities(), std::back_inserter(out));
  const auto is_delete = [](const ContractAbility& one) { return one.name == "delete"; };
  if (std::ranges::none_of(out, is_delete)) out.push_back({"delete", "not_tried"});
  return out;
}

}  // namespace

Result<ContractReport> RunProviderContract(Provider& provider, const ContractOptions& options,
                                           Random& random) {
  FENCHI_RETURN_IF_ERROR(CheckOptions(options));
  ContractRun run(provider, options, random);
  FENCHI_RETURN_IF_ERROR(
      run.Put(run.Name("first"), AsBytes("first")).At(provider.location() + " cannot be tried"));
  ContractReport report{.location = provider.location()};
  for (const auto checks : {ContractChecks(), AbilityChecks()}) {
    for (const ContractCheck& check : checks) report.findings.push_back(RunCheck(check, run));
  }
  if (Status cleaned = run.CleanUp(); !cleaned.ok()) {
    report.findings.push_back({.check = "what the suite wrote can be deleted",
                               .passed = false,
                               .required = true,
                               .message = cleaned.ToString()});
  }
  report.abilities = AbilitiesOf(report, run);
  return report;
}

Result<bool> RefusesToOverwrite(Provider& provider, Random& random) {
  const std::string name = RandomName("probe", random);
  Bytes first(32), second(32), there(32);
  random.Fill(first);
  random.Fill(second);
  MemorySource source(first), other(second);
  Status tried = provider.Put(name, source, {});
  bool refused = false;
  if (tried.ok()) {
    const Status again = provider.Put(name, other, {});
    refused = again.code() == StatusCode::kAlreadyExists;
    if (!refused) tried = again;
  }
  if (tried.ok()) tried = provider.Get(name, 0, there);
  const std::string names[] = {name};
  (void)provider.Delete(names);  // best effort: a probe that stays does no harm
  FENCHI_RETURN_IF_ERROR(tried.At("trying whether names are kept"));
  return refused && there == first;
}

Result<bool> SamePlace(Provider& a, Provider& b, Random& random) {
  const std::string name = RandomName("probe", random);
  Bytes written(32);
  random.Fill(written);
  MemorySource source(written);
  FENCHI_RETURN_IF_ERROR(a.Put(name, source, {}).At("looking whether two providers are one place"));
  Bytes read(written.size());
  const Status found = b.Get(name, 0, read);
  const std::string names[] = {name};
  (void)a.Delete(names);  // best effort: a probe that stays does no harm
  if (found.ok()) return read == written;
  if (found.code() == StatusCode::kNotFound) return false;
  return found.At("looking whether two providers are one place");
}

}  // namespace fenchi
