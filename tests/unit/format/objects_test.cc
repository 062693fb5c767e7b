// What holds for every object of the format, whatever it says.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/coding.h"
#include "fenchi/hash.h"
#include "unit/format/cbor_tools.h"
#include "unit/format/random_objects.h"

namespace fenchi::format {
namespace {

using testing::CountMaps;
using testing::RandomObjects;
using testing::WithKey;

struct Codec {
  std::string name;
  std::function<Bytes(RandomObjects&)> make;     // random, encoded
  std::function<Result<Bytes>(ByteView)> again;  // decoded and encoded again
};

Bytes AsPlain(Result<Bytes> bytes) { return std::move(bytes).value(); }
Bytes AsPlain(Bytes bytes) { return bytes; }

// make gives a struct, encode and decode are the format's functions.
template <typename Make, typename Encode, typename Decode>
Codec CodecOf(std::string name, Make make, Encode encode, Decode decode) {
  return {std::move(name),
          [=](RandomObjects& objects) {
            const auto object = make(objects);
            Bytes bytes = AsPlain(encode(object));
            auto back = decode(bytes);
            EXPECT_TRUE(back.ok()) << back.status().ToString();
            EXPECT_TRUE(back.ok() && *back == object) << "another object came back";
            return bytes;
          },
          [=](ByteView bytes) -> Result<Bytes> {
            FENCHI_ASSIGN_OR_RETURN(auto object, decode(bytes));
            return AsPlain(encode(object));
          }};
}

Bytes Plain(const SecretBytes& bytes) { return Bytes(bytes.view().begin(), bytes.view().end()); }

// A credential's map without its envelope: the envelope has a checksum of its own.
Bytes Inner(ByteView file) { return Bytes(file.begin() + 4, file.end() - 4); }
Bytes Enveloped(ByteView map) {
  Bytes file = {'f', 'c', 'r', '1'};
  Append(file, map);
  Append(file, Sha256(file).view().first(4));
  return file;
}

Codec CredentialCodec(std::string name, Role role) {
  return {std::move(name),
          [role](RandomObjects& objects) {
            const SecretBytes file = EncodeCredential(objects.MakeCredential(role)).value();
            return Inner(file.view());
          },
          [](ByteView map) -> Result<Bytes> {
            FENCHI_ASSIGN_OR_RETURN(const Credential back, DecodeCredential(Enveloped(map)));
            FENCHI_ASSIGN_OR_RETURN(const SecretBytes file, EncodeCredential(back));
            return Inner(file.view());
          }};
}

Codec KeyringCodec() {
  return {
      "keyring",
      [](RandomObjects& objects) { return Plain(EncodeKeyring(objects.MakeKeyring()).value()); },
      [](ByteView bytes) -> Result<Bytes> {
        FENCHI_ASSIGN_OR_RETURN(const Keyring back, DecodeKeyring(bytes));
        FENCHI_ASSIGN_OR_RETURN(const SecretBytes out, EncodeKeyring(back));
        return Plain(out);
      }};
}

template <typename List, typename Make, typename Decode>
Codec NodeCodec(std::string name, int level, Make make, Decode decode) {
  return CodecOf(
      std::move(name), [=](RandomObjects& objects) { return make(objects, level); },
      [](const List& list) { return EncodeNode(list); },
      [=](ByteView bytes) { return decode(bytes, level); });
}

void AddNodes(std::vector<Codec>& out) {
  const auto content = [](RandomObjects& o, int level) {
    return o.MakeContent(level, o.From(1, 5));
  };
  const auto tree = [](RandomObjects& o, int level) { return o.MakeTree(level, o.From(1, 5)); };
  out.push_back(NodeCodec<ContentList>("content node", 0, content, DecodeContentNode));
  out.push_back(NodeCodec<ContentList>("content node of links", 3, content, DecodeContentNode));
  out.push_back(NodeCodec<TreeList>("tree node", 0, tree, DecodeTreeNode));
  out.push_back(NodeCodec<TreeList>("tree node of links", 2, tree, DecodeTreeNode));
}

void AddRecords(std::vector<Codec>& out) {
  for (int kind = 1; kind <= 7; ++kind) {
    out.push_back(CodecOf(
        "record of kind " + std::to_string(kind),
        [=](RandomObjects& o) { return o.MakeRecord(static_cast<RecordKind>(kind)); }, EncodeRecord,
        DecodeRecord));
  }
  out.push_back(CodecOf(
      "signed record",
      [](RandomObjects& o) {
        return SignedRecord{o.Some(0, 99), o.Make<Signature>()};
      },
      EncodeSignedRecord, DecodeSignedRecord));
}

std::vector<Codec> AllCodecs() {
  using R = RandomObjects;
  std::vector<Codec> out;
  out.push_back(CodecOf("genesis", std::mem_fn(&R::MakeGenesis), EncodeGenesis, DecodeGenesis));
  out.push_back(CodecOf("policy", std::mem_fn(&R::MakePolicy), EncodePolicy, DecodePolicy));
  out.push_back(CodecOf("policy details", std::mem_fn(&R::MakeDetails), EncodePolicyDetails,
                        DecodePolicyDetails));
  out.push_back(CodecOf("signed policy", std::mem_fn(&R::MakeSignedPolicy), EncodeSignedPolicy,
                        DecodeSignedPolicy));
  out.push_back(CodecOf("slots", std::mem_fn(&R::MakeSlots), EncodeSlots, DecodeSlots));
  out.push_back(KeyringCodec());
  out.push_back(CredentialCodec("read credential", Role::kRead));
  out.push_back(CredentialCodec("write credential", Role::kWrite));
  out.push_back(CredentialCodec("verify credential", Role::kVerify));
  out.push_back(CredentialCodec("admin credential", Role::kAdmin));
  out.push_back(CodecOf("leaf", std::mem_fn(&R::MakeLeaf), EncodeLeaf, DecodeLeaf));
  out.push_back(
      CodecOf("wrapped key", std::mem_fn(&R::MakeWrappedKey), EncodeWrappedKey, DecodeWrappedKey));
  out.push_back(
      CodecOf("shard header", std::mem_fn(&R::MakeHeader), EncodeShardHeader, DecodeShardHeader));
  out.push_back(CodecOf("trailer", std::mem_fn(&R::MakeTrailer), EncodeTrailer, DecodeTrailer));
  AddNodes(out);
  out.push_back(CodecOf("snapshot content", std::mem_fn(&R::MakeSnapshotContent),
                        EncodeSnapshotContent, DecodeSnapshotContent));
  out.push_back(CodecOf("snapshot", std::mem_fn(&R::MakeSnapshotObject), EncodeSnapshotObject,
                        DecodeSnapshotObject));
  AddRecords(out);
  out.push_back(CodecOf("index", std::mem_fn(&R::MakeIndex), EncodeIndex, DecodeIndex));
  return out;
}

class EveryObject : public ::testing::TestWithParam<Codec> {
 protected:
  const Codec& codec() const { return GetParam(); }
};

TEST_P(EveryObject, EncodesToTheBytesItWasDecodedFrom) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomObjects objects(seed);
    const Bytes bytes = codec().make(objects);
    const Result<Bytes> again = codec().again(bytes);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_EQ(*again, bytes);
  }
}

