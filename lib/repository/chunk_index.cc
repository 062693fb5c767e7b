#include "repository/chunk_index.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "format/cbor.h"

namespace fenchi {
namespace {

// Bumped when the tables change: an older file is removed, never converted.
constexpr int kSchemaVersion = 2;

constexpr const char* kSchema = R"(
CREATE TABLE pack (
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, domain BLOB NOT NULL,
  segments INTEGER NOT NULL, needed INTEGER NOT NULL, type INTEGER NOT NULL);
CREATE TABLE chunk (
  domain BLOB NOT NULL, id BLOB NOT NULL, reference BLOB NOT NULL,
  PRIMARY KEY (domain, id)) WITHOUT ROWID;
CREATE TABLE piece (
  pack INTEGER NOT NULL, domain BLOB NOT NULL, chunk BLOB NOT NULL,
  PRIMARY KEY (pack, domain, chunk)) WITHOUT ROWID;
CREATE TABLE file (
  domain BLOB NOT NULL, source BLOB NOT NULL, size INTEGER NOT NULL,
  modified_s INTEGER NOT NULL, modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
  device INTEGER NOT NULL, inode INTEGER NOT NULL, plain INTEGER NOT NULL,
  content BLOB NOT NULL, packs BLOB NOT NULL,
  PRIMARY KEY (domain, source)) WITHOUT ROWID;
)";

// Came later; an index without them is as good as one where they are empty.
constexpr const char* kLaterTables = R"(
CREATE TABLE IF NOT EXISTS attested (
  pack BLOB NOT NULL PRIMARY KEY, domain BLOB NOT NULL, scope BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS imported (object BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID;
)";

// A prepared statement, bound, stepped and reset. Column and parameter numbers as in SQLite.
class Statement {
 public:
  Statement() = default;
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  int Prepare(sqlite3* db, const char* sql) {
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }
  Statement& Blob(int at, ByteView value) {
    // A null pointer would bind NULL; an empty blob is meant.
    const void* data = value.empty() ? static_cast<const void*>("") : value.data();
    sqlite3_bind_blob64(statement_, at, data, value.size(), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& Number(int at, std::int64_t value) {
    sqlite3_bind_int64(statement_, at, value);
    return *this;
  }
  int Step() { return sqlite3_step(statement_); }
  ByteView BlobAt(int column) const {
    return {static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column)),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::int64_t NumberAt(int column) const { return sqlite3_column_int64(statement_, column); }
  void Reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// Resets a statement at the end of a scope, so that no read stays open.
struct Resetting {
  Statement& statement;
  ~Resetting() { statement.Reset(); }
};

Bytes EncodeReference(const format::Reference& reference) {
  format::CborWriter writer;
  format::WriteReference(writer, reference);
  return writer.Take();
}

// Whether the packs that a file's content points to are among those that it is said to need: only
// these are looked for at the providers.
bool NamesItsPacks(const CachedFile& file) {
  const auto named = [&](const format::Reference& reference) {
    return std::ranges::all_of(reference.pieces, [&](const format::Piece& piece) {
      return std::ranges::find(file.packs, piece.pack) != file.packs.end();
    });
  };
  return std::ranges::all_of(file.content.items,
                             [&](const auto& item) { return named(item.chunk); }) &&
         std::ranges::all_of(file.content.links,
                             [&](const auto& link) { return named(link.node); });
}

constexpr std::size_t kNumbersMax = 1024;  // 100 KiB of memory

// A file of 100 TB has 213 MB of pack ids.
constexpr int kRowBytesMax = 256 << 20;

int CompareBytes(ByteView a, ByteView b) {
  const std::size_t common = std::min(a.size(), b.size());
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order != 0) return order;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

FileRow ReadFileRow(const Statement& row, std::size_t large_from) {
  FileRow out;
  out.file.size = static_cast<std::uint64_t>(row.NumberAt(1));
  out.file.modified = {row.NumberAt(2), static_cast<std::uint32_t>(row.NumberAt(3))};
  out.file.changed_ns = row.NumberAt(4);
  out.file.device = static_cast<std::uint64_t>(row.NumberAt(5));
  out.file.inode = static_cast<std::uint64_t>(row.NumberAt(6));
  out.file.plain = row.NumberAt(7) != 0;
  const ByteView content = row.BlobAt(8);
  const ByteView packs = row.BlobAt(9);
  out.large = content.size() + packs.size() >= large_from;
  if (out.large) return out;
  out.content.assign(content.begin(), content.end());
  out.packs.assign(packs.begin(), packs.end());
  return out;
}

}  // namespace

std::optional<CachedFile> FileRow::Open() const {
  CachedFile whole = file;
  format::CborReader reader(content);
  Result<format::ContentList> list = format::ReadContentList(reader);
  if (!list.ok()) return std::nullopt;
  whole.content = std::move(*list);
  const ByteView ids(packs);
  for (std::size_t at = 0; at + PackId::kSize <= ids.size(); at += PackId::kSize) {
    std::ranges::copy(ids.subspan(at, PackId::kSize), whole.packs.emplace_back().bytes.begin());
  }
  if (!NamesItsPacks(whole)) return std::nullopt;
  return whole;
}

struct ChunkIndex::State {
  sqlite3* db = nullptr;
  std::string path;
  bool in_transaction = false;
  std::map<PackId, std::int64_t> numbers;  // of packs whose chunks were added lately
  Statement find_pack, add_pack, packs, drop_pack, find_chunk, add_chunk, add_piece, pieces,
      drop_chunk, drop_pieces, find_files, put_file, add_attested, attested, drop_attested,
      find_imported, add_imported;

  ~State() {
    // Statements must be finalised before the connection closes: sqlite3_close_v2 waits for them.
    if (in_transaction) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close_v2(db);
  }

  Status Failure(const char* what) const {
    const int code = sqlite3_errcode(db);
    const std::string message =
        fmt::format("chunk index {}: {}: {}", path, what, sqlite3_errmsg(db));
    if (code == SQLITE_FULL) return Status(StatusCode::kFull, message);
    return Status(StatusCode::kIo, message,
                  "the index is only a cache: remove that file and run the command again");
  }
  Status Execute(const char* sql) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Failure(sql);
    return Status::Ok();
  }
  Status Begin() {
    if (in_transaction) return Status::Ok();
    FENCHI_RETURN_IF_ERROR(Execute("BEGIN"));
    in_transaction = true;
    return Status::Ok();
  }
  Status Run(Statement& statement, const char* what) {
    const Resetting reset{statement};
    return statement.Step() == SQLITE_DONE ? Status::Ok() : Broken(what);
  }
  // SQLite may have taken back the transaction, and with it rows of packs.
  Status Broken(const char* what) {
    Status failure = Failure(what);
    numbers.clear();
    in_transaction = sqlite3_get_autocommit(db) == 0;
    return failure;
  }
  // The row of a pack, if there is one.
  Result<std::optional<std::int64_t>> NumberOf(const PackId& pack);
  Status Open();
  Status PrepareAll();
};

Result<std::optional<std::int64_t>> ChunkIndex::State::NumberOf(const PackId& pack) {
  if (const auto found = numbers.find(pack); found != numbers.end())
    return std::optional(found->second);
  const Resetting reset{find_pack};
  const int step = find_pack.Blob(1, pack.view()).Step();
  if (step == SQLITE_DONE) return std::optional<std::int64_t>();
  if (step != SQLITE_ROW) return Failure("find pack");
  if (numbers.size() == kNumbersMax) numbers.clear();
  return std::optional(numbers[pack] = find_pack.NumberAt(0));
}

Status ChunkIndex::State::Open() {
  // One thread at a time uses it: without a lock around each column that is read.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &db, kFlags, nullptr) != SQLITE_OK) return Failure("open");
  sqlite3_busy_timeout(db, 10000);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, kRowBytesMax);
  // The file may be anybody's work: nothing in its schema may act, and no length is believed.
  FENCHI_RETURN_IF_ERROR(Execute("PRAGMA trusted_schema = OFF"));
  FENCHI_RETURN_IF_ERROR(Execute("PRAGMA cell_size_check = ON"));
  FENCHI_RETURN_IF_ERROR(Execute("PRAGMA journal_mode = WAL"));
  FENCHI_RETURN_IF_ERROR(Execute("PRAGMA synchronous = NORMAL"));
  Statement version;
  if (version.Prepare(db, "PRAGMA user_version") != SQLITE_OK || version.Step() != SQLITE_ROW) {
    return Failure("read version");
  }
  const std::int64_t found = version.NumberAt(0);
  version.Reset();
  if (found == 0) {
    FENCHI_RETURN_IF_ERROR(Execute(kSchema));
    FENCHI_RETURN_IF_ERROR(
        Execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str()));
  } else if (found != kSchemaVersion) {
    return Unsupported("chunk index {} has version {}", path, found);
  }
  Statement active;
  if (active.Prepare(db, "SELECT 1 FROM sqlite_schema WHERE type IN ('trigger', 'view')") !=
      SQLITE_OK) {
    return Failure("read schema");
  }
  if (active.Step() != SQLITE_DONE) return Damaged("chunk index {} has a schema of its own", path);
  active.Reset();
  FENCHI_RETURN_IF_ERROR(Execute(kLaterTables));
  return PrepareAll();
}

Status ChunkIndex::State::PrepareAll() {
  const std::pair<Statement*, const char*> all[] = {
      {&find_pack, "SELECT number FROM pack WHERE id = ?1"},
      {&add_pack,
       "INSERT OR IGNORE INTO pack (id, domain, segments, needed, type) VALUES (?1,?2,?3,?4,?5)"},
      {&packs, "SELECT id, segments, needed, type FROM pack WHERE domain = ?1"},
      {&drop_pack, "DELETE FROM pack WHERE number = ?1"},
      {&find_chunk, "SELECT reference FROM chunk WHERE domain = ?1 AND id = ?2"},
      {&add_chunk, "INSERT OR REPLACE INTO chunk (domain, id, reference) VALUES (?1,?2,?3)"},
      {&add_piece, "INSERT OR IGNORE INTO piece (pack, domain, chunk) VALUES (?1,?2,?3)"},
      {&pieces, "SELECT domain, chunk FROM piece WHERE pack = ?1"},
      {&drop_chunk, "DELETE FROM chunk WHERE domain = ?1 AND id = ?2"},
      {&drop_pieces, "DELETE FROM piece WHERE pack = ?1"},
      {&find_files,
       "SELECT source, size, modified_s, modified_ns, changed_ns, device, inode, plain, content, "
       "packs FROM file WHERE domain = ?1 AND source >= ?2 ORDER BY source"},
      {&add_attested, "INSERT OR REPLACE INTO attested VALUES (?1,?2,?3)"},
      {&attested, "SELECT pack, scope FROM attested WHERE domain = ?1"},
      {&drop_attested, "DELETE FROM attested WHERE pack = ?1"},
      {&find_imported, "SELECT 1 FROM imported WHERE object = ?1"},
      {&add_imported, "INSERT OR IGNORE INTO imported VALUES (?1)"},
      {&put_file, "INSERT OR REPLACE INTO file VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"},
  };
  for (const auto& [statement, sql] : all) {
    if (statement->Prepare(db, sql) != SQLITE_OK) return Failure(sql);
  }
  return Status::Ok();
}

ChunkIndex::ChunkIndex(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChunkIndex::ChunkIndex(ChunkIndex&&) noexcept = default;
ChunkIndex& ChunkIndex::operator=(ChunkIndex&&) noexcept = default;
ChunkIndex::~ChunkIndex() = default;

Result<ChunkIndex> ChunkIndex::Open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  const Status opened = state->Open();
  if (opened.ok()) return ChunkIndex(std::move(state));
  // It is a cache: one that cannot be used is replaced, which costs time and nothing else.
  state.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path + suffix).c_str());
  state = std::make_unique<State>();
  state->path = path;
  FENCHI_RETURN_IF_ERROR(state->Open());
  return ChunkIndex(std::move(state));
}

