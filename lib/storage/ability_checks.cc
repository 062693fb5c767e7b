// Checks of what places differ in: deleting, listing at once, retention, the place's clock.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "storage/contract_checks.h"

namespace fenchi {
namespace {

constexpr std::int64_t kClockSkewSeconds = 60;

bool IsRefusal(const Status& status) {
  return status.code() == StatusCode::kDenied || status.code() == StatusCode::kLocked;
}

// The first answer about one name, or why there is none.
Status DeleteOne(ContractRun& run, const std::string& name) {
  const std::string names[] = {name};
  const auto answers = run.provider().Delete(names);
  if (!answers.ok()) return answers.status();
  if (answers->size() != 1) return Internal("there is not one answer for one name");
  return answers->front();
}

// Refusing is what an append-only place is for; it is no fault.
std::string DeletingIsAllowed(ContractRun& run) {
  const std::string name = run.Name("deletable");
  if (Status put = run.Put(name, AsBytes("x")); !put.ok()) return put.ToString();
  const Status deleted = DeleteOne(run, name);
  if (deleted.ok()) {
    const bool gone = run.provider().Get(name, 0, {}).code() == StatusCode::kNotFound;
    run.Found("delete", gone ? "yes" : "no");
    return gone ? "" : "Delete reported success and the object is still there";
  }
  run.Found("delete", IsRefusal(deleted) ? "refused" : "no", deleted.message());
  if (IsRefusal(deleted)) run.FindDeletingRefused();
  return "deleting is refused: " + deleted.ToString();
}

std::string Delete(ContractRun& run) {
  const std::vector<std::string> names = {run.Name("delete/a"), run.Name("delete/never"),
                                          run.Name("delete/b"), run.Name("nowhere/x")};
  const std::string kept = run.Name("delete/ab");
  for (const std::string& name : {names[0], names[2], kept}) {
    if (Status put = run.Put(name, AsBytes("x")); !put.ok()) return put.ToString();
  }
  for (int round = 0; round < 2; ++round) {  // the second time, all of them are absent
    const auto answers = run.provider().Delete(names);
    if (!answers.ok()) return answers.status().ToString();
    if (answers->size() != names.size()) return "there is not one answer for each name";
    for (const Status& answer : *answers) {
      if (!answer.ok()) return answer.ToString();
    }
  }
  const auto infos = run.provider().Stat(names);
  if (!infos.ok()) return infos.status().ToString();
  for (const auto& info : *infos) {
    if (info.has_value()) return info->name + " is still there after Delete";
  }
  if (std::string wrong = run.Compare(kept, AsBytes("x")); !wrong.empty()) return wrong;
  const auto none = run.provider().Delete({});
  if (!none.ok()) return none.status().ToString();
  return none->empty() ? "" : "an empty batch has answers";
}

std::string DeclaresCreateOnly(ContractRun& run) {
  return run.provider().capability().create_only
             ? ""
             : "capability().create_only is false: two writers may overwrite each other";
}

// How long a new object takes to show up in a listing.
std::string ListsAtOnce(ContractRun& run) {
  const std::string name = run.Name("fresh/object");
  if (Status put = run.Put(name, AsBytes("x")); !put.ok()) return put.ToString();
  for (int look = 0; look < run.options().list_attempts; ++look) {
    if (look > 0) std::this_thread::sleep_for(run.options().list_wait);
    bool shown = false;
    const Status listed = run.provider().List(run.Name("fresh/"), "", [&](const ObjectInfo& info) {
      shown = shown || info.name == name;
      return true;
    });
    if (!listed.ok()) return listed.ToString();
    if (!shown) continue;
    const double seconds = look * std::chrono::duration<double>(run.options().list_wait).count();
    run.Found("listing", look == 0 ? "at_once" : "lags", fmt::format("{:.1f} s", seconds));
    return look == 0 ? "" : fmt::format("a new object was listed only after {:.1f} s", seconds);
  }
  run.Found("listing", "incomplete");
  return "a new object was not listed at all while the suite looked";
}

std::string KeepsRetention(ContractRun& run) {
  if (!run.provider().capability().retention) {
    run.Found("retention", "unsupported");
    return "";
  }
  if (run.options().retain.count() <= 0) {
    run.Found("retention", "not_tried");
    return "";
  }
  const std::string name = run.Name("retained");
  MemorySource source(AsBytes("kept"));
  Timestamp until = run.clock().Now();
  until.seconds += run.options().retain.count();
  run.Leave(name);
  const Status put = run.provider().Put(name, source, {.retain_until = until});
  if (!put.ok()) return "a Put with retain_until: " + put.ToString();
  const Status deleted = DeleteOne(run, name);
  // Some places hide a locked object behind a marker and say that the delete went well.
  const std::string there = run.Compare(name, AsBytes("kept"));
  const bool kept = !deleted.ok() && there.empty();
  run.Found("retention", kept ? "kept" : "ignored", ToIso8601(until));
  if (!there.empty()) return "an object under retention: " + there;
  if (IsRefusal(deleted)) return "";
  return ExpectCode(deleted, StatusCode::kLocked, "Delete of an object under retention");
}

std::string ClockAgrees(ContractRun& run) {
  const Result<Timestamp> told = run.provider().PlaceTime();
  if (!told.ok()) {
    run.Found("clock", "unknown");
    return told.status().code() == StatusCode::kUnsupported ? "" : told.status().ToString();
  }
  const std::int64_t ahead = told->seconds - run.clock().Now().seconds;
  const bool right = std::abs(ahead) <= kClockSkewSeconds;
  run.Found("clock", right ? "right" : "wrong", fmt::format("{:+}", ahead));
  return right ? ""
               : fmt::format("the place's clock is {} s {} this host's; one of them is wrong",
                             std::abs(ahead), ahead > 0 ? "ahead of" : "behind");
}

constexpr ContractCheck kChecks[] = {
    {"deleting is allowed", Required::kNever, true, DeletingIsAllowed},
    {"Delete removes what it names and nothing else", Required::kAlways, true, Delete},
    {"the place says that it refuses to overwrite", Required::kNever, false, DeclaresCreateOnly},
    {"a new object is listed at once", Required::kNever, false, ListsAtOnce},
    {"where retention is offered, and tried, it forbids deleting", Required::kAlways, false,
     KeepsRetention},
    {"where the place tells the time, its clock agrees with this host's", Required::kNever, false,
     ClockAgrees},
};

}  // namespace

std::span<const ContractCheck> AbilityChecks() { return kChecks; }

}  // namespace fenchi
