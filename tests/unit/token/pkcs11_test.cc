// Tokens by PKCS#11, against a library of the tests' own; SoftHSM: tests/python/test_tokens.py.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fenchi/custody.h"
#include "unit/token/fake_pkcs11.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kSeed = 20261201;
constexpr std::string_view kPin = "2580-canary";

fake::Key KeyCalled(const std::string& label, unsigned char number) {
  fake::Key key;
  key.label = label;
  key.id = {number};
  key.secret = fake::Bytes(32, number);
  return key;
}

class Pkcs11 : public ::testing::Test {
 protected:
  Pkcs11() : random_(SeededRandom(kSeed)), pin_(SecretBytes::CopyOf(AsBytes(kPin))) {
    void* const handle = dlopen(FENCHI_FAKE_PKCS11, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    EXPECT_NE(handle, nullptr) << dlerror();
    const auto reach =
        reinterpret_cast<decltype(&FakePkcs11State)>(dlsym(handle, "FakePkcs11State"));
    state_ = reach();
    *state_ = fake::State{};
    state_->tokens.resize(1);
    state_->tokens[0].keys = {KeyCalled("escrow", 1)};
  }
  ~Pkcs11() override {
    token_.reset();
    EXPECT_EQ(state_->open_sessions, 0);
    EXPECT_EQ(state_->derived_objects, 0);
    EXPECT_EQ(state_->initialized, state_->finalized);
  }

  static Pkcs11Options At(const std::string& attributes = "") {
    return ParsePkcs11Uri("pkcs11:" + attributes + "?module-path=" FENCHI_FAKE_PKCS11).value();
  }
  // The token stays open until the test ends.
  Status Open(const std::string& attributes = "") {
    token_.reset();
    Result<std::shared_ptr<KeyToken>> opened = OpenPkcs11Token(At(attributes), pin_);
    if (!opened.ok()) {
      EXPECT_THAT(opened.status().ToString(), Not(HasSubstr("canary")));
      return opened.status();
    }
    token_ = std::move(*opened);
    return Status::Ok();
  }
  Status TryIt() { return CheckToken(*token_, *random_); }

  std::unique_ptr<Random> random_;
  SecretBytes pin_;
  fake::State* state_ = nullptr;
  std::shared_ptr<KeyToken> token_;
};

TEST_F(Pkcs11, AKeyOnATokenIsFoundAndAgrees) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(token_->name(), "the token 'fake', key 'escrow'");
  EXPECT_TRUE(token_->keeps_secret());
  EXPECT_TRUE(TryIt().ok());
  EXPECT_EQ(state_->logins, 1);
  ASSERT_TRUE(Open("token=fake;object=escrow;id=%01;serial=0001").ok());
}

TEST_F(Pkcs11, APointMayLackItsOctetStringAndThePeersMayNeedOne) {
  state_->tokens[0].keys[0].plain_point = true;
  state_->takes_der_only = true;
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(TryIt().ok());
}

TEST_F(Pkcs11, ATokenSaysWhatItIsWithoutItsPin) {
  const auto info = FindPkcs11Token(At());
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->label, "fake");
  EXPECT_EQ(info->serial, "0001");
  EXPECT_EQ(info->manufacturer, "fenchi's tests");
  EXPECT_TRUE(info->takes_pin);
  EXPECT_FALSE(info->pin_pad || info->last_try || info->locked || info->wrong_before);
  EXPECT_EQ(state_->logins, 0);
}

TEST_F(Pkcs11, AWrongPinIsTriedOnceAndWhatIsLeftIsSaid) {
  pin_ = SecretBytes::CopyOf(AsBytes("0000-canary"));
  const Status first = Open();
  EXPECT_EQ(first.code(), StatusCode::kWrongKey);
  EXPECT_EQ(state_->logins, 1);
  EXPECT_THAT(first.message(), AllOf(HasSubstr("wrong PIN for the token 'fake'"),
                                     HasSubstr("tried once"), HasSubstr("tries have been used")));
  EXPECT_TRUE(FindPkcs11Token(At())->wrong_before);
  EXPECT_THAT(Open().message(), HasSubstr("one try is left"));
  EXPECT_TRUE(FindPkcs11Token(At())->last_try);
  EXPECT_THAT(Open().message(), HasSubstr("it is locked now"));
  EXPECT_EQ(state_->logins, 3);
  const Status locked = Open();
  EXPECT_EQ(locked.code(), StatusCode::kDenied);
  EXPECT_THAT(locked.message(), HasSubstr("no PIN was tried now"));
  EXPECT_EQ(state_->logins, 3);
}

