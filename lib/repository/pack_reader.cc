#include "repository/pack_reader.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/error.h"
#include "base/stop.h"
#include "format/derive.h"
#include "repository/run_keys.h"

namespace fenchi {
namespace {

// What was announced and fetched, and not read while that many others were, will not be read.
constexpr std::uint64_t kOpensUntilStale = 16;
constexpr std::size_t kExpectedMax = 4096;
// What kNarrowPacksMax have, and one more, of a chunk each that begins and ends within a segment.
constexpr std::size_t kRangeBytesMax =
    (kNarrowPacksMax + 1) * (format::kStoredChunkSizeMax + 2 * format::kSegmentPlainSize);

}  // namespace

PackReader::PackReader(const Access& access, const Seats& seats, std::shared_ptr<ShardSpool> spool)
    : access_(access),
      seats_(seats),
      buffers_{PackMemory(access.needed(), kWholePacksMax, kRangeBytesMax), std::move(spool)} {}

PackReader::~PackReader() {
  std::unique_lock lock(mutex_);
  WaitFor(changed_, lock, [this] { return in_work_ == 0; });
}

// ---- Opening ----

Result<PackReader::Opened> PackReader::Unlock(ShardSet shards) {
  const format::ShardHeader& header = shards.header();
  // By what is wrapped, not by its run: a header may lie about that.
  std::shared_ptr<const SecretBytes> key;
  {
    const std::lock_guard lock(mutex_);
    const auto known = data_keys_.find(header.wrapped_data_key);
    if (known != data_keys_.end()) key = known->second;
  }
  if (!key) {
    FENCHI_ASSIGN_OR_RETURN(SecretBytes opened, OpenDataKey(access_, header.domain, header.epoch,
                                                            header.run, header.wrapped_data_key));
    key = std::make_shared<const SecretBytes>(std::move(opened));
    const std::lock_guard lock(mutex_);
    data_keys_.emplace(header.wrapped_data_key, key);
  }
  FENCHI_ASSIGN_OR_RETURN(StreamKeys stream, format::PackKeys(key->view(), shards.identity()));
  if (!ConstantTimeEquals(stream.commitment.view(), header.commitment.view())) {
    return Damaged("pack {}: its header does not belong to its key",
                   ToHex(header.pack.view().first(8)));
  }
  return Opened{std::make_shared<OpenPack>(std::move(shards), std::move(stream.key), buffers_)};
}

// Any thread.
Result<PackReader::Opened> PackReader::OpenNow(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(ShardSet first, ShardSet::Open(access_, seats_, id, buffers_.spool));
  Result<Opened> opened = Unlock(std::move(first));
  if (!opened.ok()) {
    // One provider may have sealed a header of its own: what do most of them say?
    FENCHI_ASSIGN_OR_RETURN(ShardSet agreed, ShardSet::OpenAgreed(access_, seats_, id));
    FENCHI_ASSIGN_OR_RETURN(opened, Unlock(std::move(agreed)));
    opened->agreed = true;
  }
  return opened;
}

// Makes place for one more.
void PackReader::DropOthers(format::PackType type, bool narrow) {
  std::size_t kept = 0;
  std::erase_if(open_, [&](const Opened& other) {
    return other.pack->header().type == type && other.pack->narrow() == narrow &&
           ++kept >= (narrow ? kNarrowPacksMax : kOpenPacksMax);
  });
}

PackReader::Opened* PackReader::Keep(Opened opened) {
  DropOthers(opened.pack->header().type, opened.pack->narrow());
  open_.push_front(std::move(opened));
  return &open_.front();
}

Result<PackReader::Opened*> PackReader::Open(const PackId& id) {
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    if (it->pack->header().pack == id) {
      open_.splice(open_.begin(), open_, it);
      return &open_.front();
    }
  }
  ++opens_;
  if (const std::shared_ptr<Coming> coming = TakeComing(id)) {
    DropOthers(format::PackType::kData, false);  // now: what is fetched next needs the memory
    Await(*coming);
    statistics_.Add(coming->statistics);
    FENCHI_RETURN_IF_ERROR(coming->opened.status());
    return Keep(std::move(*coming->opened));
  }
  FENCHI_ASSIGN_OR_RETURN(Opened opened, OpenNow(id));
  // What was whole in memory before is read again for single chunks, which other files share: by
  // their ranges, or it would take the place of a pack of which all is to come.
  if (were_whole_.contains(id) && !opened.pack->IsOnDisk()) opened.pack->set_narrow();
  Opened* const kept = Keep(std::move(opened));
  FetchNext();
  return kept;
}

Result<PackReader::Opened*> PackReader::OpenAgreed(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(ShardSet agreed, ShardSet::OpenAgreed(access_, seats_, id));
  FENCHI_ASSIGN_OR_RETURN(Opened opened, Unlock(std::move(agreed)));
  opened.agreed = true;
  open_.remove_if([&](const Opened& one) { return one.pack->header().pack == id; });
  return Keep(std::move(opened));
}

