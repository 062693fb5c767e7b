// Walks a snapshot some way ahead of who restores it, so that its packs are on their way before
// they are asked for.
//
// Entries and chunks are handed on in the order of the snapshot. Near: only within a file, for who
// must first look whether a file is needed at all. Far: also over files. Memory: the entries and
// references of 48 MiB of content, 4,096 at most.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "operations/snapshot_view.h"

namespace fenchi {

class ReadAhead {
 public:
  // What is done with it all; a failure ends the walk.
  struct Handlers {
    // Asked at once, in order: what is not wanted is not read ahead.
    std::function<bool(const format::Entry&)> wanted;
    // True: its content is wanted, and chunks and an end follow.
    std::function<Result<bool>(const format::Entry&, bool wanted)> entry;
    std::function<Status(const format::ContentItem&)> chunk;
    // `walked`: why the list of its chunks could not be read to its end.
    std::function<Status(const Status& walked)> end;
  };

  ReadAhead(SnapshotView& view, Handlers handlers, bool far)
      : view_(view), handlers_(std::move(handlers)), far_(far) {}

  // Errors: what a handler returned; kTooFewProviders. `lost` as for ChunkReader::WalkTree.
  Status Walk(const ChunkReader::OnLost& lost);

 private:
  struct Step {
    std::optional<format::Entry> entry;
    bool wanted = false;
    std::optional<format::ContentItem> chunk;
    Status walked = Status::Ok();  // where there is neither: a file's end
  };
  Status Look(const format::Entry& entry);
  Status LookAtContent(const format::Entry& entry);
  Status Push(Step step);
  Status Handle(std::size_t steps_max, std::uint64_t bytes_max);
  Status HandleOne(const Step& step);

  SnapshotView& view_;
  const Handlers handlers_;
  const bool far_;
  std::deque<Step> steps_;
  std::uint64_t bytes_ = 0;      // of the chunks in it
  bool content_wanted_ = false;  // of the entry that was handled last
};

}  // namespace fenchi
