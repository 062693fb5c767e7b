// Packs that no honest writer makes: bytes that the keys of two runs open, each to another content.
#include "fenchi/erasure_code.h"
#include "format/derive.h"
#include "repository/pack_reader.h"
#include "repository/run_keys.h"
#include "unit/crypto/two_key_ciphertext.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;

constexpr int kNeeded = 2;
constexpr int kSegments = format::kPackClasses.front();

class PackAttack : public VaultTest, public ::testing::WithParamInterface<Suite> {
 protected:
  format::ShardHeader Header(const RunKeys& run, const PackId& pack) const {
    format::ShardHeader header;
    header.suite = GetParam();
    header.epoch = run.epoch;
    header.writer = run.writer;
    header.domain = run.domain;
    header.pack = pack;
    header.needed = kNeeded;
    header.segments = kSegments;
    header.seats = providers();
    header.run = run.run;
    header.wrapped_data_key = run.wrapped_data_key;
    header.wrapped_tag_key = run.wrapped_tag_key;
    return header;
  }

  // Its shards at all seats: by `header`, but for the index, and with the tags of `run`.
  void Store(const Access& access, format::ShardHeader header, const RunKeys& run,
             const std::vector<Bytes>& sealed) {
    const SecretBytes tag_key =
        format::BlockTagKey(run.tag_key.view(), header.identity(access.vault), kNeeded);
    Aead tagger = Need(Aead::Create(GetParam(), tag_key.view()));
    const ErasureCode code = Need(ErasureCode::Create(kNeeded, providers()));
    const int blocks = format::BlocksPerShard(kSegments, kNeeded);
    for (int seat = 0; seat < providers(); ++seat) {
      const int number = access.seats.all()[static_cast<std::size_t>(seat)].number;
      const int index = format::ShardIndexForSeat(header.pack, number, providers());
      header.shard_index = index;
      Bytes shard = Need(format::SealShardHeader(access.vault, access.outer_key.view(), header));
      for (int block = 0; block < blocks; ++block) {
        const ByteView data[] = {sealed[static_cast<std::size_t>(block)],
                                 sealed[static_cast<std::size_t>(blocks + block)]};
        std::vector<Bytes> parity(static_cast<std::size_t>(providers() - kNeeded),
                                  Bytes(format::kBlockSize));
        const std::vector<MutableBytes> out(parity.begin(), parity.end());
        ASSERT_TRUE(code.Encode(data, out).ok());
        const ByteView mine = index < kNeeded
                                  ? data[index]
                                  : ByteView(parity[static_cast<std::size_t>(index - kNeeded)]);
        Bytes tag(kAeadTagSize);
        ASSERT_TRUE(tagger.Tag(format::BlockTagNonce(index, block), mine, tag).ok());
        Append(shard, mine);
        Append(shard, tag);
      }
      const NameAt name = ShardNameAt(access, header.pack, kNeeded);
      ASSERT_TRUE(access.seats.PutAt(static_cast<std::size_t>(seat), name, shard).ok());
    }
  }
};

TEST_P(PackAttack, WhatTwoRunKeysWouldOpenIsOpenedByTheOneThatItCommitsTo) {
  MakeVault({.needed = kNeeded, .providers = 3});
  const Access access = OpenAccess();
  const WriteKeys domain = Need(WriteKeysFor(access, ""));
  const RunKeys a = Need(NewRunKeys(access, domain, {}, *random_));
  const RunKeys b = Need(NewRunKeys(access, domain, {}, *random_));
  for (const RunKeys* committed : {&a, &b}) {
    for (const RunKeys* wrapped : {&a, &b}) {
      PackId pack;
      random_->Fill(pack.bytes);
      format::ShardHeader header = Header(*wrapped, pack);
      const format::PackIdentity identity = header.identity(access.vault);
      const StreamKeys of_a = Need(format::PackKeys(a.data_key.view(), identity));
      const StreamKeys of_b = Need(format::PackKeys(b.data_key.view(), identity));
      std::vector<Bytes> sealed;
      for (int i = 0; i < kSegments; ++i) {
        const bool is_last = i == kSegments - 1;
        sealed.push_back(CiphertextOfTwoKeys(GetParam(), of_a.key.view(), of_b.key.view(),
                                             SegmentNonce(static_cast<std::uint64_t>(i), is_last),
                                             format::kSegmentPlainSize));
        for (const StreamKeys* keys : {&of_a, &of_b}) {  // the cipher alone opens it under both
          SegmentCipher cipher = Need(SegmentCipher::Create(GetParam(), keys->key.view()));
          Bytes plain(format::kSegmentPlainSize);
          ASSERT_TRUE(cipher.OpenSegment(i, is_last, sealed.back(), plain).ok());
        }
      }
      header.commitment = (committed == &a ? of_a : of_b).commitment;
      Store(access, header, *wrapped, sealed);
      PackReader reader(access, access.seats);
      Bytes out(1000);
      const Status read = reader.Read(pack, 0, out);
      EXPECT_EQ(read.ok(), committed == wrapped) << read.ToString();
      EXPECT_EQ(CheckHeaderKeys(access, header).ok(), committed == wrapped);
      if (committed != wrapped) {
        EXPECT_THAT(read.message(), HasSubstr("does not belong to its key"));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BothSuites, PackAttack,
                         ::testing::Values(Suite::kAes256Gcm, Suite::kChaCha20Poly1305),
                         [](const auto& one) {
                           return one.param == Suite::kAes256Gcm ? "AesGcm" : "ChaCha20Poly1305";
                         });

}  // namespace
}  // namespace fenchi
