// Object lock at a real server, for test_s3.py: fenchi_lock_s3 URL [TRIAL_URL]. The bucket has
// object lock and versions; TRIAL_URL is the same place in governance mode. Prints what it did;
// exit code 1 at the first step that does not go as it must.

#include <cstdio>
#include <string>

#include "fenchi/provider.h"

namespace {

using namespace std::string_literals;

bool Expect(const char* step, const fenchi::Status& got, fenchi::StatusCode code) {
  const bool as_it_must = got.code() == code;
  std::printf("%s %s: %s\n", as_it_must ? "ok" : "WRONG", step, got.ToString().c_str());
  return as_it_must;
}

bool Retained(fenchi::Provider& place, const char* step, const char* name, fenchi::Timestamp least,
              fenchi::Timestamp most) {
  const auto until = place.RetainedUntil(name);
  const bool as_it_must = until.ok() && until->has_value() && **until >= least && **until <= most;
  std::printf("%s %s: %s\n", as_it_must ? "ok" : "WRONG", step,
              !until.ok()          ? until.status().ToString().c_str()
              : until->has_value() ? fenchi::ToIso8601(**until).c_str()
                                   : "not retained");
  return as_it_must;
}

bool Run(fenchi::Provider& place) {
  using fenchi::StatusCode;
  const auto in = [](std::int64_t seconds) {
    return fenchi::Timestamp{.seconds = fenchi::SystemClock().Now().seconds + seconds};
  };
  const auto put = [&](const char* name, std::optional<fenchi::Timestamp> until) {
    fenchi::MemorySource source(fenchi::AsBytes("ledger"));
    return place.Put(name, source, {.retain_until = until});
  };
  const auto erase = [&](const char* name) {
    const std::string names[] = {name};
    const auto answers = place.Delete(names);
    return answers.ok() ? answers->front() : answers.status();
  };
  const auto unlocked = [&](const char* name) -> fenchi::Status {
    const auto until = place.RetainedUntil(name);
    if (!until.ok()) return until.status();
    return until->has_value() ? fenchi::Status(StatusCode::kLocked, "it is retained")
                              : fenchi::Status::Ok();
  };
  return place.capability().retention &&
         Expect("put locked for an hour", put("locked", in(3600)), StatusCode::kOk) &&
         Expect("delete while locked", erase("locked"), StatusCode::kLocked) &&
         Expect("read it", place.Get("locked", 0, {}), StatusCode::kOk) &&
         Expect("put over it", put("locked", in(3600)), StatusCode::kAlreadyExists) &&
         Expect("extend", place.ExtendRetention("locked", in(7200)), StatusCode::kOk) &&
         Retained(place, "retained for two hours", "locked", in(7190), in(7210)) &&
         Expect("extend to less", place.ExtendRetention("locked", in(60)), StatusCode::kOk) &&
         Retained(place, "it stays two hours", "locked", in(7190), in(7210)) &&
         Expect("delete after extending", erase("locked"), StatusCode::kLocked) &&
         Expect("extend what is absent", place.ExtendRetention("absent", in(60)),
                StatusCode::kNotFound) &&
         Expect("ask about what is absent", place.RetainedUntil("absent").status(),
                StatusCode::kNotFound) &&
         Expect("put without a lock", put("free", std::nullopt), StatusCode::kOk) &&
         Expect("it has none", unlocked("free"), StatusCode::kOk) &&
         Expect("delete it", erase("free"), StatusCode::kOk) &&
         Expect("it is gone", place.Get("free", 0, {}), StatusCode::kNotFound);
}

// What a trial locked in governance mode is locked for good.
bool RunTrial(fenchi::Provider& place, fenchi::Provider& trial) {
  using fenchi::StatusCode;
  const auto in = [](std::int64_t seconds) {
    return fenchi::Timestamp{.seconds = fenchi::SystemClock().Now().seconds + seconds};
  };
  fenchi::MemorySource source(fenchi::AsBytes("ledger"));
  const auto before = [&]() -> fenchi::Status {
    const auto until = place.RetainedUntil("tried");
    return until.ok() && !until->has_value()
               ? fenchi::Status::Ok()
               : fenchi::Status(StatusCode::kLocked, "as if for good");
  };
  return Expect("put in governance mode", trial.Put("tried", source, {.retain_until = in(7200)}),
                StatusCode::kOk) &&
         Retained(trial, "the trial's lock holds", "tried", in(7190), in(7210)) &&
         Expect("it is none for good", before(), StatusCode::kOk) &&
         Expect("lock it for good", place.ExtendRetention("tried", in(3600)), StatusCode::kOk) &&
         Retained(place, "for good, and until the later date", "tried", in(7190), in(7210)) &&
         Expect("the trial may ask for less", trial.ExtendRetention("tried", in(60)),
                StatusCode::kOk) &&
         Retained(place, "and changes nothing", "tried", in(7190), in(7210));
}

fenchi::Result<std::shared_ptr<fenchi::Provider>> Open(const char* url) {
  auto opened = fenchi::OpenProvider(url);
  if (!opened.ok()) std::printf("%s\n", opened.status().ToString().c_str());
  return opened;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 && count != 3) return 2;
  const auto place = Open(arguments[1]);
  if (!place.ok()) return 1;
  if (count == 2) return Run(**place) ? 0 : 1;
  const auto trial = Open(arguments[2]);
  return trial.ok() && RunTrial(**place, **trial) ? 0 : 1;
}
