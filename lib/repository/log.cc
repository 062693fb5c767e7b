#include "repository/log.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "format/ids.h"
#include "repository/log_reading.h"
#include "repository/names_at.h"

namespace fenchi {
namespace {

constexpr std::size_t kWarningsPerSeat = 3;

// Of each seat: the first few bad copies and how many more there were, or why it did not answer.
void AddWarnings(const Seats& seats, const std::vector<LogReading::Warning>& all, Freshness& out) {
  std::map<int, std::size_t> bad;
  std::set<int> silent;
  for (const LogReading::Warning& warning : all) {
    const bool told =
        warning.position < 0 || (warning.answered ? ++bad[warning.position] <= kWarningsPerSeat
                                                  : silent.insert(warning.position).second);
    if (told) out.warnings.push_back(warning.text);
  }
  for (const auto& [position, count] : bad) {
    if (count <= kWarningsPerSeat) continue;
    out.warnings.push_back(fmt::format("provider {}: {} more log records could not be read",
                                       seats.all()[static_cast<std::size_t>(position)].name,
                                       count - kWarningsPerSeat));
  }
}

std::string NamesOf(const Seats& seats, const std::vector<bool>& positions) {
  std::string names;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i]) names += (names.empty() ? "" : ", ") + seats.all()[i].name;
  }
  return names.empty() ? "no provider" : names;
}

}  // namespace

Result<Freshness> Log::Refresh(SeenState& seen) {
  if (seats_.present().empty()) {
    return TooFewProviders("no provider is reachable: the logs cannot be read");
  }
  const std::vector<format::PolicyWriter>& writers = access_.writers;
  SeatFailures failures(seats_.size());
  std::vector<LogReading> readings;
  readings.reserve(writers.size());
  for (const format::PolicyWriter& writer : writers) {
    readings.emplace_back(access_, seats_, writer, records_[writer.id], failures);
  }
  seats_.executor().ForEach(readings.size(), [&](std::size_t i) { readings[i].Run(); });

  Freshness freshness;
  std::vector<bool> answered(seats_.size(), false);
  for (const int position : seats_.present()) answered[static_cast<std::size_t>(position)] = true;
  std::vector<LogReading::Warning> warnings;
  const std::size_t forks_before = forks_.size();
  for (const LogReading& reading : readings) {
    for (std::size_t i = 0; i < answered.size(); ++i) {
      if (!reading.answered()[i]) answered[i] = false;
    }
    warnings.insert(warnings.end(), reading.warnings().begin(), reading.warnings().end());
    for (const Fork& fork : reading.forks()) AddFork(fork);
  }
  away_ = {};
  away_.AddAbsent(seats_);
  for (std::size_t i = 0; i < answered.size(); ++i) {
    if (!answered[i]) away_.Add(seats_.all()[i], Unavailable("it did not answer for all logs"));
  }
  AddWarnings(seats_, warnings, freshness);
  CompareWithSeen(answered, seen, freshness);
  for (std::size_t i = forks_before; i < forks_.size(); ++i) {
    freshness.warnings.push_back(fmt::format(
        "writer {} signed two different records {} ({} and {}): its key is in two hands, or its "
        "machine was cloned",
        forks_[i].writer, forks_[i].seq, forks_[i].first, forks_[i].second));
  }
  freshness.answered = static_cast<int>(std::count(answered.begin(), answered.end(), true));
  freshness.proven = freshness.answered >= access_.policy.quorums.read_quorum;
  return freshness;
}

void Log::CompareWithSeen(const std::vector<bool>& answered, SeenState& seen,
                          Freshness& freshness) {
  for (const auto& [writer, records] : records_) {
    auto& [seq, hash] = seen.heads[writer];
    if (seq > records.size()) {
      freshness.warnings.push_back(fmt::format(
          "providers serve an older state than this host has seen: the log of writer {} ends with "
          "record {} on {}, record {} was seen before",
          writer, records.size(), NamesOf(seats_, answered), seq));
      continue;
    }
    if (records.empty()) {
      seen.heads.erase(writer);  // nothing was seen, nothing is there
      continue;
    }
    if (seq > 0 && records[seq - 1].hash != hash) {
      AddFork({writer, seq, hash, records[seq - 1].hash});
    }
    seq = records.size();
    hash = records.back().hash;
  }
}

void Log::AddFork(const Fork& fork) {
  const bool known = std::any_of(forks_.begin(), forks_.end(), [&](const Fork& other) {
    return other.writer == fork.writer && other.seq == fork.seq &&
           ((other.first == fork.first && other.second == fork.second) ||
            (other.first == fork.second && other.second == fork.first));
  });
  if (!known) forks_.push_back(fork);
}

const format::OpenedRecord* Log::Find(const WriterId& writer, std::uint64_t seq) const {
  const auto records = records_.find(writer);
  if (records == records_.end() || seq < 1 || seq > records->second.size()) return nullptr;
  return &records->second[seq - 1];
}