// ---- Reading ahead ----

bool PackReader::IsNear(const PackId& id) const {
  return std::ranges::any_of(open_,
                             [&](const Opened& one) { return one.pack->header().pack == id; }) ||
         std::ranges::any_of(coming_, [&](const auto& one) { return one->id == id; });
}

void PackReader::Expect(std::span<const PackId> packs) {
  if (!whole_packs_) return;
  for (const PackId& pack : packs) {
    if (expected_.size() == kExpectedMax) break;
    if (expected_.empty() || expected_.back() != pack) expected_.push_back(pack);
  }
  FetchNext();
}

// The pack, if it is on its way, or was to be once there is room; what was announced before it is
// passed by.
std::shared_ptr<PackReader::Coming> PackReader::TakeComing(const PackId& id) {
  const auto announced = std::ranges::find(expected_, id);
  const bool is_announced = announced != expected_.end();
  if (is_announced) expected_.erase(expected_.begin(), announced + 1);
  auto found = std::ranges::find(coming_, id, [](const auto& one) { return one->id; });
  if (found == coming_.end()) {
    if (!is_announced || were_whole_.contains(id)) return nullptr;
    DropOthers(format::PackType::kData, false);
    AwaitRoom(PackMemory::Kind::kWhole, 2 * buffers_.memory.pack_bytes());
    if (!StartFetch(id)) return nullptr;
    found = std::prev(coming_.end());
  }
  std::shared_ptr<Coming> coming = *found;
  coming_.erase(found);
  return coming;
}

void PackReader::FetchNext() {
  {
    const std::lock_guard lock(mutex_);
    coming_.remove_if(
        [&](const auto& one) { return one->done && opens_ - one->asked_at > kOpensUntilStale; });
  }
  next_waits_ = false;
  while (coming_.size() < kComingPacksMax && !expected_.empty()) {
    const PackId id = expected_.front();
    if (!IsNear(id) && !were_whole_.contains(id) && !StartFetch(id)) {
      next_waits_ = true;
      return;
    }
    expected_.pop_front();
  }
}

// False: there is no room. Each pack needs a buffer as it is stored, and one to be opened into:
// beside one that is on its way it gets the first of that one when that is open.
bool PackReader::StartFetch(const PackId& id) {
  auto coming = std::make_shared<Coming>();
  coming->id = id;
  coming->asked_at = opens_;
  PackMemory& memory = buffers_.memory;
  const auto whole = PackMemory::Kind::kWhole;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t buffers = unopened_.empty() ? 2 : 1;
    if (!memory.Fits(whole, buffers * memory.pack_bytes())) return false;
    coming->stored_room = memory.Take(whole, memory.pack_bytes());
    if (buffers == 2) coming->plain_room = memory.Take(whole, memory.pack_bytes());
    unopened_.push_back(coming);
    ++in_work_;
  }
  coming_.push_back(coming);
  seats_.executor().Submit([this, coming] { Fetch(coming); });
  return true;
}

// Any thread.
void PackReader::Fetch(const std::shared_ptr<Coming>& coming) {
  ReadStatistics statistics;
  Result<Opened> opened = OpenNow(coming->id);
  // What is announced as data may say that it is a list: those have memory of their own kind, and
  // are not kept as data are. It is fetched when it is read.
  const bool is_data = opened.ok() && opened->pack->memory_kind() == PackMemory::Kind::kWhole;
  if (is_data) opened->pack->FetchStored(statistics);
  std::unique_lock lock(mutex_);
  coming->opened = std::move(opened);
  coming->statistics = std::move(statistics);
  coming->fetched = true;
  OpenInOrder(lock);
  --in_work_;
  changed_.notify_all();
}

// Whoever has fetched something opens all that is fetched, one after the other: nobody waits.
void PackReader::OpenInOrder(std::unique_lock<std::mutex>& lock) {
  while (!opening_ && !unopened_.empty() && unopened_.front()->fetched) {
    opening_ = true;
    const std::shared_ptr<Coming> first = unopened_.front();
    lock.unlock();
    if (first->opened.ok() && first->opened->pack->was_fetched()) {
      first->opened->pack->OpenStored(std::move(first->plain_room), first->statistics);
    }
    lock.lock();
    opening_ = false;
    unopened_.pop_front();
    if (!unopened_.empty()) unopened_.front()->plain_room = std::move(first->stored_room);
    first->stored_room.reset();
    first->plain_room.reset();
    first->done = true;
    buffers_.memory.Notify();
  }
}

