// Signatures of policies, records and approvals.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/format/cbor_tools.h"
#include "unit/format/random_objects.h"

namespace fenchi::format {
namespace {

using testing::RandomObjects;

class Signatures : public ::testing::Test {
 protected:
  Signatures() {
    for (int i = 0; i < 4; ++i) keys_.push_back(SigningKey::Generate(objects_.random()));
  }
  PolicySignature Sign(int admin, ByteView payload) const {
    return {keys_[admin].public_key(), keys_[admin].Sign(PolicySigningMessage(vault_, payload))};
  }
  AdminSet Admins(int threshold) const {
    return {threshold, {keys_[0].public_key(), keys_[1].public_key(), keys_[2].public_key()}};
  }

  RandomObjects objects_{30};
  VaultId vault_ = objects_.Make<VaultId>();
  std::vector<SigningKey> keys_;
};

TEST_F(Signatures, APolicyNeedsDistinctAdminsOfTheVersionBefore) {
  SignedPolicy policy;
  policy.payload = objects_.Some(50, 50);
  policy.signatures = {Sign(0, policy.payload), Sign(3, policy.payload)};  // 3 is no admin
  EXPECT_TRUE(CheckPolicySignatures(policy, vault_, Admins(1)).ok());
  EXPECT_EQ(CheckPolicySignatures(policy, vault_, Admins(2)).code(), StatusCode::kDamaged);
  policy.signatures.push_back(Sign(2, policy.payload));
  EXPECT_TRUE(CheckPolicySignatures(policy, vault_, Admins(2)).ok());
  // The same admin twice counts once, and such an object does not decode.
  policy.signatures = {Sign(0, policy.payload), Sign(0, policy.payload)};
  EXPECT_FALSE(CheckPolicySignatures(policy, vault_, Admins(2)).ok());
  EXPECT_EQ(EncodeSignedPolicy(policy).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(Signatures, APolicysSignaturesCoverVaultAndEveryByte) {
  SignedPolicy policy;
  policy.payload = objects_.Some(50, 50);
  policy.signatures = {Sign(0, policy.payload)};
  EXPECT_FALSE(CheckPolicySignatures(policy, objects_.Make<VaultId>(), Admins(1)).ok());
  for (std::size_t i = 0; i < policy.payload.size(); ++i) {
    policy.payload[i] ^= 1;
    EXPECT_FALSE(CheckPolicySignatures(policy, vault_, Admins(1)).ok());
    policy.payload[i] ^= 1;
  }
  // A record's signature is not a policy's.
  const SignedRecord record = SignRecord(vault_, keys_[0], policy.payload);
  policy.signatures[0].signature = record.signature;
  EXPECT_FALSE(CheckPolicySignatures(policy, vault_, Admins(1)).ok());
}

TEST_F(Signatures, ARecordIsItsWriters) {
  const Bytes payload = EncodeRecord(objects_.MakeRecord(RecordKind::kSeal)).value();
  SignedRecord record = SignRecord(vault_, keys_[0], payload);
  EXPECT_TRUE(CheckRecordSignature(record, vault_, keys_[0].public_key()).ok());
  EXPECT_FALSE(CheckRecordSignature(record, vault_, keys_[1].public_key()).ok());
  EXPECT_FALSE(CheckRecordSignature(record, objects_.Make<VaultId>(), keys_[0].public_key()).ok());
  record.payload.back() ^= 1;
  EXPECT_FALSE(CheckRecordSignature(record, vault_, keys_[0].public_key()).ok());
}

class Approvals : public Signatures, public ::testing::WithParamInterface<RecordKind> {
 protected:
  static std::vector<Approval>& In(RecordBody& body) {
    if (auto* one = std::get_if<VoidBody>(&body)) return one->approvals;
    if (auto* one = std::get_if<ForgetBody>(&body)) return one->approvals;
    return std::get<TombstoneBody>(body).approvals;
  }
};

TEST_P(Approvals, CoverTheBodyAndCountKnownAdminsOnly) {
  Record record = objects_.MakeRecord(GetParam());
  In(record.body).clear();
  const Bytes body = BodyWithoutApprovals(record.body).value();
  const Bytes message = ApprovalMessage(vault_, GetParam(), body);
  for (const int admin : {1, 3}) {
    In(record.body).push_back({keys_[admin].public_key(), keys_[admin].Sign(message)});
  }
  In(record.body).push_back({keys_[2].public_key(), keys_[2].Sign(body)});  // of something else
  const Bytes payload = EncodeRecord(record).value();
  EXPECT_EQ(BodyWithoutApprovals(payload).value(), body) << "made and received bodies agree";
  const auto valid = ValidApprovals(vault_, payload, Admins(1).keys).value();
  EXPECT_EQ(valid, std::vector<SigningPublicKey>{keys_[1].public_key()});
  const VaultId other = objects_.Make<VaultId>();
  EXPECT_TRUE(ValidApprovals(other, payload, Admins(1).keys).value().empty());
}

TEST_P(Approvals, AreOfOneKindAndOneBody) {
  Record record = objects_.MakeRecord(GetParam());
  In(record.body).clear();
  const Bytes body = BodyWithoutApprovals(record.body).value();
  for (const RecordKind kind : {RecordKind::kVoid, RecordKind::kForget, RecordKind::kTombstone}) {
    const Signature signature = keys_[0].Sign(ApprovalMessage(vault_, kind, body));
    In(record.body) = {{keys_[0].public_key(), signature}};
    const auto valid = ValidApprovals(vault_, EncodeRecord(record).value(), Admins(1).keys).value();
    EXPECT_EQ(valid.size(), kind == GetParam() ? 1u : 0u);
  }
  Record other = objects_.MakeRecord(GetParam());
  const Signature signature = keys_[0].Sign(ApprovalMessage(vault_, GetParam(), body));
  In(other.body) = {{keys_[0].public_key(), signature}};
  EXPECT_TRUE(ValidApprovals(vault_, EncodeRecord(other).value(), Admins(1).keys).value().empty());
}

TEST_P(Approvals, CoverKeysOfLaterVersionsAsReceived) {
  Record record = objects_.MakeRecord(GetParam());
  In(record.body).clear();
  const Bytes payload = EncodeRecord(record).value();
  // Map 0 is the payload, map 1 its body.
  const Bytes later = testing::WithKey(payload, 1, 70).value();
  EXPECT_EQ(BodyWithoutApprovals(later).value(),
            testing::WithKey(BodyWithoutApprovals(payload).value(), 0, 70).value());
}

INSTANTIATE_TEST_SUITE_P(Kinds, Approvals,
                         ::testing::Values(RecordKind::kVoid, RecordKind::kForget,
                                           RecordKind::kTombstone));

TEST_F(Signatures, OnlyVoidForgetAndTombstoneTakeApprovals) {
  for (const RecordKind kind :
       {RecordKind::kCommit, RecordKind::kSeal, RecordKind::kAttest, RecordKind::kCheckpoint}) {
    const Record record = objects_.MakeRecord(kind);
    EXPECT_EQ(BodyWithoutApprovals(record.body).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(BodyWithoutApprovals(EncodeRecord(record).value()).status().code(),
              StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fenchi::format
