// What the suite says that a place can do, for places that differ in it.

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "fenchi/testing/provider_contract.h"

namespace fenchi {
namespace {

constexpr ContractOptions kQuick{.large_object_bytes = 1 << 20,
                                 .threads = 4,
                                 .list_attempts = 3,
                                 .list_wait = std::chrono::milliseconds(1)};

ContractReport Check(Provider& provider, const ContractOptions& options = kQuick) {
  const auto random = SeededRandom(20261128);
  Result<ContractReport> report = RunProviderContract(provider, options, *random);
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  return report.ok() ? *report : ContractReport{};
}

std::string Ability(const ContractReport& report, std::string_view name) {
  std::string out;
  for (const ContractAbility& one : report.abilities) {
    if (one.name == name) out += (out.empty() ? "" : " and ") + one.value;
  }
  return out;
}

TEST(Abilities, EachIsToldOnce) {
  const ContractReport report = Check(*OpenMemoryProvider());
  EXPECT_TRUE(report.passed()) << report.ToText();
  const std::map<std::string, std::string> expected = {{"overwrite_refusal", "always"},
                                                       {"replace", "yes"},
                                                       {"ranges", "yes"},
                                                       {"delete", "yes"},
                                                       {"clock", "unknown"},
                                                       {"listing", "at_once"},
                                                       {"retention", "unsupported"},
                                                       {"durability", "not_declared"}};
  for (const auto& [name, value] : expected) EXPECT_EQ(Ability(report, name), value) << name;
  EXPECT_EQ(report.abilities.size(), expected.size());
  EXPECT_NE(report.ToText().find("overwrite_refusal: always"), std::string::npos);
}

// Never deletes, as an append-only credential.
class AppendOnly final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  Result<std::vector<Status>> Delete(std::span<const std::string>) override {
    return Status(StatusCode::kDenied, "no permission to delete");
  }
};

TEST(Abilities, AnAppendOnlyPlacePassesAndIsNamed) {
  AppendOnly place(OpenMemoryProvider());
  const ContractReport report = Check(place);
  EXPECT_TRUE(report.passed()) << report.ToText();
  EXPECT_EQ(Ability(report, "delete"), "refused");
}

TEST(Abilities, DeletingIsNotTriedWhereItIsForbidden) {
  ContractOptions options = kQuick;
  options.may_delete = false;
  EXPECT_EQ(Ability(Check(*OpenMemoryProvider(), options), "delete"), "not_tried");
}

// Overwrites without being asked.
class Overwriting final : public ProviderWrapper {
 public:
  Overwriting(std::shared_ptr<Provider> inner, bool declares)
      : ProviderWrapper(std::move(inner)), declares_(declares) {}
  Status Put(std::string_view name, Source& source, const PutOptions&) override {
    return inner().Put(name, source, {.replace = true});
  }
  Capability capability() const override {
    Capability out = inner().capability();
    out.create_only = declares_;
    return out;
  }

 private:
  bool declares_;
};

TEST(Abilities, APlaceThatOverwritesIsFoundWhateverItDeclares) {
  for (const bool declares : {true, false}) {
    Overwriting place(OpenMemoryProvider(), declares);
    const ContractReport report = Check(place);
    EXPECT_FALSE(report.passed());
    EXPECT_EQ(Ability(report, "overwrite_refusal"), "never");
    const auto random = SeededRandom(1);
    const Result<bool> refuses = RefusesToOverwrite(place, *random);
    ASSERT_TRUE(refuses.ok());
    EXPECT_FALSE(*refuses);
  }
  const auto random = SeededRandom(1);
  EXPECT_TRUE(*RefusesToOverwrite(*OpenMemoryProvider(), *random));
}

// Looks first and then writes, and says so.
class LooksFirst final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    if (!options.replace && inner().Get(name, 0, {}).ok()) {
      return Status(StatusCode::kAlreadyExists, "taken");
    }
    Bytes bytes(source.size());
    FENCHI_RETURN_IF_ERROR(source.Read(0, bytes));
    if (name.find("/race/") != std::string_view::npos) {
      std::unique_lock lock(mutex_);  // all racers have looked before one writes
      ++looked_;
      changed_.notify_all();
      changed_.wait_for(lock, std::chrono::seconds(10), [&] { return looked_ % 4 == 0; });
    }
    MemorySource read(bytes);
    return inner().Put(name, read, {.replace = true});
  }
  Capability capability() const override {
    Capability out = inner().capability();
    out.create_only = false;
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int looked_ = 0;
};