Result<ChunkIndex> ChunkIndex::OpenAgain() const {
  auto state = std::make_unique<State>();
  state->path = state_->path;
  FENCHI_RETURN_IF_ERROR(state->Open());
  return ChunkIndex(std::move(state));
}

Result<std::map<PackId, format::PackListEntry>> ChunkIndex::Packs(const DomainId& domain) {
  std::map<PackId, format::PackListEntry> out;
  const Resetting reset{state_->packs};
  state_->packs.Blob(1, domain.view());
  int step = 0;
  while ((step = state_->packs.Step()) == SQLITE_ROW) {
    format::PackListEntry entry;
    FENCHI_ASSIGN_OR_RETURN(entry.pack, PackId::From(state_->packs.BlobAt(0)));
    const std::int64_t segments = state_->packs.NumberAt(1);
    const std::int64_t needed = state_->packs.NumberAt(2);
    const std::int64_t type = state_->packs.NumberAt(3);
    // A row that can be no pack's is as good as absent: what it would save is stored again.
    if (!format::IsPackClass(static_cast<std::uint64_t>(segments)) || needed < 1 ||
        needed > format::kSeatsMax || type < 1 || type > 2) {
      continue;
    }
    entry.segments = static_cast<int>(segments);
    entry.needed = static_cast<int>(needed);
    entry.type = static_cast<format::PackType>(type);
    out.emplace(entry.pack, entry);
  }
  if (step != SQLITE_DONE) return state_->Failure("list packs");
  return out;
}