TEST_F(Pkcs11, ATokenThatDoesNotTellOfTriesIsQuotedSo) {
  state_->login_answer = CKR_PIN_INCORRECT;
  EXPECT_THAT(Open().message(), HasSubstr("does not say how many tries are left"));
  state_->login_answer = CKR_PIN_LOCKED;
  EXPECT_THAT(Open().message(), HasSubstr("it is locked now"));
  state_->login_answer = CKR_PIN_EXPIRED;
  EXPECT_EQ(Open().code(), StatusCode::kDenied);
  state_->login_answer = CKR_DEVICE_REMOVED;
  EXPECT_EQ(Open().code(), StatusCode::kUnavailable);
}

TEST_F(Pkcs11, NoPinIsTriedWhereNoneWasBrought) {
  pin_ = SecretBytes();
  const Status refused = Open();
  EXPECT_EQ(refused.code(), StatusCode::kWrongKey);
  EXPECT_THAT(refused.message(), HasSubstr("needs its PIN"));
  EXPECT_EQ(state_->logins, 0);
}

TEST_F(Pkcs11, ATokenWithAPinPadAsksByItselfAndOneWithoutLoginIsNotAsked) {
  pin_ = SecretBytes();
  state_->tokens[0].flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
  EXPECT_TRUE(FindPkcs11Token(At())->pin_pad);
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(TryIt().ok());
  EXPECT_EQ(state_->logins, 1);
  token_.reset();
  state_->tokens[0].flags = CKF_TOKEN_INITIALIZED;
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(state_->logins, 1);
}

