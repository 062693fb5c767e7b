// Writers of this host: the files `writer-N`, N = 0..63, and `writer-ID` for a credential's writer.
//
// Local, not part of the vault format. Each is a box of type 14 (suite as the vault's) under
// HKDF(K_outer, "", "fenchi/1/local" 0x00 | vault id, 32), context be32(N) or ID, over the map 1 =
// 1; 2 = writer id; 3 = Ed25519 seed; 4 = next seq; 5 = hash of the record before it; 6 = the
// record that may not be at W yet, [seq, record hash, sealed object] (optional).
#include "repository/local_state.h"

#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/aead.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/ids.h"
#include "repository/state_folder.h"

namespace fenchi {
namespace {

constexpr int kWritersPerHost = 64;
constexpr std::size_t kStateSizeMax = format::kRecordObjectSizeMax + 4096;

SecretBytes LocalKey(ByteView outer_key, const VaultId& vault) {
  const std::string_view label = "fenchi/1/local";
  Bytes info(label.begin(), label.end());
  info.push_back(0);
  Append(info, vault.view());
  return HkdfSha512(outer_key, {}, info, 32);
}

// What the file says.
struct Identity {
  WriterId id;
  SigningKey key;
  std::uint64_t next_seq = 1;
  Hash256 previous;
  std::optional<PendingRecord> pending;
};

Identity NewIdentity(Random& random) {
  WriterId id;
  random.Fill(id.mutable_view());
  return {id, SigningKey::Generate(random), 1, {}, std::nullopt};
}

SecretBytes Encode(const Identity& identity) {
  format::CborWriter writer(format::CborWriter::Buffer::kWiped);
  writer.Map(identity.pending ? 6 : 5).Key(1).Uint(1).Key(2).ByteString(identity.id.view());
  writer.Key(3).ByteString(identity.key.seed()).Key(4).Uint(identity.next_seq);
  writer.Key(5).ByteString(identity.previous.view());
  if (identity.pending) {
    writer.Key(6).Array(3).Uint(identity.pending->seq).ByteString(identity.pending->hash.view());
    writer.ByteString(identity.pending->object);
  }
  return writer.TakeSecret();
}

Result<Identity> ReadIdentity(format::CborReader& reader) {
  format::MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(format::ReadFormatVersion(map, reader, "writer state"));
  WriterId id;
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(id, "writer id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const ByteView seed,
                          reader.ByteString(kSigningSeedSize, kSigningSeedSize, "seed"));
  FENCHI_ASSIGN_OR_RETURN(SigningKey key, SigningKey::FromSeed(seed));
  Identity identity{id, std::move(key), 1, {}, std::nullopt};
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(identity.next_seq, reader.Uint());
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(identity.previous, "record hash"));
  FENCHI_ASSIGN_OR_RETURN(const bool pending, map.Optional(6));
  if (pending) {
    PendingRecord& record = identity.pending.emplace();
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "pending record").status());
    FENCHI_ASSIGN_OR_RETURN(record.seq, reader.Uint());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(record.hash, "record hash"));
    FENCHI_ASSIGN_OR_RETURN(const ByteView object,
                            reader.ByteString(1, format::kRecordObjectSizeMax, "record object"));
    record.object.assign(object.begin(), object.end());
    reader.Leave();
  }
  FENCHI_RETURN_IF_ERROR(map.Close());
  if (identity.next_seq < 1 || (identity.next_seq == 1) != identity.previous.is_zero() ||
      (identity.pending && identity.pending->seq != identity.next_seq)) {
    return Damaged("writer state: its sequence numbers contradict each other");
  }
  return identity;
}

}  // namespace

namespace {

// Which writer of the host: the name of its files, and the context of its box.
struct Place {
  std::string tag;
  Bytes context;