Status ChunkIndex::AddPack(const DomainId& domain, const format::PackListEntry& pack) {
  FENCHI_RETURN_IF_ERROR(state_->Begin());
  state_->add_pack.Blob(1, pack.pack.view())
      .Blob(2, domain.view())
      .Number(3, pack.segments)
      .Number(4, pack.needed)
      .Number(5, static_cast<int>(pack.type));
  return state_->Run(state_->add_pack, "add pack");
}

Status ChunkIndex::AddAttestedPack(const DomainId& domain, const format::PackListEntry& pack,
                                   const format::IdScope& scope) {
  FENCHI_RETURN_IF_ERROR(AddPack(domain, pack));
  state_->add_attested.Blob(1, pack.pack.view()).Blob(2, domain.view()).Blob(3, scope.view());
  return state_->Run(state_->add_attested, "add attested pack");
}

Result<std::map<PackId, format::IdScope>> ChunkIndex::AttestedPacks(const DomainId& domain) {
  std::map<PackId, format::IdScope> out;
  const Resetting reset{state_->attested};
  state_->attested.Blob(1, domain.view());
  int step = 0;
  while ((step = state_->attested.Step()) == SQLITE_ROW) {
    FENCHI_ASSIGN_OR_RETURN(const PackId pack, PackId::From(state_->attested.BlobAt(0)));
    FENCHI_ASSIGN_OR_RETURN(out[pack], format::IdScope::From(state_->attested.BlobAt(1)));
  }
  if (step != SQLITE_DONE) return state_->Failure("list attested packs");
  return out;
}

