// The contract suite itself: each way of breaking the contract is found, by the check meant for it.

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <map>
#include <mutex>

#include "fenchi/testing/provider_contract.h"
#include "unit/base/thread_limit.h"

namespace fenchi {
namespace {

enum class Flaw {
  kOverwrites,         // Put replaces without being asked
  kReplaceKeepsTail,   // a shorter replacement leaves the old end
  kReplaceRefused,     // replace does not replace
  kLosesLastByte,      // of objects above 1 MiB - 1
  kStoresPart,         // of a source that breaks
  kIgnoresOffset,      // Get always reads from the start
  kShortRead,          // Get past the end succeeds
  kEmptyGetOfAbsent,   // an empty range of an absent object succeeds
  kAbsentIsDamaged,    // absent and damaged are mixed up
  kStatDropsAbsent,    // one answer only for those present
  kStatSorted,         // answers in another order
  kListByFolders,      // "a/b" before "a-b"
  kListIgnoresPrefix,  // shows everything
  kListWrongSize,      // sizes are one too large
  kListAfterIncluded,  // shows `after` itself
  kListNeverStops,     // goes on after false
  kOddNames,           // stores any name
  kCheckThenWrite,     // create-only with a gap between looking and writing
  kDeleteAbsentFails,  // absent names are an error
  kDeleteByPrefix,     // deletes "ab" with "a"
  kDeleteDoesNothing,  // and says that it did
};

// A memory provider with one flaw.
class FlawedProvider final : public Provider {
 public:
  explicit FlawedProvider(Flaw flaw) : flaw_(flaw) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    if (flaw_ != Flaw::kOddNames) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    const std::string key(name);
    Bytes bytes(source.size());
    const Status read = ReadInPieces(source, bytes);
    if (!read.ok()) {
      if (flaw_ == Flaw::kStoresPart) Store(key, Bytes(100));
      return read;
    }
    if (flaw_ == Flaw::kLosesLastByte && bytes.size() >= 1 << 20) bytes.pop_back();
    const Status taken(StatusCode::kAlreadyExists, "taken");
    bool replace = options.replace || flaw_ == Flaw::kOverwrites;
    if (replace && flaw_ == Flaw::kReplaceRefused && Has(key)) return taken;
    if (replace && flaw_ == Flaw::kReplaceKeepsTail) bytes = WithOldTail(key, std::move(bytes));
    if (!replace && flaw_ == Flaw::kCheckThenWrite) {
      if (Has(key)) return taken;
      if (key.find("/race/") != std::string::npos) gap_.arrive_and_wait();
      replace = true;
    }
    const std::lock_guard lock(mutex_);
    if (!replace && objects_.contains(key)) return taken;
    objects_[key] = std::move(bytes);
    return Status::Ok();
  }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    if (flaw_ != Flaw::kOddNames) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    const std::lock_guard lock(mutex_);
    const auto at = objects_.find(std::string(name));
    if (flaw_ == Flaw::kEmptyGetOfAbsent && out.empty()) return Status::Ok();
    if (at == objects_.end()) {
      const bool mixes = flaw_ == Flaw::kAbsentIsDamaged && !out.empty();
      return Status(mixes ? StatusCode::kDamaged : StatusCode::kNotFound, "absent");
    }
    if (out.empty()) return Status::Ok();
    if (flaw_ == Flaw::kIgnoresOffset && offset < at->second.size()) offset = 0;
    const std::uint64_t size = at->second.size();
    const std::uint64_t there = offset > size ? 0 : size - offset;
    if (there < out.size() && flaw_ != Flaw::kShortRead) {
      return Status(StatusCode::kDamaged, "too short");
    }
    const std::size_t count = std::min<std::uint64_t>(there, out.size());
    if (count > 0) std::copy_n(at->second.begin() + static_cast<long>(offset), count, out.begin());
    return Status::Ok();
  }

  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::optional<ObjectInfo>> out;
    std::vector<std::string> asked(names.begin(), names.end());
    if (flaw_ == Flaw::kStatSorted) std::sort(asked.begin(), asked.end());
    for (const std::string& name : asked) {
      const auto at = objects_.find(name);
      if (at != objects_.end()) {
        out.push_back(ObjectInfo{name, at->second.size()});
      } else if (flaw_ != Flaw::kStatDropsAbsent) {
        out.emplace_back();
      }
    }
    return out;
  }

  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    std::vector<ObjectInfo> found;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [name, bytes] : objects_) {
        const bool fits = name.starts_with(prefix) || flaw_ == Flaw::kListIgnoresPrefix;
        const bool is_after = name > after || (flaw_ == Flaw::kListAfterIncluded && name == after);
        if (fits && is_after) found.push_back({name, bytes.size()});
      }
    }
    if (flaw_ == Flaw::kListByFolders) {
      std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::lexicographical_compare(
            a.name.begin(), a.name.end(), b.name.begin(), b.name.end(),
            [](char x, char y) { return (x == '/' ? 0 : x) < (y == '/' ? 0 : y); });
      });
    }
    for (ObjectInfo& info : found) {
      if (flaw_ == Flaw::kListWrongSize) ++info.size_bytes;
      if (!entry(info) && flaw_ != Flaw::kListNeverStops) break;
    }
    return Status::Ok();
  }

  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    const std::lock_guard lock(mutex_);
    std::vector<Status> out;
    for (const std::string& name : names) {
      out.emplace_back();
      if (flaw_ == Flaw::kDeleteDoesNothing) continue;
      if (flaw_ == Flaw::kDeleteByPrefix) {
        std::erase_if(objects_, [&](const auto& item) { return item.first.starts_with(name); });
      } else if (objects_.erase(name) == 0 && flaw_ == Flaw::kDeleteAbsentFails) {
        out.back() = Status(StatusCode::kNotFound, "absent");
      }
    }
    return out;
  }

  Capability capability() const override { return {.create_only = true}; }
  std::string location() const override { return "memory:flawed"; }

 private:
  static Status ReadInPieces(Source& source, Bytes& out) {
    constexpr std::size_t kPiece = 64 << 10;
    for (std::size_t at = 0; at < out.size(); at += kPiece) {
      const std::size_t count = std::min(kPiece, out.size() - at);
      FENCHI_RETURN_IF_ERROR(source.Read(at, MutableBytes(out).subspan(at, count)));
    }
    return Status::Ok();
  }
  bool Has(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return objects_.contains(name);
  }
  void Store(const std::string& name, Bytes bytes) {
    const std::lock_guard lock(mutex_);
    objects_[name] = std::move(bytes);
  }
  Bytes WithOldTail(const std::string& name, Bytes bytes) {
    const std::lock_guard lock(mutex_);
    const Bytes& old = objects_[name];
    if (old.size() > bytes.size()) {
      bytes.insert(bytes.end(), old.begin() + static_cast<long>(bytes.size()), old.end());
    }
    return bytes;
  }

  Flaw flaw_;
  std::mutex mutex_;
  std::map<std::string, Bytes> objects_;
  // All racers have looked before one writes: the worst case, every time.
  std::barrier<> gap_{4};
};