Status Log::CheckEnds(const std::map<WriterId, std::pair<std::uint64_t, Hash256>>& known) const {
  for (const auto& [writer, end] : known) {
    const format::OpenedRecord* const record = Find(writer, end.first);
    if (record == nullptr || record->hash == end.second) continue;
    return Damaged(
               "ANOTHER LOG THAN THE CARD'S: record {} of writer {} is not the one that the "
               "recovery card names",
               end.first, ToHex(writer.view().first(4)))
        .WithHint(
            "compare the card with its second copy: one of them, or the providers' log, was "
            "changed; reach more providers");
  }
  return Status::Ok();
}

bool Log::WentOnElsewhere(const WriterState& writer) const {
  const auto records = records_.find(writer.id());
  if (records == records_.end()) return false;
  const std::uint64_t size = records->second.size();
  const std::uint64_t next = writer.next_seq();
  if (size > next) return true;
  if (size == next) {
    return !writer.pending() || records->second.back().hash != writer.pending()->hash;
  }
  // Fewer than the writer made: seats that lag, or it is the record before that differs.
  return size > 0 && size + 1 == next && records->second.back().hash != writer.previous();
}

Status Log::CheckWriter(const WriterState& writer, format::RecordKind kind) const {
  const auto& writers = access_.policy.writers;
  const auto found = std::find_if(writers.begin(), writers.end(),
                                  [&](const auto& known) { return known.id == writer.id(); });
  if (found == writers.end() || found->public_key != writer.key().public_key()) {
    return Denied("the policy does not list writer {} of this host", writer.id())
        .WithHint("open the vault as its administrator once, so that this host is registered");
  }
  if (found->state != format::WriterState::kActive) {
    return Denied("writer {} of this host was revoked", writer.id())
        .WithHint("ask the vault's administrator");
  }
  if ((found->rights & format::RightFor(kind)) == 0) {
    return Denied("the policy does not give writer {} of this host the right to write this record",
                  writer.id())
        .WithHint("ask the vault's administrator");
  }
  if (WentOnElsewhere(writer)) {
    return Conflict("the log of writer {} went on elsewhere: this host's state is an old copy",
                    writer.id())
        .WithHint("run the backup again: this host then continues as a new writer");
  }
  return Status::Ok();
}

void Log::Keep(format::OpenedRecord record) {
  Records& records = records_[record.record.writer];
  const Hash256 head = records.empty() ? Hash256{} : records.back().hash;
  // Otherwise the log was not read that far: the next Refresh finds it.
  if (record.record.seq == records.size() + 1 && record.record.previous == head) {
    records.push_back(std::move(record));
  }
}

Status Log::FinishPending(WriterState& writer) {
  if (!writer.pending()) return Status::Ok();
  const PendingRecord& record = *writer.pending();
  FENCHI_ASSIGN_OR_RETURN(format::OpenedRecord opened,
                          format::OpenRecord(access_.vault, access_.outer_key.view(), writer.id(),
                                             record.seq, record.object));
  FENCHI_RETURN_IF_ERROR(CheckWriter(writer, opened.record.kind()));
  const NameAt name = RecordNameAt(access_, writer.id(), record.seq);
  const PutOutcome outcome = seats_.PutAtAll(name, record.object);
  const int quorum = access_.policy.quorums.write_quorum;
  if (static_cast<int>(outcome.stored.size()) < quorum) {
    return QuorumFailure(seats_, outcome, quorum,
                         fmt::format("log record {} of writer {}", record.seq, writer.id()));
  }
  stored_at_ = outcome.stored;
  FENCHI_RETURN_IF_ERROR(writer.CompletePending());
  Keep(std::move(opened));
  return Status::Ok();
}

Result<format::RecordRef> Log::Append(WriterState& writer, format::RecordBody body, Clock& clock,
                                      Random& random) {
  FENCHI_RETURN_IF_ERROR(CheckWriter(writer, format::KindOf(body)));
  FENCHI_RETURN_IF_ERROR(FinishPending(writer));
  const format::Record record{writer.id(), writer.next_seq(), writer.previous(), clock.Now(),
                              std::move(body)};
  FENCHI_ASSIGN_OR_RETURN(Bytes payload, format::EncodeRecord(record));
  const Bytes signed_bytes = format::EncodeSignedRecord(
      format::SignRecord(access_.vault, writer.key(), std::move(payload)));
  FENCHI_ASSIGN_OR_RETURN(
      Bytes object, format::SealRecord(access_.suite(), access_.vault, access_.outer_key.view(),
                                       writer.id(), record.seq, signed_bytes, random));
  const format::RecordRef ref{writer.id(), record.seq, format::RecordHashOf(signed_bytes)};
  // From here on these bytes, and no others, are record `seq` of this writer.
  FENCHI_RETURN_IF_ERROR(writer.SetPending({ref.seq, ref.hash, std::move(object)}));
  FENCHI_RETURN_IF_ERROR(FinishPending(writer));
  return ref;
}

}  // namespace fenchi
