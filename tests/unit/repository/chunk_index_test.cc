// A local index that somebody changed: what it says is not believed where that would cost data.
#include "repository/chunk_index.h"

#include <sqlite3.h>

#include <map>

#include "fixture.h"
#include "format/ids.h"

namespace fenchi {
namespace {

class HostileIndex : public ::testing::Test {
 protected:
  HostileIndex() : path_(folder_.path() + "/index-0.db") {
    domain_.bytes.fill(1);
    pack_ = {PackId{}, 12, 2, format::PackType::kData};
    pack_.pack.bytes.fill(2);
    one_ = ReferenceTo(3);
    two_ = ReferenceTo(4);
    ChunkIndex index = Need(ChunkIndex::Open(path_));
    EXPECT_TRUE(index.AddPack(domain_, pack_).ok());
    EXPECT_TRUE(index.AddChunk(domain_, one_).ok());
    EXPECT_TRUE(index.AddChunk(domain_, two_).ok());
    CachedFile file;
    file.content.items.push_back({0, one_});
    file.packs.push_back(pack_.pack);
    EXPECT_TRUE(index.PutFile(domain_, "/srv/a", file).ok());
    EXPECT_TRUE(index.Commit().ok());
  }
  format::Reference ReferenceTo(std::uint8_t mark) const {
    format::Reference reference;
    reference.chunk.bytes.fill(mark);
    reference.plain_size = 100;
    reference.pieces.push_back({pack_.pack, 0, 50});
    return reference;
  }
  void Change(const char* sql) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  TemporaryFolder folder_;
  std::string path_;
  DomainId domain_;
  format::PackListEntry pack_;
  format::Reference one_, two_;
};

TEST_F(HostileIndex, UnchangedItFindsWhatWasAdded) {
  ChunkIndex index = Need(ChunkIndex::Open(path_));
  EXPECT_EQ(Need(index.Packs(domain_)).size(), 1u);
  EXPECT_EQ(Need(index.FindChunk(domain_, one_.chunk)), one_);
  EXPECT_TRUE(Need(index.FindFile(domain_, "/srv/a")).has_value());
}

// SQLite gives the number of a pack that was dropped to the next.
TEST_F(HostileIndex, APackThatWasDroppedIsNotKnownByItsNumberAnyMore) {
  ChunkIndex index = Need(ChunkIndex::Open(path_));
  EXPECT_TRUE(index.AddChunk(domain_, ReferenceTo(5)).ok());
  EXPECT_TRUE(index.DropPacks({pack_.pack}).ok());
  EXPECT_EQ(index.AddChunk(domain_, one_).code(), StatusCode::kInternal);
  format::PackListEntry next = pack_;
  next.pack.bytes.fill(7);
  EXPECT_TRUE(index.AddPack(domain_, next).ok());
  EXPECT_EQ(index.AddChunk(domain_, one_).code(), StatusCode::kInternal);
  EXPECT_EQ(Need(index.FindChunk(domain_, one_.chunk)), std::nullopt);
}

TEST_F(HostileIndex, FilesOfAFolderAreFoundAmongAllThatSortBetweenThem) {
  ChunkIndex index = Need(ChunkIndex::Open(path_));
  CachedFile file;
  file.content.items.push_back({0, one_});
  file.packs.push_back(pack_.pack);
  DomainId other;
  other.bytes.fill(9);
  const auto put = [&](const DomainId& domain, const std::string& source) {
    file.inode = source.size();
    EXPECT_TRUE(index.PutFile(domain, source, file).ok());
  };
  for (const char* name : {"/srv/b", "/srv/b-", "/srv/b0", "/srv/d", "/srv/\xff"}) {
    put(domain_, name);
  }
  for (int i = 0; i < 40; ++i) put(domain_, "/srv/b/" + std::to_string(i));  // more than are passed
  for (int i = 0; i < 5; ++i) put(domain_, "/srv/c/" + std::to_string(i));
  put(other, "/srv/c");
  ASSERT_TRUE(index.Commit().ok());
  const std::vector<std::string_view> asked = {"/srv/",  "/srv/a", "/srv/b", "/srv/b-",   "/srv/b0",
                                               "/srv/c", "/srv/d", "/srv/e", "/srv/\xff", "/srw"};
  const auto found = Need(index.FindFiles(domain_, asked));
  ASSERT_EQ(found.size(), asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const bool there =
        asked[i] != "/srv/" && asked[i] != "/srv/c" && asked[i] != "/srv/e" && asked[i] != "/srw";
    ASSERT_EQ(found[i].has_value(), there) << asked[i];
    if (!there) continue;
    EXPECT_EQ(found[i]->file.inode, asked[i] == "/srv/a" ? 0 : asked[i].size());
    EXPECT_EQ(Need(index.FindFile(domain_, std::string(asked[i])))->content, file.content);
  }
  EXPECT_TRUE(Need(index.FindFiles(domain_, {})).empty());
  const auto large = Need(index.FindFiles(domain_, asked, PackId::kSize));
  ASSERT_TRUE(large[2].has_value());
  EXPECT_TRUE(large[2]->large && large[2]->content.empty() && large[2]->packs.empty());
  EXPECT_EQ(large[2]->file.inode, found[2]->file.inode);
  EXPECT_FALSE(found[2]->large);
}

TEST_F(HostileIndex, AReferenceThatIsAnotherChunksIsAbsent) {
  Change(
      "UPDATE chunk SET reference = (SELECT c.reference FROM chunk c WHERE c.id = "
      "x'0404040404040404040404040404040404040404040404040404040404040404')");
  ChunkIndex index = Need(ChunkIndex::Open(path_));
  EXPECT_EQ(Need(index.FindChunk(domain_, one_.chunk)), std::nullopt);
  EXPECT_EQ(Need(index.FindChunk(domain_, two_.chunk)), two_);
}

TEST_F(HostileIndex, AReferenceThatDoesNotDecodeIsAbsent) {
  Change("UPDATE chunk SET reference = x'ff'; UPDATE file SET content = x'8200'");
  ChunkIndex index = Need(ChunkIndex::Open(path_));
  EXPECT_EQ(Need(index.FindChunk(domain_, one_.chunk)), std::nullopt);
  EXPECT_FALSE(Need(index.FindFile(domain_, "/srv/a")).has_value());
}

TEST_F(HostileIndex, APackThatCanBeNoneIsAbsent) {
  for (const char* change : {"needed = 0", "needed = 256", "needed = -1", "segments = 13",
                             "segments = 4294967308", "type = 3"}) {
    Change((std::string("UPDATE pack SET segments = 12, needed = 2, type = 1; UPDATE pack SET ") +
            change)
               .c_str());
    ChunkIndex index = Need(ChunkIndex::Open(path_));
    EXPECT_TRUE(Need(index.Packs(domain_)).empty()) << change;
  }
}

TEST_F(HostileIndex, AFileWhoseChunksLieInOtherPacksThanItSaysIsReadAgain) {
  Change("UPDATE file SET packs = x''");
  ChunkIndex index = Need(ChunkIndex::Open(path_));
  EXPECT_FALSE(Need(index.FindFile(domain_, "/srv/a")).has_value());
}

TEST_F(HostileIndex, OneWithTriggersOrViewsIsReplaced) {
  Change(
      "CREATE TRIGGER evil AFTER INSERT ON chunk BEGIN "
      "UPDATE chunk SET reference = x'00'; END");
  ChunkIndex index = Need(ChunkIndex::Open(path_));
  EXPECT_TRUE(Need(index.Packs(domain_)).empty());
  EXPECT_TRUE(index.AddPack(domain_, pack_).ok());
  EXPECT_TRUE(index.AddChunk(domain_, one_).ok());
  EXPECT_EQ(Need(index.FindChunk(domain_, one_.chunk)), one_);
}

}  // namespace
}  // namespace fenchi