TEST_P(EveryObject, IsRefusedWhenAnyByteIsCutOffOrAdded) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomObjects objects(seed);
    Bytes bytes = codec().make(objects);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Result<Bytes> cut = codec().again(ByteView(bytes).first(size));
      ASSERT_FALSE(cut.ok()) << size << " of " << bytes.size() << " bytes";
      ASSERT_EQ(cut.status().code(), StatusCode::kDamaged) << cut.status().ToString();
    }
    for (const std::uint8_t extra : {0x00, 0x40, 0xff}) {
      bytes.push_back(extra);
      EXPECT_EQ(codec().again(bytes).status().code(), StatusCode::kDamaged);
      bytes.pop_back();
    }
  }
}

TEST_P(EveryObject, RefusesUnknownKeysBelow64AndIgnoresOthersInEachOfItsMaps) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomObjects objects(seed);
    const Bytes bytes = codec().make(objects);
    const int maps = CountMaps(bytes);
    for (int nth = 0; nth < maps; ++nth) {
      // Key 0 stands before a version; 30 and 63 are behind every known key.
      for (const std::uint64_t key : {0, 30, 63}) {
        const std::optional<Bytes> changed = WithKey(bytes, nth, key);
        ASSERT_TRUE(changed.has_value());
        EXPECT_EQ(codec().again(*changed).status().code(), StatusCode::kDamaged)
            << "map " << nth << ", key " << key;
      }
      // 64 and 65 have a meaning in some maps.
      for (const std::uint64_t key : {std::uint64_t{66}, std::uint64_t{1} << 40, UINT64_MAX}) {
        const std::optional<Bytes> changed = WithKey(bytes, nth, key);
        ASSERT_TRUE(changed.has_value());
        const Result<Bytes> again = codec().again(*changed);
        ASSERT_TRUE(again.ok()) << "map " << nth << ": " << again.status().ToString();
        EXPECT_EQ(*again, bytes);
      }
    }
  }
}

TEST_P(EveryObject, IsRefusedOrMeansWhatItSaysAfterAnyFlippedBit) {
  // A late key with a flipped bit is another late key, which is ignored.
  RandomObjects objects(7, /*late_keys=*/false);
  Bytes bytes = codec().make(objects);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const Result<Bytes> again = codec().again(bytes);
    if (again.ok()) {
      ASSERT_EQ(*again, bytes) << "bit " << bit << " is not seen";
    } else {
      ASSERT_TRUE(again.status().code() == StatusCode::kDamaged ||
                  again.status().code() == StatusCode::kUnsupported)
          << again.status().ToString();
    }
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST_P(EveryObject, SurvivesRandomGarbageBehindAGoodStart) {
  RandomObjects objects(11);
  const Bytes bytes = codec().make(objects);
  for (int round = 0; round < 300; ++round) {
    Bytes mixed(bytes.begin(), bytes.begin() + static_cast<long>(objects.Upto(bytes.size())));
    Append(mixed, objects.Some(0, 60));
    const Result<Bytes> again = codec().again(mixed);
    EXPECT_TRUE(!again.ok() || *again == mixed) << "round " << round << " of seed 11";
  }
}

INSTANTIATE_TEST_SUITE_P(Format, EveryObject, ::testing::ValuesIn(AllCodecs()),
                         [](const ::testing::TestParamInfo<Codec>& one) {
                           std::string name;
                           for (const char c : one.param.name) name += c == ' ' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace fenchi::format
