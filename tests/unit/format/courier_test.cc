// Courier media as bytes, against FORMAT.md section 16.

#include "format/courier.h"

#include <gtest/gtest.h>

#include "base/coding.h"

namespace fenchi::format {
namespace {

CourierObject SomeObject() {
  CourierObject object{.name = "d/abc.0", .size_bytes = 300};
  object.destination.bytes.fill(0xd1);
  return object;
}

TEST(Courier, BytesAreTheDocumentedOnes) {
  CourierHeader header{.part = 2};
  header.courier.bytes.fill(0xc0);
  header.before.bytes.fill(0xbe);
  const Bytes raw = EncodeCourierHeader(header);
  std::string text = "66656e6368692f636f75726965722f31";
  for (int i = 0; i < 16; ++i) text += "c0";
  text += "00000002";
  for (int i = 0; i < 32; ++i) text += "be";
  EXPECT_EQ(ToHex(raw), text);
  std::string id;
  for (int i = 0; i < 16; ++i) id += "d1";
  EXPECT_EQ(ToHex(*EncodeCourierHead(SomeObject())),
            "00000022a4010102" + ("50" + id) + "0367642f6162632e30" + "0419012c");
  EXPECT_EQ(ToHex(*EncodeCourierHead(CourierManifest{3, 1000})),
            "00000009a30102020303"
            "1903e8");
}

TEST(Courier, WhatIsEncodedDecodesToTheSame) {
  CourierHeader header{.part = 7};
  header.before.bytes.fill(1);
  EXPECT_EQ(*DecodeCourierHeader(EncodeCourierHeader(header)), header);
  for (const CourierHead& head : {CourierHead(SomeObject()), CourierHead(CourierManifest{1, 2})}) {
    const Bytes raw = *EncodeCourierHead(head);
    EXPECT_EQ(*DecodeCourierHead(ByteView(raw).subspan(4)), head);
    for (std::size_t size = 4; size < raw.size(); ++size) {
      EXPECT_FALSE(DecodeCourierHead(ByteView(raw).first(size).subspan(4)).ok()) << size;
    }
  }
}

TEST(Courier, OtherThingsAndNewerVersionsAreRefused) {
  Bytes raw = EncodeCourierHeader({});
  EXPECT_EQ(DecodeCourierHeader(ByteView(raw).first(67)).status().code(), StatusCode::kDamaged);
  raw[15] = '2';
  EXPECT_EQ(DecodeCourierHeader(raw).status().code(), StatusCode::kUnsupported);
  raw[0] = 'F';
  EXPECT_EQ(DecodeCourierHeader(raw).status().code(), StatusCode::kDamaged);
  const Bytes newer_kind = *FromHex("a20103020a");
  EXPECT_EQ(DecodeCourierHead(newer_kind).status().code(), StatusCode::kUnsupported);
}

TEST(Courier, LimitsHoldInBothDirections) {
  CourierObject object = SomeObject();
  object.name = std::string(201, 'a');
  EXPECT_FALSE(EncodeCourierHead(object).ok());
  object.name = "";
  EXPECT_FALSE(EncodeCourierHead(object).ok());
  object = SomeObject();
  object.size_bytes = kCourierObjectSizeMax + 1;
  EXPECT_FALSE(EncodeCourierHead(object).ok());
}

TEST(Courier, AHashCoversWhatStandsBefore) {
  const Bytes head = {1, 2}, payload = {3};
  const Hash256 first = CourierHash({}, head, payload);
  EXPECT_EQ(first, CourierHash({}, head, payload));
  EXPECT_NE(first, CourierHash(first, head, payload));
  EXPECT_NE(first, CourierHash({}, head, {}));
}

}  // namespace
}  // namespace fenchi::format