  static Place OfNumber(int number) {
    Place place{fmt::format("{}", number), {}};
    AppendBe32(place.context, static_cast<std::uint32_t>(number));
    return place;
  }
  static Place OfWriter(const WriterId& id) {
    return {id.hex(), Bytes(id.bytes.begin(), id.bytes.end())};
  }
  std::string file() const { return "writer-" + tag; }
  std::string lock() const { return "writer-" + tag + ".lock"; }
  std::string index() const { return "index-" + tag + ".db"; }
};

}  // namespace

struct WriterState::State {
  StateFolder folder;
  StateLock lock;
  Place place;
  bool fixed = false;  // a credential says who this is
  Suite suite = Suite::kAes256Gcm;
  VaultId vault;
  SecretBytes local_key;
  std::string index_path;
  Identity identity;

  // Writes `identity` to disk. After a failure the disk has what was before, or this.
  Status Save() const;
  // The writer at `place`, whose lock is held: as its file says, else `fresh`.
  static Result<std::unique_ptr<State>> Take(StateFolder folder, StateLock lock, Place place,
                                             const Access& access, Identity fresh);
  // For an identity that is not on disk yet. The index of another writer is useless to it, and a
  // reference to another writer's packs would be wrong: it goes first.
  Status SaveNew() const;
};

namespace {

Result<Identity> OpenIdentity(const VaultId& vault, ByteView local_key, const Place& place,
                              ByteView box) {
  FENCHI_ASSIGN_OR_RETURN(
      const SecretBytes plain,
      OpenSealed({Suite::kAes256Gcm, SealType::kLocalState, vault, place.context}, local_key, box));
  return format::DecodeWhole(plain.view(), kStateSizeMax, "writer state", ReadIdentity);
}

// What `writer-N` says; nothing when it is absent, or damaged and now set aside. A newer fenchi's
// file is neither: it stays, and the failure is returned.
Result<std::optional<Identity>> LoadIdentity(const StateFolder& folder, const VaultId& vault,
                                             ByteView local_key, const Place& place) {
  const std::string name = place.file();
  const Result<std::optional<Bytes>> box = folder.Read(name, kStateSizeMax);
  Status failure = box.status();
  if (box.ok()) {
    if (!box->has_value()) return std::optional<Identity>();
    Result<Identity> identity = OpenIdentity(vault, local_key, place, **box);
    if (identity.ok()) return std::optional<Identity>(std::move(*identity));
    failure = identity.status();
  }
  const StatusCode code = failure.code();
  if (code != StatusCode::kDamaged && code != StatusCode::kWrongKey) {
    return failure.At(folder.PathOf(name));
  }
  FENCHI_RETURN_IF_ERROR(folder.SetAside(name).status());
  return std::optional<Identity>();
}

}  // namespace

Status WriterState::State::Save() const {
  const SecretBytes plain = Encode(identity);
  FENCHI_ASSIGN_OR_RETURN(
      const Bytes box, Seal({suite, SealType::kLocalState, vault, place.context}, local_key.view(),
                            plain.view(), SystemRandom()));
  return folder.Replace(place.file(), box);
}

Status WriterState::State::SaveNew() const {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    FENCHI_RETURN_IF_ERROR(folder.Remove(place.index() + suffix));
  }
  return Save();
}

WriterState::WriterState(std::unique_ptr<State> state) : state_(std::move(state)) {}
WriterState::WriterState(WriterState&&) noexcept = default;
WriterState& WriterState::operator=(WriterState&&) noexcept = default;
WriterState::~WriterState() = default;

Result<std::unique_ptr<WriterState::State>> WriterState::State::Take(StateFolder folder,
                                                                     StateLock lock, Place place,
                                                                     const Access& access,
                                                                     Identity fresh) {
  const bool fixed = access.writer.has_value();
  SecretBytes local_key = LocalKey(access.outer_key.view(), access.vault);
  FENCHI_ASSIGN_OR_RETURN(std::optional<Identity> known,
                          LoadIdentity(folder, access.vault, local_key.view(), place));
  if (known && fixed && known->id != fresh.id) known.reset();
  const bool is_new = !known.has_value();
  std::string index_path = folder.PathOf(place.index());
  auto state = std::make_unique<State>(State{
      std::move(folder), std::move(lock), std::move(place), fixed, access.suite(), access.vault,
      std::move(local_key), std::move(index_path), is_new ? std::move(fresh) : std::move(*known)});
  // A new identity must not be used before it is on disk: losing it would orphan its log.
  if (is_new) FENCHI_RETURN_IF_ERROR(state->SaveNew());
  return state;
}

