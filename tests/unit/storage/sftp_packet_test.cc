// Packets of SFTP as bytes, and what a server may send that is none.

#include <gtest/gtest.h>

#include "base/coding.h"
#include "fenchi/random.h"
#include "storage/sftp_packet.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 4;

Bytes Hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ') digits += c;
  }
  return *FromHex(digits);
}

TEST(SftpPacket, RequestsAreWrittenAsInTheDraft) {
  // draft-ietf-secsh-filexfer-02, sections 6.3, 6.4, 6.5; OpenSSH's PROTOCOL, section 4.5.
  EXPECT_EQ(OpenRequest("a/b", kSftpRead).Finish(7),
            Hex("00000014 03 00000007 00000003612f62 00000001 00000000"));
  EXPECT_EQ(OpenRequest("x", kSftpCreate).Finish(1),
            Hex("00000016 03 00000001 0000000178 0000002a 00000004 00000180"));
  EXPECT_EQ(ReadRequest("h", 0x100000002, 3).Finish(2),
            Hex("00000016 05 00000002 0000000168 0000000100000002 00000003"));
  EXPECT_EQ(SimpleRequest(SftpType::kRemove, "x").Finish(3),
            Hex("0000000a 0d 00000003 0000000178"));
  EXPECT_EQ(RenameRequest("x", "y").Finish(4), Hex("0000000f 12 00000004 0000000178 0000000179"));
  EXPECT_EQ(ExtendedRequest("hardlink@openssh.com", "x", "y").Finish(5),
            Hex("00000027 c8 00000005 00000014 686172646c696e6b406f70656e7373682e636f6d"
                "0000000178 0000000179"));
  SftpRequest write(SftpType::kWrite);
  write.Text("h").U64(9);
  std::ranges::copy(AsBytes("abc"), write.Room(3).begin());
  EXPECT_EQ(std::move(write).Finish(6),
            Hex("00000019 06 00000006 0000000168 0000000000000009 00000003616263"));
}

SftpReply Parse(const Bytes& packet) {
  const Result<SftpArrival> arrival = ParseSftpReply(packet);
  EXPECT_TRUE(arrival.ok()) << arrival.status().ToString();
  return arrival.ok() ? arrival->reply : SftpReply{};
}

const Bytes kStatus = Hex("65 00000001 00000003 00000004 6e6f7065 00000000");
const Bytes kHandle = Hex("66 00000001 00000004 00000000");
const Bytes kData = Hex("67 00000001 00000003 616263");
const Bytes kNames = Hex(
    "68 00000001 00000001 00000001 61 00000002 6c73 0000000d 0000000000000005 000081a4 00000001 "
    "00000002");
const Bytes kAttributes =
    Hex("69 00000001 80000006 00000001 00000002 000041c0 00000001 00000001 78"
        "00000001 79");
const Bytes kNumbers = Hex("c9 00000001 0000000000000001 0000000000000002");
const Bytes kVersionPacket = Hex("02 00000003 00000001 61 00000001 31 00000001 62 00000000");

TEST(SftpPacket, AnswersOfEachTypeAreRead) {
  const SftpReply status = Parse(kStatus);
  EXPECT_EQ(status.code, SftpCode::kPermissionDenied);
  EXPECT_EQ(status.message, "nope");
  EXPECT_EQ(*HandleIn(Parse(kHandle)), std::string(4, '\0'));
  EXPECT_EQ(AsText(*DataIn(Parse(kData))), "abc");
  const auto names = NamesIn(Parse(kNames));
  ASSERT_TRUE(names.ok());
  ASSERT_EQ(names->size(), 1u);
  EXPECT_EQ(names->front().name, "a");
  EXPECT_EQ(names->front().attributes.size_bytes, 5u);
  EXPECT_TRUE(names->front().attributes.is_file());
  EXPECT_EQ(names->front().attributes.modified_seconds, 2u);
  const auto attributes = AttributesIn(Parse(kAttributes));
  ASSERT_TRUE(attributes.ok());
  EXPECT_TRUE(attributes->is_folder());
  EXPECT_FALSE(attributes->size_bytes.has_value());
  EXPECT_EQ(*NumbersIn(Parse(kNumbers), 2), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(*ExtensionsIn(kVersionPacket), (std::vector<std::string>{"a", "b"}));
}

TEST(SftpPacket, AStatusWithoutWordsIsReadToo) {
  const SftpReply status = Parse(Hex("65 00000001 00000002"));
  EXPECT_EQ(status.code, SftpCode::kNoSuchFile);
  EXPECT_TRUE(status.message.empty());
}

// Whether any of the readers takes it. None may read past the end, which the sanitizers see.
bool AnyReads(ByteView packet) {
  const Result<SftpArrival> arrival = ParseSftpReply(packet);
  const bool version = ExtensionsIn(packet).ok();
  if (!arrival.ok()) return version;
  const SftpReply& reply = arrival->reply;
  return HandleIn(reply).ok() || DataIn(reply).ok() || AttributesIn(reply).ok() ||
         NamesIn(reply).ok() || NumbersIn(reply, 2).ok() || version;
}

TEST(SftpPacket, WhatIsCutIsRefused) {
  for (const Bytes& whole : {kHandle, kData, kNames, kAttributes, kNumbers, kVersionPacket}) {
    ASSERT_TRUE(AnyReads(whole)) << ToHex(whole);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A greeting may end after each extension.
      if (whole == kVersionPacket && (size == 5 || size == 15)) continue;
      EXPECT_FALSE(AnyReads(ByteView(whole).first(size))) << ToHex(whole) << " cut to " << size;
    }
  }
}

TEST(SftpPacket, LengthsAndCountsThatLieAreRefused) {
  EXPECT_FALSE(HandleIn(Parse(Hex("66 00000001 ffffffff 00"))).ok());
  EXPECT_FALSE(HandleIn(Parse(Hex("66 00000001 00000000"))).ok()) << "an empty handle";
  EXPECT_FALSE(DataIn(Parse(Hex("67 00000001 7fffffff 00"))).ok());
  EXPECT_FALSE(NamesIn(Parse(Hex("68 00000001 ffffffff"))).ok());
  EXPECT_FALSE(AttributesIn(Parse(Hex("69 00000001 80000000 ffffffff"))).ok());
  EXPECT_FALSE(DataIn(Parse(kHandle)).ok()) << "another type than expected";
  EXPECT_FALSE(ExtensionsIn(Hex("02 00000002")).ok()) << "version 2";
}

TEST(SftpPacket, RandomBytesNeverDoHarm) {
  const auto random = SeededRandom(kSeed);
  for (int i = 0; i < 20000; ++i) {
    Bytes draws(3);
    random->Fill(draws);
    Bytes packet(draws[0] % 64);
    random->Fill(packet);
    const Bytes* const kinds[] = {&kStatus, &kHandle, &kData, &kNames, &kAttributes, &kNumbers};
    const Bytes& whole = *kinds[draws[1] % 6];
    // Half of them: a good packet with a few bytes changed.
    if (draws[2] % 2 == 0) {
      Bytes changed = whole;
      for (std::size_t at = 0; at < packet.size() && at < 3; ++at) {
        changed[packet[at] % changed.size()] = packet[at];
      }
      packet = changed;
    }
    (void)AnyReads(packet);
  }
}

}  // namespace
}  // namespace fenchi