struct Row {
  std::string name;
  Flaw flaw;
  std::string caught_by;  // begins the sentence of the check
};

const Row kRows[] = {
    {"Overwrites", Flaw::kOverwrites, "a second Put of one name"},
    {"ReplaceKeepsTail", Flaw::kReplaceKeepsTail, "a Put that may replace"},
    {"ReplaceRefused", Flaw::kReplaceRefused, "a Put that may replace"},
    {"LosesLastByte", Flaw::kLosesLastByte, "objects of many sizes"},
    {"StoresPart", Flaw::kStoresPart, "a Put whose source breaks"},
    {"IgnoresOffset", Flaw::kIgnoresOffset, "ranges are exact"},
    {"ShortRead", Flaw::kShortRead, "a range past the end"},
    {"EmptyGetOfAbsent", Flaw::kEmptyGetOfAbsent, "an empty range"},
    {"AbsentIsDamaged", Flaw::kAbsentIsDamaged, "reading what is absent"},
    {"StatDropsAbsent", Flaw::kStatDropsAbsent, "Stat answers"},
    {"StatSorted", Flaw::kStatSorted, "Stat answers"},
    {"ListByFolders", Flaw::kListByFolders, "List is complete"},
    {"ListIgnoresPrefix", Flaw::kListIgnoresPrefix, "List is complete"},
    {"ListWrongSize", Flaw::kListWrongSize, "List tells true sizes"},
    {"ListAfterIncluded", Flaw::kListAfterIncluded, "List goes on after"},
    {"ListNeverStops", Flaw::kListNeverStops, "List stops"},
    {"OddNames", Flaw::kOddNames, "names outside the grammar"},
    {"CheckThenWrite", Flaw::kCheckThenWrite, "of many Puts of one name"},
    {"DeleteAbsentFails", Flaw::kDeleteAbsentFails, "Delete removes"},
    {"DeleteByPrefix", Flaw::kDeleteByPrefix, "Delete removes"},
    {"DeleteDoesNothing", Flaw::kDeleteDoesNothing, "Delete removes"},
};

class ContractSuiteFinds : public testing::TestWithParam<Row> {};

TEST_P(ContractSuiteFinds, ThisFlaw) {
  FlawedProvider provider(GetParam().flaw);
  const auto random = SeededRandom(7);
  const ContractOptions options{.large_object_bytes = 2 << 20,
                                .threads = 4,
                                .list_attempts = 2,
                                .list_wait = std::chrono::milliseconds(1)};
  const Result<ContractReport> report = RunProviderContract(provider, options, *random);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_FALSE(report->passed());
  const bool caught = std::any_of(
      report->findings.begin(), report->findings.end(), [](const ContractFinding& finding) {
        return !finding.passed && finding.required && !finding.message.empty() &&
               finding.check.starts_with(GetParam().caught_by);
      });
  EXPECT_TRUE(caught) << report->ToText();
}

TEST(ContractSuite, PassesNoRaceThatThisHostHasNoThreadsFor) {
  const auto told = [] {
    const ContractOptions options{.large_object_bytes = 2 << 20, .threads = 4};
    const auto random = SeededRandom(7);
    const auto report = RunProviderContract(*OpenMemoryProvider(), options, *random);
    if (!report.ok() || report->passed()) return false;
    const auto untried = [](const ContractFinding& finding) {
      return !finding.passed && finding.message.starts_with("not tried");
    };
    return std::ranges::count_if(report->findings, untried) == 2;
  };
  EXPECT_EXIT(ExitWithoutThreads(told), ::testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(Flaws, ContractSuiteFinds, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace fenchi
