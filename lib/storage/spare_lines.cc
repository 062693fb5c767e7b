// One place over several lines. The rule that no line is used before it has shown the place's
// marker is what keeps a wrong URL from splitting a provider's objects over two places.
#include <algorithm>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "fenchi/provider_wrappers.h"
#include "storage/repeating_provider.h"

namespace fenchi {
namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kMarker = "probe/place";
constexpr std::size_t kMarkerBytes = 32;

// Whether another line may do better. An opening may also fail because a disk is not mounted.
bool LineIsDown(const Status& status, bool opening) {
  return MayBeRetried(status) ||
         (opening && (status.code() == StatusCode::kNotFound || status.code() == StatusCode::kIo));
}

class SpareLines final : public RepeatingProvider {
 public:
  SpareLines(std::vector<Line> lines, const SpareLineOptions& options)
      : lines_(std::move(lines)), options_(options), opened_(lines_.size()) {
    if (options_.random == nullptr) options_.random = &SystemRandom();
  }

  // Opens lines in order, until one is fit to be used (all of them: compare_all).
  Status Start() {
    Status first_failure;
    bool any = false;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Result<std::shared_ptr<Provider>> line = Fit(i);
      if (line.ok() && !any) Use(i);
      any = any || line.ok();
      if (any && !options_.compare_all) return Status::Ok();
      if (line.ok()) continue;
      if (!LineIsDown(line.status(), true)) return line.status();
      if (first_failure.ok()) first_failure = line.status();
    }
    return any ? Status::Ok() : first_failure;
  }

  Capability capability() const override {
    const std::shared_ptr<Provider> line = Current();
    return line == nullptr ? Capability() : line->capability();
  }
  Domain domain() const override { return options_.domain; }
  std::string location() const override {
    std::string out;
    for (const Line& line : lines_) out += (out.empty() ? "" : " or ") + line.location;
    return out;
  }

 protected:
  Status Repeat(const Attempt& attempt) override {
    const std::size_t first = FirstToTry();
    Status last;
    for (std::size_t step = 0; step < lines_.size(); ++step) {
      // From the line in use around; when the first line is due again, from there.
      const std::size_t i = (first + step) % lines_.size();
      const Result<std::shared_ptr<Provider>> line = Fit(i);
      Status status = line.ok() ? attempt(**line) : line.status();
      const bool down = LineIsDown(status, !line.ok());
      if (!down) {
        if (line.ok()) Use(i);
        return status;
      }
      // The caller gets what it may try again, also where a line could not be opened at all.
      if (last.ok() || MayBeRetried(status)) last = std::move(status);
    }
    if (MayBeRetried(last)) return last;
    return Unavailable("no line to {} can be opened: {}", location(), last.message());
  }

 private:
  std::shared_ptr<Provider> Current() const {
    const std::lock_guard lock(mutex_);
    return opened_[in_use_];
  }

  std::size_t FirstToTry() {
    const std::lock_guard lock(mutex_);
    if (in_use_ == 0) return 0;
    if (options_.clock.Elapsed() - used_since_ < nanoseconds(options_.back_after)) return in_use_;
    used_since_ = options_.clock.Elapsed();  // one call in a while finds out
    return 0;
  }

  void Use(std::size_t i) {
    const std::lock_guard lock(mutex_);
    if (in_use_ != i) used_since_ = options_.clock.Elapsed();
    in_use_ = i;
  }

  // Line `i`, opened and known to lead to the place.
  Result<std::shared_ptr<Provider>> Fit(std::size_t i) {
    {
      const std::lock_guard lock(mutex_);
      if (opened_[i] != nullptr) return opened_[i];
    }
    // Not under the lock: opening may take long. Two threads may both open; one result is kept.
    FENCHI_ASSIGN_OR_RETURN(std::shared_ptr<Provider> line, lines_[i].open());
    FENCHI_RETURN_IF_ERROR(CheckMarker(i, *line));
    const std::lock_guard lock(mutex_);
    if (opened_[i] == nullptr) opened_[i] = std::move(line);
    return opened_[i];
  }

  Status CheckMarker(std::size_t i, Provider& line) {
    Bytes shown(kMarkerBytes);
    Status read = line.Get(kMarker, 0, shown);
    if (read.code() == StatusCode::kNotFound) {
      if (!KnownMarker().empty() || i != 0) return MissingMarker(i);
      options_.random->Fill(shown);
      MemorySource source(shown);
      const Status put = line.Put(kMarker, source, {});
      // Somebody else may have been first, or the outcome is unknown: what is there counts.
      if (!put.ok() && put.code() != StatusCode::kAlreadyExists && !MayBeRetried(put)) {
        return put.At("storing the marker by which spare lines are compared");
      }
      read = line.Get(kMarker, 0, shown);
    }
    FENCHI_RETURN_IF_ERROR(read.At("reading the marker by which spare lines are compared"));
    const std::lock_guard lock(mutex_);
    if (marker_.empty()) {
      marker_ = shown;
      marker_from_ = i;
    }
    if (marker_ == shown) return Status::Ok();
    return Conflict("{} and {} are lines of one provider and lead to different places",
                    lines_[marker_from_].location, lines_[i].location)
        .WithHint("correct the URLs, or list the two as providers of their own");
  }

  Status MissingMarker(std::size_t i) {
    const std::lock_guard lock(mutex_);
    if (!marker_.empty()) {
      return Conflict(
                 "{} does not show the marker {} that {} shows: another place, or one that "
                 "lags behind",
                 lines_[i].location, kMarker, lines_[marker_from_].location)
          .WithHint("correct the URLs; a copy that is made in the background is no spare line");
    }
    return Unavailable("{} cannot be told to be the same place as {} while that does not answer",
                       lines_[i].location, lines_[0].location)
        .WithHint("use the first line once; it stores the marker by which they are compared");
  }

  Bytes KnownMarker() const {
    const std::lock_guard lock(mutex_);
    return marker_;
  }

  const std::vector<Line> lines_;
  SpareLineOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Provider>> opened_;  // those that are fit
  std::size_t in_use_ = 0;
  nanoseconds used_since_{0};
  Bytes marker_;
  std::size_t marker_from_ = 0;
};

}  // namespace

Result<std::shared_ptr<Provider>> OpenSpareLines(std::vector<Line> lines,
                                                 const SpareLineOptions& options) {
  if (lines.empty()) return InvalidArgument("a provider needs at least one line");
  auto out = std::make_shared<SpareLines>(std::move(lines), options);
  FENCHI_RETURN_IF_ERROR(out->Start());
  return std::shared_ptr<Provider>(std::move(out));
}

}  // namespace fenchi
