#include "repository/log_reading.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/ids.h"
#include "repository/names_at.h"

namespace fenchi {
namespace {

constexpr std::size_t kAheadMax = 8;  // records asked for at once
constexpr int kFailuresMax = 3;       // then a seat is not asked again in this look

}  // namespace

// Positions of the present seats in the order in which they are asked: from one that varies, so
// that the work is spread, and those that failed to answer last.
std::vector<std::size_t> LogReading::Order(std::uint64_t seq) const {
  std::vector<std::size_t> order;
  const std::size_t count = seats_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t position = (writer_.id.bytes[0] + seq + i) % count;
    if (seats_.all()[position].provider && failures_[position] < kFailuresMax) {
      order.push_back(position);
    }
  }
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t position) { return failures_[position] == 0; });
  return order;
}

// Ok when `object` is the wanted record: then it is in `look`.
Status LogReading::Check(std::uint64_t seq, const Wanted& wanted, ByteView object,
                         Look& look) const {
  Result<format::OpenedRecord> opened =
      format::OpenRecord(access_.vault, access_.outer_key.view(), writer_.id, seq, object);
  if (!opened.ok()) {
    // Whatever is wrong with the bytes, this provider's copy is not the record.
    return Damaged("{}", opened.status().message());
  }
  const Status signature =
      format::CheckRecordSignature(opened->signed_record, access_.vault, writer_.public_key);
  if (!signature.ok()) return Damaged("{}", signature.message());
  const bool same = !wanted.hash || opened->hash == *wanted.hash;
  if (same && (!wanted.previous || opened->record.previous == *wanted.previous)) {
    look.record = std::move(*opened);
    return Status::Ok();
  }
  if (!look.other) look.other = std::move(*opened);
  return Damaged("record {} of writer {} is signed, but does not follow the record before it", seq,
                 writer_.id);
}

LogReading::Look LogReading::Fetch(std::uint64_t seq, const Wanted& wanted) const {
  Look look;
  look.answered.resize(seats_.size(), false);
  const NameAt name = RecordNameAt(access_, writer_.id, seq);
  const CheckBytes check = [&](ByteView object) { return Check(seq, wanted, object, look); };
  for (const std::size_t position : Order(seq)) {
    const Result<ObjectAt> found =
        seats_.GetAt(position, name, format::kRecordObjectSizeMax, check);
    const StatusCode code = found.status().code();
    look.answered[position] = !TellsOfPlace(found.status());
    if (!look.answered[position]) ++failures_[position];
    if (found.ok()) return look;
    if (code != StatusCode::kNotFound) {
      look.warnings.push_back(
          {static_cast<int>(position), look.answered[position], found.status().message()});
    }
  }
  return look;
}

void LogReading::Run() {
  for (std::size_t ahead = 1;; ahead = std::min(2 * ahead, kAheadMax)) {
    const std::uint64_t first = records_.size() + 1;
    std::vector<Look> looks(ahead);
    const Hash256 head = HeadHash();
    seats_.executor().ForEach(ahead, [&](std::size_t i) {
      // Only the first one's predecessor is known yet.
      Wanted wanted;
      if (i == 0) wanted.previous = head;
      looks[i] = Fetch(first + i, wanted);
    });
    for (std::size_t i = 0; i < ahead; ++i) {
      if (Take(first + i, std::move(looks[i]))) continue;
      if (i + 1 < ahead && looks[i + 1].record) {
        warnings_.push_back({-1, true,
                             fmt::format("record {} of writer {} is at no present provider, "
                                         "but later ones are: they cannot be used without it",
                                         first + i, writer_.id)});
      }
      return;
    }
  }
}

// Adds the record if there is one. False: the head is reached.
bool LogReading::Take(std::uint64_t seq, Look look) {
  const auto add_warnings = [&](const Look& from) {
    warnings_.insert(warnings_.end(), from.warnings.begin(), from.warnings.end());
  };
  add_warnings(look);
  if (look.record && look.record->record.previous != HeadHash()) {
    // Asked for ahead, and of another branch: the right one may lie elsewhere.
    std::optional<format::OpenedRecord> other = std::move(look.record);
    look = Fetch(seq, Wanted{{}, HeadHash()});
    add_warnings(look);
    look.other = std::move(other);
  }
  if (look.record) {
    if (look.other) AddFork(seq, look.record->hash, look.other->hash);
    records_.push_back(std::move(*look.record));
    return true;
  }
  if (look.other && SwitchBranch(*look.other)) {
    records_.push_back(std::move(*look.other));
    return true;
  }
  answered_ = std::move(look.answered);
  return false;
}

// The log was forked, and only the other branch goes on: takes its records back to where both part.
// False when some of them are not there: then `next` cannot be used.
bool LogReading::SwitchBranch(const format::OpenedRecord& next) {
  std::vector<format::OpenedRecord> branch;
  Hash256 wanted = next.record.previous;
  std::uint64_t seq = next.record.seq - 1;
  for (; seq > 0 && records_[seq - 1].hash != wanted; --seq) {
    Look look = Fetch(seq, Wanted{wanted, {}});
    if (!look.record) return false;
    wanted = look.record->record.previous;
    branch.push_back(std::move(*look.record));
  }
  for (format::OpenedRecord& record : branch) {
    format::OpenedRecord& place = records_[record.record.seq - 1];
    AddFork(record.record.seq, place.hash, record.hash);
    place = std::move(record);
  }
  return true;
}

void LogReading::AddFork(std::uint64_t seq, const Hash256& first, const Hash256& second) {
  if (first == second) return;
  forks_.push_back({writer_.id, seq, first, second});
}

}  // namespace fenchi
