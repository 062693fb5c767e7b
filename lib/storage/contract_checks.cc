#include "storage/contract_checks.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "base/error.h"
#include "base/start_thread.h"

namespace fenchi {
namespace {

std::string Problem(const Status& status) { return status.ok() ? "" : status.ToString(); }

std::string ExactBytes(ContractRun& run) {
  for (const std::size_t size : {0u, 1u, 4095u, 4096u, 65537u, 1u << 20}) {
    const std::string name = run.Name(fmt::format("size/{}", size));
    const Bytes bytes = run.RandomBytes(size);
    if (Status put = run.Put(name, bytes); !put.ok()) return put.ToString();
    if (std::string wrong = run.Compare(name, bytes); !wrong.empty()) return wrong;
  }
  return "";
}

std::string LargeObject(ContractRun& run) {
  const std::string name = run.Name("large");
  const Bytes bytes = run.RandomBytes(run.options().large_object_bytes);
  if (Status put = run.Put(name, bytes); !put.ok()) return put.ToString();
  return run.Compare(name, bytes);
}

std::string CreateOnly(ContractRun& run) {
  const std::string name = run.Name("create-only");
  const Bytes first = run.RandomBytes(1000);
  if (Status put = run.Put(name, first); !put.ok()) return put.ToString();
  for (const std::size_t size : {1000u, 10u, 5000u}) {
    const Status again = run.Put(name, run.RandomBytes(size));
    std::string wrong = ExpectCode(again, StatusCode::kAlreadyExists, "a second Put");
    if (wrong.empty()) wrong = run.Compare(name, first);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string Replace(ContractRun& run) {
  const std::string name = run.Name("replaced");
  for (const std::size_t size : {1000u, 70000u, 10u, 0u}) {
    const Bytes bytes = run.RandomBytes(size);
    if (Status put = run.Put(name, bytes, true); !put.ok()) return put.ToString();
    if (std::string wrong = run.Compare(name, bytes); !wrong.empty()) return wrong;
  }
  return "";
}

std::string Ranges(ContractRun& run) {
  const std::string name = run.Name("ranges");
  const Bytes bytes = run.RandomBytes(10000);
  if (Status put = run.Put(name, bytes); !put.ok()) return put.ToString();
  struct Range {
    std::size_t offset, size;
  };
  constexpr Range kRanges[] = {{0, 1},    {0, 10000},   {1, 4096},    {4096, 4096},
                               {9999, 1}, {5000, 5000}, {8191, 1809}, {777, 3}};
  for (const Range& range : kRanges) {
    Bytes out(range.size);
    const Status got = run.provider().Get(name, range.offset, out);
    if (!got.ok()) return got.ToString();
    if (!std::equal(out.begin(), out.end(), bytes.begin() + static_cast<long>(range.offset))) {
      return fmt::format("{} bytes from offset {} are other bytes", range.size, range.offset);
    }
  }
  return "";
}

std::string RangesPastTheEnd(ContractRun& run) {
  const std::string name = run.Name("past-the-end");
  if (Status put = run.Put(name, run.RandomBytes(100)); !put.ok()) return put.ToString();
  for (const std::uint64_t offset : {1ull, 99ull, 100ull, 101ull, 1ull << 40, ~0ull - 50}) {
    Bytes out(100);
    const Status got = run.provider().Get(name, offset, out);
    const std::string wrong = ExpectCode(got, StatusCode::kDamaged,
                                         fmt::format("100 bytes from offset {} of 100", offset));
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string EmptyRange(ContractRun& run) {
  const std::string name = run.Name("present");
  if (Status put = run.Put(name, run.RandomBytes(5)); !put.ok()) return put.ToString();
  if (Status got = run.provider().Get(name, 0, {}); !got.ok()) return got.ToString();
  return ExpectCode(run.provider().Get(run.Name("absent"), 0, {}), StatusCode::kNotFound,
                    "an empty range of an absent object");
}

std::string AbsentObject(ContractRun& run) {
  Bytes out(1);
  std::string wrong = ExpectCode(run.provider().Get(run.Name("absent"), 0, out),
                                 StatusCode::kNotFound, "Get of an absent object");
  if (!wrong.empty()) return wrong;
  return ExpectCode(run.provider().Get(run.Name("absent/folder/object"), 0, out),
                    StatusCode::kNotFound, "Get below an absent folder");
}

std::string StatBatch(ContractRun& run) {
  const std::vector<std::string> names = {run.Name("stat/c"), run.Name("stat/none"),
                                          run.Name("stat/a"), run.Name("no-folder/x"),
                                          run.Name("stat/b"), run.Name("stat/c")};
  if (Status put = run.Put(names[0], run.RandomBytes(3)); !put.ok()) return put.ToString();
  if (Status put = run.Put(names[2], run.RandomBytes(1)); !put.ok()) return put.ToString();
  if (Status put = run.Put(names[4], run.RandomBytes(0)); !put.ok()) return put.ToString();
  const auto infos = run.provider().Stat(names);
  if (!infos.ok()) return infos.status().ToString();
  const std::vector<std::optional<ObjectInfo>> expected = {
      ObjectInfo{names[0], 3}, std::nullopt,           ObjectInfo{names[2], 1}, std::nullopt,
      ObjectInfo{names[4], 0}, ObjectInfo{names[5], 3}};
  if (*infos != expected) return "the answers for c, none, a, none, b, c are not these in order";
  const auto none = run.provider().Stat({});
  if (!none.ok()) return none.status().ToString();
  return none->empty() ? "" : "an empty batch has answers";
}

// Names whose byte order differs from the order of folders, and from that of words.
constexpr std::array<std::string_view, 12> kListed = {
    "list/a",   "list/a-b", "list/a.b",  "list/a0",     "list/ab/c", "list/b/1",
    "list/b/2", "list/b-1", "list/b/10", "list/zz/y/x", "list/_",    "listed"};

std::string PutListed(ContractRun& run) {
  for (const std::string_view leaf : kListed) {
    const Status put = run.Put(run.Name(leaf), AsBytes(leaf));
    if (!put.ok() && put.code() != StatusCode::kAlreadyExists) return put.ToString();
  }
  return "";
}

// The names of kListed that begin with `leaf` and are greater than `after`, in byte order.
std::vector<std::string> Expected(ContractRun& run, std::string_view leaf, std::string_view after) {
  std::vector<std::string> out;
  for (const std::string_view listed : kListed) {
    if (listed.starts_with(leaf) && listed > after) out.push_back(run.Name(listed));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string ListOrder(ContractRun& run) {
  if (std::string wrong = PutListed(run); !wrong.empty()) return wrong;
  for (const std::string_view leaf : {"list", "list/", "list/b", "list/b/", "list/b/1", "list/x"}) {
    const std::vector<std::string> expected = Expected(run, leaf, "");
    const auto got = run.List(leaf, [&](const auto& names) { return names == expected; });
    if (!got.ok()) return got.status().ToString();
    if (*got != expected) {
      return fmt::format("prefix {}: expected {} names in byte order, got {}: {}", leaf,
                         expected.size(), got->size(), fmt::join(*got, " "));
    }
  }
  return "";
}

std::string ListSizes(ContractRun& run) {
  if (std::string wrong = PutListed(run); !wrong.empty()) return wrong;
  std::string wrong;
  const std::size_t base_size = run.base().size() + 1;
  const Status listed = run.provider().List(run.Name("list/"), "", [&](const ObjectInfo& info) {
    if (info.size_bytes != info.name.size() - base_size) wrong = info.name + " has another size";
    return true;
  });
  return listed.ok() ? wrong : listed.ToString();
}

std::string ListAfter(ContractRun& run) {
  if (std::string wrong = PutListed(run); !wrong.empty()) return wrong;
  for (const std::string_view after :
       {"list/a", "list/a/", "list/b", "list/b/1", "list/zz/y/x", "a", "zzz"}) {
    std::vector<std::string> got;
    const Status listed =
        run.provider().List(run.Name("list/"), run.Name(after), [&](const ObjectInfo& info) {
          got.push_back(info.name);
          return true;
        });
    if (!listed.ok()) return listed.ToString();
    if (got != Expected(run, "list/", after)) {
      return fmt::format("after {}: {} names, {}", after, got.size(), fmt::join(got, " "));
    }
  }
  return "";
}

std::string ListStops(ContractRun& run) {
  if (std::string wrong = PutListed(run); !wrong.empty()) return wrong;
  std::vector<std::string> got;
  const Status listed = run.provider().List(run.Name("list/"), "", [&](const ObjectInfo& info) {
    got.push_back(info.name);
    return got.size() < 3;
  });
  if (!listed.ok()) return listed.ToString();
  std::vector<std::string> expected = Expected(run, "list/", "");
  expected.resize(3);
  return got == expected ? "" : fmt::format("{} names were told after 'stop' at 3", got.size());
}

// All of them stay below the run's prefix, should the place not refuse them.
std::string OddNames(ContractRun& run) {
  const std::string base = run.base() + "/odd/deep";
  const std::vector<std::string> names = {base + "/..",
                                          base + "/../up",
                                          base + "/./x",
                                          base + "//x",
                                          base + "/",
                                          base + "/.h",
                                          base + "/UPPER",
                                          base + "/a b",
                                          base + "/a\\b",
                                          base + "/a:b",
                                          base + "/%",
                                          base + "/\xe5\x88\x86",
                                          base + "/a\nb",
                                          base + std::string("/a\0b", 4),
                                          base + "/" + std::string(200, 'x')};
  for (const std::string& name : names) {
    const Status put = run.Put(name, AsBytes("odd"));
    const std::string shown = ToHex(AsBytes(name.substr(base.size())));
    if (put.ok()) return "a name that ends in the bytes " + shown + " was stored";
    std::string wrong = ExpectCode(put, StatusCode::kInvalidArgument, "Put of bytes " + shown);
    Bytes out(1);
    if (wrong.empty()) {
      wrong = ExpectCode(run.provider().Get(name, 0, out), StatusCode::kInvalidArgument,
                         "Get of bytes " + shown);
    }
    if (!wrong.empty()) return wrong;
  }
  Bytes out(1);
  std::string wrong = ExpectCode(run.provider().Get("", 0, out), StatusCode::kInvalidArgument,
                                 "Get of the empty name");
  if (!wrong.empty()) return wrong;
  return ExpectCode(run.provider().Get("/" + base, 0, out), StatusCode::kInvalidArgument,
                    "Get of a name that begins with /");
}

std::string AllCharacters(ContractRun& run) {
  const std::string base = run.Name("names/");
  const std::vector<std::string> names = {base + "abcdefghijklmnopqrstuvwxyz0123456789._-",
                                          base + "-",
                                          base + "_",
                                          base + "a.",
                                          base + "a..b",
                                          base + "0/1/2/3/4/5/6/7",
                                          base + std::string(200 - base.size(), 'y')};
  for (const std::string& name : names) {
    if (Status put = run.Put(name, AsBytes(name)); !put.ok()) return put.ToString();
  }
  for (const std::string& name : names) {
    if (std::string wrong = run.Compare(name, AsBytes(name)); !wrong.empty()) return wrong;
  }
  return "";
}

// Ends in the middle, as a source over a broken line does.
class BreakingSource final : public Source {
 public:
  std::uint64_t size() const override { return 3 << 20; }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    if (offset + out.size() > size() / 2) return Cancelled("the source breaks here");
    std::fill(out.begin(), out.end(), std::uint8_t{7});
    return Status::Ok();
  }
};

std::string BrokenSource(ContractRun& run) {
  const std::string name = run.Name("broken-source");
  BreakingSource source;
  if (run.Put(name, source).ok()) return "Put of a source that breaks reported success";
  const std::string names[] = {name};
  const auto infos = run.provider().Stat(names);
  if (!infos.ok()) return infos.status().ToString();
  if (infos->size() != 1 || infos->front().has_value()) return "a part of the object was stored";
  const Bytes bytes = run.RandomBytes(100);
  if (Status put = run.Put(name, bytes); !put.ok()) return put.ToString();
  return run.Compare(name, bytes);
}

// Runs `body(i)` in `count` threads that start together; none of them where the system does not
// give that many, and then tells so: a race that was not run proves nothing.
std::string Together(int count, const std::function<void(int)>& body) {
  std::atomic<int> ready = 0;
  std::atomic<bool> given_up = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < count && !given_up; ++i) {
    given_up = !StartThread(threads, [&, i] {
      ++ready;
      while (ready < count && !given_up) std::this_thread::yield();
      if (!given_up) body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (!given_up) return "";
  return fmt::format("not tried: this host gives {} threads of {}", threads.size(), count);
}

// Waits in its first Read, for a short while, until all racers read: by then each of them has
// passed whatever look at the name a provider may take beforehand.
class MeetingSource final : public Source {
 public:
  MeetingSource(ByteView bytes, std::atomic<int>& arrived, int count)
      : bytes_(bytes), source_(bytes), arrived_(arrived), count_(count) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    if (!met_.exchange(true)) {
      ++arrived_;
      for (int i = 0; i < 50 && arrived_ < count_; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    return source_.Read(offset, out);
  }

 private:
  ByteView bytes_;
  MemorySource source_;
  std::atomic<int>& arrived_;
  int count_;
  std::atomic<bool> met_ = false;
};

std::string RaceForOneName(ContractRun& run) {
  const auto count = static_cast<std::size_t>(run.options().threads);
  for (int round = 0; round < 5; ++round) {
    const std::string name = run.Name(fmt::format("race/{}", round));
    std::vector<Bytes> bytes;
    for (std::size_t i = 0; i < count; ++i) bytes.push_back(run.RandomBytes(5000 + i));
    std::vector<Status> done(count);
    std::atomic<int> arrived = 0;
    const std::string not_tried = Together(run.options().threads, [&](int i) {
      const auto at = static_cast<std::size_t>(i);
      MeetingSource source(bytes[at], arrived, run.options().threads);
      done[at] = run.Put(name, source);
    });
    if (!not_tried.empty()) return not_tried;
    std::size_t winner = count;
    for (std::size_t i = 0; i < count; ++i) {
      if (done[i].ok() && winner != count) return "two Puts of one name both succeeded";
      if (done[i].ok()) winner = i;
      if (!done[i].ok() && done[i].code() != StatusCode::kAlreadyExists) return Problem(done[i]);
    }
    if (winner == count) return "all Puts of one name were refused";
    if (std::string wrong = run.Compare(name, bytes[winner]); !wrong.empty()) return wrong;
  }
  return "";
}

std::string ManyNamesAtOnce(ContractRun& run) {
  constexpr int kEach = 5;
  const auto name = [&](int i, int j) { return run.Name(fmt::format("many/{}-{}/{}", i, j, j)); };
  std::vector<std::string> wrong(static_cast<std::size_t>(run.options().threads));
  const std::string not_tried = Together(run.options().threads, [&](int i) {
    std::string& mine = wrong[static_cast<std::size_t>(i)];
    for (int j = 0; j < kEach && mine.empty(); ++j) {
      mine = Problem(run.Put(name(i, j), AsBytes(name(i, j))));
      if (mine.empty()) mine = run.Compare(name(i, j), AsBytes(name(i, j)));
    }
  });
  for (const std::string& mine : wrong) {
    if (!mine.empty()) return mine;
  }
  return not_tried;
}

constexpr ContractCheck kChecks[] = {
    {"objects of many sizes come back byte for byte", Required::kAlways, false, ExactBytes},
    {"a large object comes back byte for byte", Required::kAlways, false, LargeObject},
    {"a second Put of one name is refused and changes nothing", Required::kAlways, false,
     CreateOnly},
    {"a Put that may replace leaves exactly the new bytes", Required::kAlways, false, Replace},
    {"a Put whose source breaks leaves nothing", Required::kAlways, false, BrokenSource},
    {"ranges are exact", Required::kAlways, false, Ranges},
    {"a range past the end is damage, not a short read", Required::kAlways, false,
     RangesPastTheEnd},
    {"an empty range tells presence", Required::kAlways, false, EmptyRange},
    {"reading what is absent is not_found", Required::kAlways, false, AbsentObject},
    {"Stat answers for each name in order, also the absent", Required::kAlways, false, StatBatch},
    {"List is complete, in byte order and keeps to its prefix", Required::kAlways, false,
     ListOrder},
    {"List tells true sizes", Required::kAlways, false, ListSizes},
    {"List goes on after a given name", Required::kAlways, false, ListAfter},
    {"List stops when told", Required::kAlways, false, ListStops},
    {"names outside the grammar are refused", Required::kAlways, false, OddNames},
    {"all names of the grammar are stored", Required::kAlways, false, AllCharacters},
    {"of many Puts of one name at once exactly one succeeds", Required::kIfDeclared, false,
     RaceForOneName},
    {"many Puts of different names at once all land", Required::kAlways, false, ManyNamesAtOnce},
};

}  // namespace

std::span<const ContractCheck> ContractChecks() { return kChecks; }

std::string ExpectCode(const Status& status, StatusCode code, std::string_view what) {
  if (status.code() == code) return "";
  return fmt::format("{}: expected {}, got {}", what, StatusCodeName(code), status.ToString());
}

}  // namespace fenchi
