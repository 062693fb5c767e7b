// Reads plaintext out of packs, from any k good shards.
//
// A few packs are kept open. Who knows what will be read next says so, and the next packs are
// fetched in the background meanwhile: one while the one before it is still on its way, but opened
// after it. Call from one thread. Memory: kWholePacksMax packs of data of 15 MiB, in plain or as
// they are stored, whoever holds them; kOpenPacksMax of metadata (most of those are smaller). A
// pack that was whole in memory once is read by ranges when it comes up again: kNarrowPacksMax of
// each kind, a chunk each.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "format/trailer.h"
#include "repository/access.h"
#include "repository/open_pack.h"

namespace fenchi {

inline constexpr std::size_t kOpenPacksMax = 2;
inline constexpr std::size_t kComingPacksMax = 1;
inline constexpr std::size_t kNarrowPacksMax = 8;  // of which only ranges are in memory
// The last one: what is fetched, as it is stored, while another is opened.
inline constexpr std::size_t kWholePacksMax = kOpenPacksMax + kComingPacksMax + 1;

// Plaintext of a pack where it lies.
struct PackBytes {
  ByteView bytes;
  std::shared_ptr<const void> keeper;  // of the memory
};

class PackReader {
 public:
  // `seats` may lack some of the access' providers (rehearsals). Both must outlive the reader.
  // spool: keeps what came slowly until a restore is done; may be null.
  PackReader(const Access& access, const Seats& seats, std::shared_ptr<ShardSpool> spool = nullptr);
  ~PackReader();  // waits for what is on its way
  PackReader(const PackReader&) = delete;
  PackReader& operator=(const PackReader&) = delete;

  // Whole packs are fetched at once where most of each will be needed; else only the range.
  void set_whole_packs(bool whole) { whole_packs_ = whole; }
  bool whole_packs() const { return whole_packs_; }

  // These packs will be read next, in this order, after what was announced before; only with whole
  // packs. An announcement that does not come true costs time, nothing else.
  void Expect(std::span<const PackId> packs);

  // For who has views that other threads will let go of: called where memory is waited for, and
  // then each view must be with a thread that waits for nobody. Without it the reader does not
  // wait, and has more in memory than it should while many views are held.
  void set_let_go(std::function<void()> let_go) { let_go_ = std::move(let_go); }

  // Fills all of `out` with the pack's plaintext from `offset`.
  // Errors: kDataLoss, kTooFewProviders, kDenied (no read key), kDamaged (range outside the pack).
  Status Read(const PackId& pack, std::uint64_t offset, MutableBytes out);
  // The same without a copy. size: at least 1.
  Result<PackBytes> View(const PackId& pack, std::uint64_t offset, std::uint64_t size);
  // The pack's header and trailer. Errors: as Read; kDamaged when the trailer is not what the pack
  // id was made from.
  Result<format::Trailer> ReadTrailer(const PackId& pack);
  Result<format::ShardHeader> ReadHeader(const PackId& pack);
  // The header that most providers agree on: one of them may have sealed another.
  Result<format::ShardHeader> ReadAgreedHeader(const PackId& pack);

  const ReadStatistics& statistics() const { return statistics_; }
  const PackMemory& memory() const { return buffers_.memory; }

 private:
  struct Opened {
    std::shared_ptr<OpenPack> pack;
    bool agreed = false;  // its header is the one that most providers have
  };
  // A pack that is fetched in the background.
  struct Coming {
    PackId id;
    std::uint64_t asked_at = 0;      // opens_ of then
    std::atomic<bool> done = false;  // until then what follows is guarded by mutex_, or opening_
    bool fetched = false;
    Result<Opened> opened = Opened{};
    ReadStatistics statistics;
    PackMemory::RoomPtr stored_room;
    PackMemory::RoomPtr plain_room;  // comes from the one before, once that is open
  };
  Result<Opened*> Open(const PackId& pack);
  Result<Opened*> OpenAgreed(const PackId& pack);
  Opened* Keep(Opened opened);
  Result<Opened> OpenNow(const PackId& pack);
  Result<Opened> Unlock(ShardSet shards);
  std::shared_ptr<Coming> TakeComing(const PackId& pack);
  void FetchNext();
  bool StartFetch(const PackId& pack);
  void Fetch(const std::shared_ptr<Coming>& coming);
  void OpenInOrder(std::unique_lock<std::mutex>& lock);
  void Await(const Coming& coming);
  void AwaitRoom(PackMemory::Kind kind, std::size_t bytes);
  void DropOthers(format::PackType type, bool narrow);
  bool IsNear(const PackId& pack) const;
  void FetchHere(OpenPack& pack);
  Result<PackBytes> ViewIn(OpenPack& pack, std::uint64_t offset, std::uint64_t size);

  const Access& access_;
  const Seats& seats_;
  bool whole_packs_ = false;
  ReadBuffers buffers_;
  ReadStatistics statistics_;
  std::list<Opened> open_;  // used last in front
  std::uint64_t opens_ = 0;
  std::set<PackId> were_whole_;  // in memory
  std::deque<PackId> expected_;
  std::list<std::shared_ptr<Coming>> coming_;
  bool next_waits_ = false;  // for room
  std::function<void()> let_go_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Coming>> unopened_;  // in the order in which they were asked for
  bool opening_ = false;                          // the first of them
  std::condition_variable changed_;
  std::size_t in_work_ = 0;
  std::map<Bytes, std::shared_ptr<const SecretBytes>> data_keys_;  // by their wrapped form
};

}  // namespace fenchi