TEST(Abilities, APlaceThatLooksFirstAndSaysSoPasses) {
  LooksFirst place(OpenMemoryProvider());
  const ContractReport report = Check(place);
  EXPECT_TRUE(report.passed()) << report.ToText();
  EXPECT_EQ(Ability(report, "overwrite_refusal"), "not_at_once");
}

// Shows an object in listings only from the second look on.
class Lagging final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return inner().List(prefix, after, [&](const ObjectInfo& info) {
      const bool seen = [&] {
        const std::lock_guard lock(mutex_);
        return looks_[info.name]++ > 0;
      }();
      return !seen || entry(info);
    });
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> looks_;
};

TEST(Abilities, AListingThatLagsIsMeasuredAndNoFault) {
  Lagging place(OpenMemoryProvider());
  EXPECT_EQ(Ability(Check(place), "listing"), "lags");
}

TEST(Abilities, TheClockOfThePlaceIsCompared) {
  const auto clock = SteppingClock({1'790'000'000, 0});
  FaultProvider place(OpenMemoryProvider());
  ContractOptions options = kQuick;
  options.clock = clock.get();
  place.SetPlaceClock(*clock, std::chrono::minutes(20));
  const ContractReport report = Check(place, options);
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(Ability(report, "clock"), "wrong");
  place.SetPlaceClock(*clock, std::chrono::seconds(5));
  EXPECT_EQ(Ability(Check(place, options), "clock"), "right");
}

// Locks until a time, or only says so.
class Locking final : public ProviderWrapper {
 public:
  Locking(std::shared_ptr<Provider> inner, bool keeps)
      : ProviderWrapper(std::move(inner)), keeps_(keeps) {}
  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    if (options.retain_until.has_value()) locked_.emplace(name, *options.retain_until);
    return inner().Put(name, source, options);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    std::vector<Status> out;
    for (const std::string& name : names) {
      const std::string one[] = {name};
      if (keeps_ && locked_.contains(name)) {
        out.emplace_back(StatusCode::kLocked, "locked until " + ToIso8601(locked_.at(name)));
      } else {
        FENCHI_ASSIGN_OR_RETURN(const auto answers, inner().Delete(one));
        out.push_back(answers.front());
      }
    }
    return out;
  }
  Capability capability() const override {
    Capability out = inner().capability();
    out.retention = true;
    return out;
  }

 private:
  bool keeps_;
  std::map<std::string, Timestamp, std::less<>> locked_;
};

TEST(Abilities, RetentionIsTriedOnlyWhenAskedFor) {
  Locking place(OpenMemoryProvider(), true);
  EXPECT_EQ(Ability(Check(place), "retention"), "not_tried");
  ContractOptions options = kQuick;
  options.retain = std::chrono::minutes(5);
  const ContractReport report = Check(place, options);
  EXPECT_TRUE(report.passed()) << report.ToText();
  EXPECT_EQ(Ability(report, "retention"), "kept");
}

TEST(Abilities, RetentionThatIsOnlySaidIsAFault) {
  Locking place(OpenMemoryProvider(), false);
  ContractOptions options = kQuick;
  options.retain = std::chrono::minutes(5);
  const ContractReport report = Check(place, options);
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(Ability(report, "retention"), "ignored");
}

}  // namespace
}  // namespace fenchi
