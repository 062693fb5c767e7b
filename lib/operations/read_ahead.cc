#include "operations/read_ahead.h"

#include <utility>
#include <vector>

namespace fenchi {
namespace {

constexpr std::uint64_t kAheadBytes = std::uint64_t{48} << 20;
constexpr std::size_t kAheadSteps = 4096;

}  // namespace

Status ReadAhead::Walk(const ChunkReader::OnLost& lost) {
  FENCHI_RETURN_IF_ERROR(view_.chunks->WalkTree(
      view_.content.root, "",
      [&](const format::Entry& entry) -> Result<bool> {
        FENCHI_RETURN_IF_ERROR(Look(entry));
        return true;
      },
      lost));
  return Handle(0, 0);
}

Status ReadAhead::Look(const format::Entry& entry) {
  const bool wanted = handlers_.wanted(entry);
  Step step;
  step.entry = entry;
  step.wanted = wanted;
  FENCHI_RETURN_IF_ERROR(Push(std::move(step)));
  if (!far_) FENCHI_RETURN_IF_ERROR(Handle(0, 0));
  const bool content = wanted && entry.attributes.type == EntryType::kFile;
  return content && (far_ || content_wanted_) ? LookAtContent(entry) : Status::Ok();
}

Status ReadAhead::LookAtContent(const format::Entry& entry) {
  Status stopped;  // not about this file's content
  Step end;
  end.walked = view_.chunks->WalkContent(entry.content,
                                         [&](const format::ContentItem& item) -> Result<bool> {
                                           std::vector<PackId> packs;
                                           for (const format::Piece& piece : item.chunk.pieces)
                                             packs.push_back(piece.pack);
                                           view_.packs->Expect(packs);
                                           bytes_ += item.chunk.plain_size;
                                           Step step;
                                           step.chunk = item;
                                           stopped = Push(std::move(step));
                                           FENCHI_RETURN_IF_ERROR(stopped);
                                           return true;
                                         });
  FENCHI_RETURN_IF_ERROR(stopped);
  FENCHI_RETURN_IF_ERROR(Push(std::move(end)));
  return far_ ? Status::Ok() : Handle(0, 0);
}

Status ReadAhead::Push(Step step) {
  steps_.push_back(std::move(step));
  return Handle(kAheadSteps, kAheadBytes);
}

// Hands steps on until at most that much is left.
Status ReadAhead::Handle(std::size_t steps_max, std::uint64_t bytes_max) {
  while (steps_.size() > steps_max || bytes_ > bytes_max) {
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    if (step.chunk) bytes_ -= step.chunk->chunk.plain_size;
    FENCHI_RETURN_IF_ERROR(HandleOne(step));
  }
  return Status::Ok();
}

Status ReadAhead::HandleOne(const Step& step) {
  if (step.entry) {
    FENCHI_ASSIGN_OR_RETURN(content_wanted_, handlers_.entry(*step.entry, step.wanted));
    return Status::Ok();
  }
  if (!content_wanted_) return Status::Ok();
  if (step.chunk) return handlers_.chunk(*step.chunk);
  content_wanted_ = false;
  return handlers_.end(step.walked);
}

}  // namespace fenchi