Result<bool> ChunkIndex::HasImported(const Hash256& object) {
  const Resetting reset{state_->find_imported};
  const int step = state_->find_imported.Blob(1, object.view()).Step();
  if (step != SQLITE_ROW && step != SQLITE_DONE) return state_->Failure("find imported object");
  return step == SQLITE_ROW;
}

Status ChunkIndex::SetImported(const Hash256& object) {
  FENCHI_RETURN_IF_ERROR(state_->Begin());
  state_->add_imported.Blob(1, object.view());
  return state_->Run(state_->add_imported, "add imported object");
}

Status ChunkIndex::DropPacks(const std::set<PackId>& packs) {
  FENCHI_RETURN_IF_ERROR(state_->Begin());
  for (const PackId& pack : packs) {
    state_->drop_attested.Blob(1, pack.view());
    FENCHI_RETURN_IF_ERROR(state_->Run(state_->drop_attested, "drop attested pack"));
    FENCHI_ASSIGN_OR_RETURN(const std::optional<std::int64_t> number, state_->NumberOf(pack));
    if (!number) continue;
    std::vector<std::pair<Bytes, Bytes>> chunks;
    {
      const Resetting reset{state_->pieces};
      state_->pieces.Number(1, *number);
      while (state_->pieces.Step() == SQLITE_ROW) {
        const ByteView domain = state_->pieces.BlobAt(0);
        const ByteView chunk = state_->pieces.BlobAt(1);
        chunks.emplace_back(Bytes(domain.begin(), domain.end()), Bytes(chunk.begin(), chunk.end()));
      }
    }
    for (const auto& [domain, chunk] : chunks) {
      state_->drop_chunk.Blob(1, domain).Blob(2, chunk);
      FENCHI_RETURN_IF_ERROR(state_->Run(state_->drop_chunk, "drop chunk"));
    }
    state_->drop_pieces.Number(1, *number);
    FENCHI_RETURN_IF_ERROR(state_->Run(state_->drop_pieces, "drop pieces"));
    state_->drop_pack.Number(1, *number);
    FENCHI_RETURN_IF_ERROR(state_->Run(state_->drop_pack, "drop pack"));
    state_->numbers.erase(pack);  // SQLite gives the number to another
  }
  return Status::Ok();
}