// Meanwhile the next one is begun, once what was dropped for it is in nobody's hands.
void PackReader::Await(const Coming& coming) {
  FetchNext();
  while (!coming.done) {
    if (let_go_) let_go_();
    buffers_.memory.Wait([&] {
      return coming.done.load() ||
             (next_waits_ &&
              buffers_.memory.Fits(PackMemory::Kind::kWhole, buffers_.memory.pack_bytes()));
    });
    FetchNext();
  }
}

// It ends: only this thread takes room, fetches and whoever has views after let_go_ wait for none,
// and what then is left (open packs without this one, and one that has come) leaves that much. Who
// wants to stop does not wait for it.
void PackReader::AwaitRoom(PackMemory::Kind kind, std::size_t bytes) {
  PackMemory& memory = buffers_.memory;
  if (bytes == 0 || !let_go_ || memory.Fits(kind, bytes)) return;
  let_go_();
  const std::stop_token stop = Stop::Current().token();
  memory.Wait([&] { return memory.Fits(kind, bytes) || stop.stop_requested(); });
}

// ---- Reading ----

void PackReader::FetchHere(OpenPack& pack) {
  PackMemory& memory = buffers_.memory;
  const PackMemory::Kind kind = pack.memory_kind();
  const bool data = kind == PackMemory::Kind::kWhole;
  AwaitRoom(PackMemory::Kind::kWhole, (data ? 2 : 1) * memory.pack_bytes());
  const PackMemory::RoomPtr stored = memory.Take(PackMemory::Kind::kWhole, memory.pack_bytes());
  PackMemory::RoomPtr plain = memory.Take(kind, pack.size());
  pack.FetchStored(statistics_);
  pack.OpenStored(std::move(plain), statistics_);
}

Result<PackBytes> PackReader::ViewIn(OpenPack& pack, std::uint64_t offset, std::uint64_t size) {
  if (offset > pack.size() || size > pack.size() - offset) {
    return Damaged("a reference points behind the end of pack {}",
                   ToHex(pack.header().pack.view().first(8)));
  }
  const int first = static_cast<int>(offset / format::kSegmentPlainSize);
  const int last = static_cast<int>((offset + size - 1) / format::kSegmentPlainSize);
  const PackMemory::Kind kind = pack.memory_kind();
  if (whole_packs_ && !pack.narrow()) {
    if (!pack.was_fetched()) FetchHere(pack);
    were_whole_.insert(pack.header().pack);
  }
  AwaitRoom(kind, pack.BytesFor(first, last));
  FENCHI_RETURN_IF_ERROR(pack.Ensure(first, last, statistics_));
  return PackBytes{pack.Plain(offset, size), pack.buffer()};
}

Result<PackBytes> PackReader::View(const PackId& id, std::uint64_t offset, std::uint64_t size) {
  if (next_waits_) FetchNext();
  FENCHI_ASSIGN_OR_RETURN(Opened * opened, Open(id));
  Result<PackBytes> view = ViewIn(*opened->pack, offset, size);
  const StatusCode code = view.status().code();
  const bool not_its_fault = code == StatusCode::kTooFewProviders || code == StatusCode::kCancelled;
  if (view.ok() || opened->agreed || not_its_fault) return view;
  // A header with keys of its own opens, and then no segment does.
  const format::ShardHeader header = opened->pack->header();
  const Result<Opened*> agreed = OpenAgreed(id);
  if (!agreed.ok() || (*agreed)->pack->header() == header) return view;
  return ViewIn(*(*agreed)->pack, offset, size);
}

Status PackReader::Read(const PackId& id, std::uint64_t offset, MutableBytes out) {
  if (out.empty()) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const PackBytes view, View(id, offset, out.size()));
  std::memcpy(out.data(), view.bytes.data(), out.size());
  return Status::Ok();
}

Result<format::ShardHeader> PackReader::ReadHeader(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(Opened * opened, Open(id));
  return opened->pack->header();
}

Result<format::ShardHeader> PackReader::ReadAgreedHeader(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(ShardSet shards, ShardSet::OpenAgreed(access_, seats_, id));
  return shards.header();
}

Result<format::Trailer> PackReader::ReadTrailer(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(Opened * opened, Open(id));
  OpenPack& pack = *opened->pack;
  const std::size_t size = pack.size();
  const int last = pack.segments() - 1;
  FENCHI_RETURN_IF_ERROR(pack.Ensure(last, last, statistics_));
  FENCHI_ASSIGN_OR_RETURN(std::size_t tail_size,
                          format::TrailerSizeIn(pack.Plain(size - 4, 4), size));
  const int first = static_cast<int>((size - tail_size) / format::kSegmentPlainSize);
  FENCHI_RETURN_IF_ERROR(pack.Ensure(first, last, statistics_));
  FENCHI_ASSIGN_OR_RETURN(ByteView trailer,
                          format::FindTrailer(pack.Plain(size - tail_size, tail_size), size));
  return format::DecodeTrailer(trailer);
}

}  // namespace fenchi
