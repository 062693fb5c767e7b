#include <array>
#include <atomic>
#include <utility>

#include "fenchi/provider_wrappers.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kNamesOfAListing = 1000;

using Counter = std::atomic<std::uint64_t>;

void Add(Counter& counter, std::uint64_t more) {
  counter.fetch_add(more, std::memory_order_relaxed);
}
std::uint64_t Read(const Counter& counter) { return counter.load(std::memory_order_relaxed); }

// Absent and taken names are answers.
bool IsError(const Status& status) {
  return !status.ok() && status.code() != StatusCode::kNotFound &&
         status.code() != StatusCode::kAlreadyExists;
}

}  // namespace

struct Meter::Counters {
  struct OfVerb {
    Counter calls = 0;
    Counter requests = 0;
    Counter errors = 0;
    Counter waiting_ns = 0;
  };
  Prices prices;
  std::array<OfVerb, kVerbCount> verbs;
  Counter bytes_put = 0;
  Counter bytes_got = 0;
};

class MeteredProvider final : public ProviderWrapper {
 public:
  MeteredProvider(std::shared_ptr<Provider> inner, std::shared_ptr<Meter> meter,
                  const WaitClock& clock)
      : ProviderWrapper(std::move(inner)), meter_(std::move(meter)), clock_(clock) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    const Running call(*this, Verb::kPut, 1);
    const Status status = inner().Put(name, source, options);
    if (status.ok()) Add(meter_->counters_->bytes_put, source.size());
    return call.Ended(status);
  }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    const Running call(*this, Verb::kGet, 1);
    const Status status = inner().Get(name, offset, out);
    if (status.ok()) Add(meter_->counters_->bytes_got, out.size());
    return call.Ended(status);
  }
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    const Running call(*this, Verb::kStat, names.size());
    auto infos = inner().Stat(names);
    (void)call.Ended(infos.status());
    return infos;
  }
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    const Running call(*this, Verb::kList, 1);
    std::uint64_t told = 0;
    const Status status = inner().List(prefix, after, [&](const ObjectInfo& info) {
      if (++told % kNamesOfAListing == 0) Add(call.counters().requests, 1);
      return entry(info);
    });
    return call.Ended(status);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    const Running call(*this, Verb::kDelete, names.size());
    auto answers = inner().Delete(names);
    (void)call.Ended(answers.status());
    if (answers.ok()) {
      for (const Status& answer : *answers) Add(call.counters().errors, IsError(answer) ? 1 : 0);
    }
    return answers;
  }

 private:
  // One call: counted when it begins, its time and failure when it ended.
  class Running {
   public:
    Running(MeteredProvider& provider, Verb verb, std::uint64_t requests)
        : clock_(provider.clock_),
          counters_(provider.meter_->counters_->verbs[static_cast<std::size_t>(verb)]),
          began_(clock_.Elapsed()) {
      Add(counters_.calls, 1);
      Add(counters_.requests, requests);
    }
    Meter::Counters::OfVerb& counters() const { return counters_; }
    Status Ended(const Status& status) const {
      const auto taken = clock_.Elapsed() - began_;
      if (taken.count() > 0) Add(counters_.waiting_ns, static_cast<std::uint64_t>(taken.count()));
      if (IsError(status)) Add(counters_.errors, 1);
      return status;
    }

   private:
    const WaitClock& clock_;
    Meter::Counters::OfVerb& counters_;
    std::chrono::nanoseconds began_;
  };

  std::shared_ptr<Meter> meter_;
  WaitClock clock_;
};

Meter::Meter(const Prices& prices) : counters_(std::make_unique<Counters>()) {
  counters_->prices = prices;
}
Meter::~Meter() = default;

Usage Meter::Read() const {
  Usage out;
  for (std::size_t i = 0; i < kVerbCount; ++i) {
    const Counters::OfVerb& verb = counters_->verbs[i];
    out.verbs[i] = {fenchi::Read(verb.calls), fenchi::Read(verb.requests),
                    fenchi::Read(verb.errors),
                    std::chrono::nanoseconds(fenchi::Read(verb.waiting_ns))};
  }
  out.bytes_put = fenchi::Read(counters_->bytes_put);
  out.bytes_got = fenchi::Read(counters_->bytes_got);
  const Prices& prices = counters_->prices;
  const auto requests = [&out](Verb verb) {
    return static_cast<double>(out.verbs[static_cast<std::size_t>(verb)].requests) / 1000;
  };
  const auto gigabytes = [](std::uint64_t bytes) { return static_cast<double>(bytes) / 1e9; };
  out.currency = prices.currency;
  out.money = requests(Verb::kPut) * prices.put_per_1000 +
              (requests(Verb::kGet) + requests(Verb::kStat)) * prices.get_per_1000 +
              requests(Verb::kList) * prices.list_per_1000 +
              requests(Verb::kDelete) * prices.delete_per_1000 +
              gigabytes(out.bytes_put) * prices.gb_in + gigabytes(out.bytes_got) * prices.gb_out;
  out.money_per_month = gigabytes(out.bytes_put) * prices.gb_month;
  return out;
}

std::shared_ptr<Provider> OpenMeteredProvider(std::shared_ptr<Provider> inner,
                                              std::shared_ptr<Meter> meter,
                                              const WaitClock& clock) {
  return std::make_shared<MeteredProvider>(std::move(inner), std::move(meter), clock);
}

}  // namespace fenchi
