// Objects in their boxes: padding, keys, damage.
#include <gtest/gtest.h>

#include <string>

#include "format/derive.h"
#include "format/sealed.h"
#include "unit/format/random_objects.h"

namespace fenchi::format {
namespace {

using testing::RandomObjects;

class Boxes : public ::testing::Test {
 protected:
  SealContext Context(SealType type) const { return {Suite::kAes256Gcm, type, vault_, {}}; }

  RandomObjects objects_{20};
  VaultId vault_ = objects_.Make<VaultId>();
  SecretBytes key_ = objects_.Secret();
};

TEST_F(Boxes, AreTheSmallestPowerOfTwoThatFits) {
  for (const std::size_t size : {0, 1, 935, 936, 937, 1959, 1960, 1961, 5000, 65536}) {
    std::size_t expected = 1024;
    while (expected < size + 4 + 84) expected *= 2;
    const Bytes bytes = objects_.Some(size, size);
    const Bytes box =
        SealPadded(Context(SealType::kSnapshot), key_.view(), bytes, 10, 1 << 20, objects_.random())
            .value();
    EXPECT_EQ(box.size(), expected) << size;
    const SecretBytes back =
        OpenPadded(Context(SealType::kSnapshot), key_.view(), box, 10, 1 << 20).value();
    EXPECT_TRUE(back.Equals(bytes));
  }
}

TEST_F(Boxes, KeepTheirLimit) {
  const Bytes fits = objects_.Some((1 << 20) - 88, (1 << 20) - 88);
  EXPECT_EQ(PadTo(fits, 12, 1 << 20).value().size() + 84, 1u << 20);
  const Bytes more = objects_.Some((1 << 20) - 87, (1 << 20) - 87);
  EXPECT_EQ(PadTo(more, 12, 1 << 20).status().code(), StatusCode::kInvalidArgument);
  const Bytes box =
      SealPadded(Context(SealType::kRecord), key_.view(), more, 12, 1 << 21, objects_.random())
          .value();
  EXPECT_EQ(OpenPadded(Context(SealType::kRecord), key_.view(), box, 12, 1 << 20).status().code(),
            StatusCode::kDamaged);
}

TEST_F(Boxes, RefuseWrongLengthsAndPadding) {
  const Bytes bytes = objects_.Some(100, 100);
  const SecretBytes good = PadTo(bytes, 10, 4096).value();
  ASSERT_TRUE(Unpad(good.view(), 10).ok());
  for (std::size_t i = 0; i < good.size(); ++i) {
    SecretBytes bad = good.Clone();
    // The length becomes shorter (96) or too long: a length of 228 would only take zeros along.
    bad.mutable_view()[i] ^= i == 3 ? 0x04 : 0x80;
    const bool content = i >= 4 && i < 104;
    EXPECT_EQ(Unpad(bad.view(), 10).ok(), content) << "byte " << i;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_FALSE(Unpad(good.view().first(size), 10).ok()) << size;
  }
  // A box of twice the size that the length needs.
  const SecretBytes wide = PadTo(bytes, 11, 4096).value();
  EXPECT_EQ(Unpad(wide.view(), 10).status().code(), StatusCode::kDamaged);
}

TEST_F(Boxes, ShardHeadersArePureFunctionsOfPackAndIndex) {
  ShardHeader header = objects_.MakeHeader();
  const Bytes box = SealShardHeader(vault_, key_.view(), header).value();
  EXPECT_EQ(box.size(), kHeaderSize);
  EXPECT_EQ(SealShardHeader(vault_, key_.view(), header).value(), box);
  EXPECT_TRUE(OpenShardHeader(vault_, key_.view(), box).value() == header);
  header.shard_index ^= 1;
  EXPECT_NE(SealShardHeader(vault_, key_.view(), header).value(), box);
}

TEST_F(Boxes, ShardHeadersRefuseEveryChangedByteAndOtherSizes) {
  Bytes box = SealShardHeader(vault_, key_.view(), objects_.MakeHeader()).value();
  for (std::size_t i = 0; i < box.size(); ++i) {
    box[i] ^= 1;
    ASSERT_FALSE(OpenShardHeader(vault_, key_.view(), box).ok()) << "byte " << i;
    box[i] ^= 1;
  }
  EXPECT_FALSE(OpenShardHeader(vault_, key_.view(), ByteView(box).first(4095)).ok());
  box.push_back(0);
  EXPECT_FALSE(OpenShardHeader(vault_, key_.view(), box).ok());
}

TEST_F(Boxes, ShardHeadersWithAnotherSaltAreRefused) {
  const Bytes bytes = EncodeShardHeader(objects_.MakeHeader()).value();
  const Bytes box =
      SealPadded(Context(SealType::kHeader), key_.view(), bytes, 12, kHeaderSize, objects_.random())
          .value();
  EXPECT_EQ(OpenShardHeader(vault_, key_.view(), box).status().code(), StatusCode::kDamaged);
}

TEST_F(Boxes, RecordsOpenOnlyForTheirWriterAndNumber) {
  const Record record = objects_.MakeRecord(RecordKind::kCommit);
  const SigningKey key = SigningKey::Generate(objects_.random());
  const SignedRecord signed_record = SignRecord(vault_, key, EncodeRecord(record).value());
  const Bytes bytes = EncodeSignedRecord(signed_record);
  const Bytes object = SealRecord(Suite::kAes256Gcm, vault_, key_.view(), record.writer, record.seq,
                                  bytes, objects_.random())
                           .value();
  const OpenedRecord back =
      OpenRecord(vault_, key_.view(), record.writer, record.seq, object).value();
  EXPECT_TRUE(back.record == record);
  EXPECT_EQ(back.signed_bytes, bytes);
  EXPECT_EQ(back.hash, RecordHashOf(bytes));
  EXPECT_FALSE(OpenRecord(vault_, key_.view(), record.writer, record.seq + 1, object).ok());
  EXPECT_FALSE(OpenRecord(vault_, key_.view(), objects_.Make<WriterId>(), record.seq, object).ok());
  EXPECT_FALSE(
      OpenRecord(objects_.Make<VaultId>(), key_.view(), record.writer, record.seq, object).ok());
  // Sealed under a name that its payload does not bear.
  const Bytes moved = SealRecord(Suite::kAes256Gcm, vault_, key_.view(), record.writer,
                                 record.seq + 1, bytes, objects_.random())
                          .value();
  EXPECT_EQ(OpenRecord(vault_, key_.view(), record.writer, record.seq + 1, moved).status().code(),
            StatusCode::kDamaged);
}

TEST_F(Boxes, SnapshotsOpenOnlyForTheirRunAndDomain) {
  const SnapshotContent content = objects_.MakeSnapshotContent();
  SnapshotObject object = objects_.MakeSnapshotObject();
  ASSERT_TRUE(SealSnapshot(Suite::kChaCha20Poly1305, vault_, key_.view(), content,
                           objects_.random(), object)
                  .ok());
  EXPECT_TRUE(OpenSnapshot(vault_, key_.view(), object).value() == content);
  SnapshotObject other = object;
  other.run = objects_.Make<RunId>();
  EXPECT_EQ(OpenSnapshot(vault_, key_.view(), other).status().code(), StatusCode::kWrongKey);
  other = object;
  other.domain = objects_.Make<DomainId>();
  EXPECT_EQ(OpenSnapshot(vault_, key_.view(), other).status().code(), StatusCode::kWrongKey);
}

TEST_F(Boxes, KeyringsOpenOnlyForTheirEpoch) {
  const Keyring keyring = objects_.MakeKeyring();
  const Bytes object =
      SealKeyring(Suite::kAes256Gcm, vault_, key_.view(), keyring, objects_.random()).value();
  const Keyring back = OpenKeyring(vault_, key_.view(), keyring.epoch, object).value();
  EXPECT_TRUE(EncodeKeyring(back).value().Equals(EncodeKeyring(keyring).value().view()));
  EXPECT_EQ(OpenKeyring(vault_, key_.view(), keyring.epoch + 1, object).status().code(),
            StatusCode::kWrongKey);
}

TEST_F(Boxes, ListObjectsHoldAsManyPacksAsTheLimitSays) {
  const std::vector<PackListEntry> entries = objects_.MakeEntries(kPacksPerListObjectMax);
  const Bytes object =
      SealListObject(Suite::kAes256Gcm, vault_, key_.view(), entries, objects_.random()).value();
  EXPECT_LE(object.size(), kRecordObjectSizeMax);
  EXPECT_TRUE(OpenListObject(vault_, key_.view(), object).value() == entries);
  const std::vector<PackListEntry> more = objects_.MakeEntries(kPacksPerListObjectMax + 1);
  EXPECT_EQ(SealListObject(Suite::kAes256Gcm, vault_, key_.view(), more, objects_.random())
                .status()
                .code(),
            StatusCode::kInvalidArgument);
}

TEST_F(Boxes, ACommitHoldsThreeFullListsOfPacks) {
  Record record = objects_.MakeRecord(RecordKind::kCommit);
  CommitBody& body = std::get<CommitBody>(record.body);
  for (PackList* list : {&body.added, &body.reused, &body.dropped}) {
    *list = PackList{objects_.MakeEntries(kPacksInRecordListMax), {}, 0};
  }
  const Bytes payload = EncodeRecord(record).value();
  EXPECT_TRUE(SealRecord(Suite::kAes256Gcm, vault_, key_.view(), record.writer, record.seq,
                         EncodeSignedRecord({payload, {}}), objects_.random())
                  .ok());
  body.added.entries = objects_.MakeEntries(kPacksInRecordListMax + 1);
  EXPECT_EQ(EncodeRecord(record).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(Boxes, IndexesOpenOnlyForTheirDomain) {
  const Index index = objects_.MakeIndex();
  const DomainId domain = objects_.Make<DomainId>();
  const Bytes object =
      SealIndex(Suite::kAes256Gcm, vault_, key_.view(), domain, index, objects_.random()).value();
  EXPECT_TRUE(OpenIndex(vault_, key_.view(), domain, object).value() == index);
  EXPECT_FALSE(OpenIndex(vault_, key_.view(), objects_.Make<DomainId>(), object).ok());
}

TEST_F(Boxes, CredentialFilesRefuseEveryChangedByteAndEveryCut) {
  const SecretBytes file = EncodeCredential(objects_.MakeCredential(Role::kWrite)).value();
  ASSERT_TRUE(DecodeCredential(file.view()).ok());
  for (std::size_t i = 0; i < file.size(); ++i) {
    SecretBytes bad = file.Clone();
    bad.mutable_view()[i] ^= 0x10;
    ASSERT_EQ(DecodeCredential(bad.view()).status().code(), StatusCode::kDamaged) << i;
    ASSERT_EQ(DecodeCredential(file.view().first(i)).status().code(), StatusCode::kDamaged) << i;
  }
}

}  // namespace
}  // namespace fenchi::format