TEST_F(Pkcs11, NoTokenOrSeveralAreSaidWithThoseThatAreThere) {
  const Status none = Open("token=other");
  EXPECT_EQ(none.code(), StatusCode::kNotFound);
  EXPECT_THAT(none.message(), AllOf(HasSubstr("no token with label 'other'"),
                                    HasSubstr("there: 'fake' (serial 0001)")));
  state_->tokens.resize(2);
  state_->tokens[1].serial = "0002";
  const Status several = Open("token=fake");
  EXPECT_EQ(several.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(several.message(), AllOf(HasSubstr("2 tokens fit"), HasSubstr("serial 0002")));
  EXPECT_TRUE(Open("serial=0001").ok());
  EXPECT_TRUE(Open("slot-id=0").ok());
  state_->tokens[1].flags = 0;  // never set up
  EXPECT_TRUE(Open("token=fake").ok());
  token_.reset();
  state_->removed = true;
  EXPECT_THAT(Open().message(), HasSubstr("there: none"));
}

TEST_F(Pkcs11, NoKeyOrSeveralAreSaidWithThoseThatAreThere) {
  const Status none = Open("object=other");
  EXPECT_EQ(none.code(), StatusCode::kNotFound);
  EXPECT_THAT(none.message(), HasSubstr("there: 'escrow' (id 01)"));
  state_->tokens[0].keys.push_back(KeyCalled("escrow", 2));
  const Status several = Open("object=escrow");
  EXPECT_EQ(several.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(several.message(), AllOf(HasSubstr("2 keys"), HasSubstr("(id 02)")));
  EXPECT_TRUE(Open("object=escrow;id=%02").ok());
  token_.reset();
  state_->tokens[0].keys.clear();
  EXPECT_THAT(Open().message(), HasSubstr("there: none"));
}

TEST_F(Pkcs11, AKeyThatCannotBeUsedIsRefusedWithTheReason) {
  fake::Key& key = state_->tokens[0].keys[0];
  key.may_derive = false;
  EXPECT_THAT(Open().message(), HasSubstr("CKA_DERIVE is off"));
  key.may_derive = true;
  key.other_curve = true;
  EXPECT_THAT(Open().message(), HasSubstr("another curve than P-256"));
  key.other_curve = false;
  key.has_public = false;
  const Status open = Open();
  EXPECT_EQ(open.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(open.message(), HasSubstr("no public key"));
}

TEST_F(Pkcs11, AKeyThatCanBeReadOutOpensButIsNothingToSealTo) {
  state_->tokens[0].keys[0].can_be_read = true;
  ASSERT_TRUE(Open().ok());
  EXPECT_FALSE(token_->keeps_secret());
  EXPECT_EQ(TryIt().code(), StatusCode::kPolicy);
  EXPECT_TRUE(token_->Agree(token_->public_key()).ok());
}

TEST_F(Pkcs11, ATokenThatIsRemovedInTheMiddleSaysSoAndWhatToDo) {
  ASSERT_TRUE(Open().ok());
  state_->removed = true;
  const Status gone = token_->Agree(token_->public_key()).status();
  EXPECT_EQ(gone.code(), StatusCode::kUnavailable);
  EXPECT_THAT(gone.message(),
              AllOf(HasSubstr("the token 'fake' was removed"), HasSubstr("CKR_DEVICE_REMOVED")));
  EXPECT_THAT(gone.hint(), HasSubstr("put the token back"));
}

TEST_F(Pkcs11, WhatATokenRefusesOrCannotDoIsToldApart) {
  ASSERT_TRUE(Open().ok());
  for (const auto& [answer, code] :
       {std::pair<CK_RV, StatusCode>{CKR_DEVICE_ERROR, StatusCode::kUnavailable},
        {CKR_SESSION_CLOSED, StatusCode::kUnavailable},
        {CKR_SESSION_HANDLE_INVALID, StatusCode::kUnavailable},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, StatusCode::kDenied},
        {CKR_TEMPLATE_INCONSISTENT, StatusCode::kDenied},
        {CKR_MECHANISM_INVALID, StatusCode::kUnsupported},
        {CKR_FUNCTION_NOT_SUPPORTED, StatusCode::kUnsupported},
        {CKR_HOST_MEMORY, StatusCode::kFull},
        {0x80001234, StatusCode::kUnavailable}}) {
    state_->derive_answer = answer;
    const Status status = token_->Agree(token_->public_key()).status();
    EXPECT_EQ(status.code(), code) << answer;
    EXPECT_FALSE(status.hint().empty());
  }
  EXPECT_THAT(token_->Agree(token_->public_key()).status().message(), HasSubstr("0x80001234"));
}

TEST_F(Pkcs11, AnAnswerOfAnotherSizeOrValueIsNoSecret) {
  ASSERT_TRUE(Open().ok());
  for (const std::size_t size : {0u, 31u, 33u}) {
    state_->on_derived = [=](fake::Bytes& value) { value.resize(size); };
    EXPECT_EQ(token_->Agree(token_->public_key()).status().code(), StatusCode::kDamaged) << size;
  }
  state_->on_derived = [](fake::Bytes& value) { value[0] ^= 1; };
  const Status other = TryIt();
  EXPECT_EQ(other.code(), StatusCode::kDamaged);
  EXPECT_THAT(other.message(), HasSubstr("is not what its public key says"));
}

TEST_F(Pkcs11, AKeyThatIsMadeCannotBeReadOutAndAgreesOnly) {
  Result<std::shared_ptr<KeyToken>> made = MakePkcs11Key(At(), "fresh", pin_, *random_);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  token_ = std::move(*made);
  EXPECT_TRUE(TryIt().ok());
  const fake::Key& key = state_->tokens[0].keys.at(1);
  EXPECT_EQ(key.label, "fresh");
  EXPECT_EQ(key.id.size(), 16u);
  EXPECT_THAT(key.set_true,
              AllOf(Contains(CKA_TOKEN), Contains(CKA_PRIVATE), Contains(CKA_SENSITIVE),
                    Contains(CKA_DERIVE), Not(Contains(CKA_EXTRACTABLE)), Not(Contains(CKA_SIGN))));
  const Status again = MakePkcs11Key(At(), "fresh", pin_, *random_).status();
  EXPECT_EQ(again.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(MakePkcs11Key(At(), "", pin_, *random_).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(state_->tokens[0].keys.size(), 2u);
}

TEST_F(Pkcs11, ALibraryIsStartedOnceForAllAndEndedWithTheLast) {
  ASSERT_TRUE(Open().ok());
  auto second = OpenPkcs11Token(At(), pin_);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(state_->initialized, 1);
  token_.reset();
  EXPECT_EQ(state_->finalized, 0);
  EXPECT_TRUE((*second)->Agree((*second)->public_key()).ok());
  second->reset();
  EXPECT_EQ(state_->finalized, 1);
}

TEST_F(Pkcs11, WhoeverStartedTheLibraryInThisProcessEndsIt) {
  state_->initialize_answer = CKR_CRYPTOKI_ALREADY_INITIALIZED;
  ASSERT_TRUE(Open().ok());
  token_.reset();
  EXPECT_EQ(state_->finalized, 0);
  state_->initialize_answer = CKR_FUNCTION_FAILED;
  const Status failed = Open();
  EXPECT_EQ(failed.code(), StatusCode::kUnavailable);
  EXPECT_THAT(failed.message(), HasSubstr("does not start"));
}

TEST_F(Pkcs11, WhatIsNoSuchLibraryIsNamed) {
  Pkcs11Options where = At();
  where.module_path = "/nowhere/token.so";
  const Status absent = OpenPkcs11Token(where, pin_).status();
  EXPECT_EQ(absent.code(), StatusCode::kIo);
  EXPECT_THAT(absent.message(), HasSubstr("'/nowhere/token.so' cannot be loaded"));
  const auto text = std::filesystem::temp_directory_path() /
                    ("fenchi-no-library-" + std::to_string(getpid()) + ".so");
  std::ofstream(text) << "no library";
  where.module_path = text.string();
  EXPECT_EQ(OpenPkcs11Token(where, pin_).status().code(), StatusCode::kIo);
  std::filesystem::remove(text);
  where.module_path = "/usr/lib/x86_64-linux-gnu/libcrypto.so.3";  // a library, but not of a token
  if (!std::filesystem::exists(where.module_path)) return;
  EXPECT_THAT(OpenPkcs11Token(where, pin_).status().message(), HasSubstr("no PKCS#11 library"));
}

}  // namespace
}  // namespace fenchi