Result<WriterState> WriterState::Acquire(const std::string& directory, const Access& access,
                                         Random& random) {
  FENCHI_ASSIGN_OR_RETURN(StateFolder folder, StateFolder::Open(directory, access.vault));
  if (access.writer) {
    Place place = Place::OfWriter(access.writer->id);
    FENCHI_ASSIGN_OR_RETURN(std::optional<StateLock> lock, folder.TryLock(place.lock()));
    if (!lock) {
      return Conflict("the writer of this credential is at work in {}", folder.path())
          .WithHint("wait until the other backup of this host is done");
    }
    FENCHI_ASSIGN_OR_RETURN(SigningKey key, SigningKey::FromSeed(access.writer->seed.view()));
    Identity identity{access.writer->id, std::move(key), 1, {}, std::nullopt};
    FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<State> state,
                            State::Take(std::move(folder), std::move(*lock), std::move(place),
                                        access, std::move(identity)));
    return WriterState(std::move(state));
  }
  for (int number = 0; number < kWritersPerHost; ++number) {
    Place place = Place::OfNumber(number);
    FENCHI_ASSIGN_OR_RETURN(std::optional<StateLock> lock, folder.TryLock(place.lock()));
    if (!lock) continue;
    FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<State> state,
                            State::Take(std::move(folder), std::move(*lock), std::move(place),
                                        access, NewIdentity(random)));
    return WriterState(std::move(state));
  }
  return Conflict("all {} writers of this host are at work in {}", kWritersPerHost, folder.path())
      .WithHint("wait until another backup of this host is done");
}

const WriterId& WriterState::id() const { return state_->identity.id; }
const SigningKey& WriterState::key() const { return state_->identity.key; }
std::uint64_t WriterState::next_seq() const { return state_->identity.next_seq; }
const Hash256& WriterState::previous() const { return state_->identity.previous; }
const std::optional<PendingRecord>& WriterState::pending() const {
  return state_->identity.pending;
}
const std::string& WriterState::index_path() const { return state_->index_path; }

Status WriterState::SetPending(PendingRecord record) {
  std::optional<PendingRecord>& pending = state_->identity.pending;
  if (pending || record.seq != next_seq()) {
    return Internal("record {} cannot wait behind record {}", record.seq, next_seq());
  }
  pending = std::move(record);
  const Status saved = state_->Save();
  if (!saved.ok()) pending.reset();  // never uploaded: another record may take its place
  return saved;
}

Status WriterState::CompletePending() {
  Identity& identity = state_->identity;
  if (!identity.pending) return Internal("no record is pending");
  PendingRecord done = std::move(*identity.pending);
  const Hash256 before = identity.previous;
  identity.pending.reset();
  identity.previous = done.hash;
  ++identity.next_seq;
  const Status saved = state_->Save();
  if (saved.ok()) return saved;
  --identity.next_seq;
  identity.previous = before;
  identity.pending = std::move(done);
  return saved;
}

Status WriterState::Renew(Random& random) {
  if (state_->fixed) {
    return Conflict(
               "the log of writer {} went on elsewhere: its credential is in use on another "
               "host, or this host lost its state",
               id())
        .WithHint("ask for a credential of this host's own");
  }
  Identity before = std::exchange(state_->identity, NewIdentity(random));
  const Status saved = state_->SaveNew();
  if (!saved.ok()) state_->identity = std::move(before);
  return saved;
}

}  // namespace fenchi