Status ChunkIndex::AddChunk(const DomainId& domain, const format::Reference& reference) {
  FENCHI_RETURN_IF_ERROR(state_->Begin());
  for (const format::Piece& piece : reference.pieces) {
    FENCHI_ASSIGN_OR_RETURN(const std::optional<std::int64_t> number, state_->NumberOf(piece.pack));
    if (!number) {
      return Internal("chunk {} is in a pack that the index does not know", reference.chunk);
    }
    state_->add_piece.Number(1, *number).Blob(2, domain.view()).Blob(3, reference.chunk.view());
    FENCHI_RETURN_IF_ERROR(state_->Run(state_->add_piece, "add piece"));
  }
  state_->add_chunk.Blob(1, domain.view())
      .Blob(2, reference.chunk.view())
      .Blob(3, EncodeReference(reference));
  return state_->Run(state_->add_chunk, "add chunk");
}

Result<std::optional<format::Reference>> ChunkIndex::FindChunk(const DomainId& domain,
                                                               const ChunkId& chunk) {
  const Resetting reset{state_->find_chunk};
  const int step = state_->find_chunk.Blob(1, domain.view()).Blob(2, chunk.view()).Step();
  if (step == SQLITE_DONE) return std::optional<format::Reference>();
  if (step != SQLITE_ROW) return state_->Failure("find chunk");
  format::CborReader reader(state_->find_chunk.BlobAt(0));
  Result<format::Reference> reference = format::ReadReference(reader);
  // Damaged, or another chunk's, which a restore would refuse or, worse, take for this one.
  if (!reference.ok() || reference->chunk != chunk) return std::optional<format::Reference>();
  return std::optional<format::Reference>(std::move(*reference));
}

Result<std::optional<CachedFile>> ChunkIndex::FindFile(const DomainId& domain,
                                                       const std::string& source) {
  const std::string_view wanted = source;
  FENCHI_ASSIGN_OR_RETURN(const auto found, FindFiles(domain, std::span(&wanted, 1), SIZE_MAX));
  return found.front() ? found.front()->Open() : std::nullopt;
}

// Goes over the rows in their order beside the sources; where too many rows lie between two that
// are wanted (of folders that sort in between, or are gone), it looks for the next one anew.
Result<std::vector<std::optional<FileRow>>> ChunkIndex::FindFiles(
    const DomainId& domain, std::span<const std::string_view> sources, std::size_t large_from) {
  constexpr int kRowsPassedMax = 16;
  std::vector<std::optional<FileRow>> out(sources.size());
  Statement& find = state_->find_files;
  const Resetting reset{find};
  int step = SQLITE_OK;  // nothing read yet
  for (std::size_t i = 0; i < sources.size() && step != SQLITE_DONE; ++i) {
    const ByteView wanted = AsBytes(sources[i]);
    for (int passed = 0;;) {
      if (step == SQLITE_OK) step = find.Blob(1, domain.view()).Blob(2, wanted).Step();
      if (step == SQLITE_DONE) break;
      if (step != SQLITE_ROW) return state_->Failure("find files");
      const ByteView source = find.BlobAt(0);
      const auto order = CompareBytes(source, wanted);
      if (order == 0) out[i] = ReadFileRow(find, large_from);
      if (order >= 0 || passed > kRowsPassedMax) break;  // a damaged index may give a lower one
      step = ++passed <= kRowsPassedMax ? find.Step() : (find.Reset(), SQLITE_OK);
    }
  }
  return out;
}

Status ChunkIndex::PutFile(const DomainId& domain, const std::string& source,
                           const CachedFile& file) {
  FENCHI_RETURN_IF_ERROR(state_->Begin());
  format::CborWriter content;
  format::WriteList(content, file.content);
  Bytes packs;
  for (const PackId& pack : file.packs) Append(packs, pack.view());
  state_->put_file.Blob(1, domain.view())
      .Blob(2, AsBytes(source))
      .Number(3, static_cast<std::int64_t>(file.size))
      .Number(4, file.modified.seconds)
      .Number(5, file.modified.nanoseconds)
      .Number(6, file.changed_ns)
      .Number(7, static_cast<std::int64_t>(file.device))
      .Number(8, static_cast<std::int64_t>(file.inode))
      .Number(9, file.plain ? 1 : 0)
      .Blob(10, content.Take())
      .Blob(11, packs);
  return state_->Run(state_->put_file, "put file");
}

Status ChunkIndex::Commit() {
  if (!state_->in_transaction) return Status::Ok();
  const Status committed = state_->Execute("COMMIT");
  if (!committed.ok()) {
    (void)state_->Broken("commit");
    return committed;
  }
  state_->in_transaction = false;
  return Status::Ok();
}

}  // namespace fenchi
