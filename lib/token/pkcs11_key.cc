// The key on a token: found, made, and asked.
#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "token/pkcs11_answer.h"
#include "token/pkcs11_token.h"

namespace fenchi {
namespace {

constexpr std::size_t kAgreedSize = 32;
constexpr std::size_t kIdSize = 16;
constexpr std::size_t kListedMax = 8;
constexpr std::uint8_t kOctetString = 0x04;  // DER; by chance also the first byte of a point
constexpr std::size_t kPointSize = std::tuple_size_v<TokenKey>;

// DER of the object identifier of P-256, 1.2.840.10045.3.1.7. Source: RFC 5480 section 2.1.1.1.
constexpr std::array<std::uint8_t, 10> kCurve = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                                 0xce, 0x3d, 0x03, 0x01, 0x07};

// CKA_EC_POINT is an OCTET STRING around the point; some tokens leave that away.
std::optional<TokenKey> PointOf(const Bytes& value) {
  ByteView point = value;
  if (point.size() == kPointSize + 2 && point[0] == kOctetString && point[1] == kPointSize) {
    point = point.subspan(2);
  }
  if (point.size() != kPointSize || point[0] != 0x04) return std::nullopt;
  TokenKey out;
  std::ranges::copy(point, out.begin());
  return out;
}

Bytes InOctetString(const TokenKey& key) {
  Bytes out = {kOctetString, kPointSize};
  out.insert(out.end(), key.begin(), key.end());
  return out;
}

bool IsSet(const Bytes& flag) { return flag.size() == sizeof(CK_BBOOL) && flag[0] != CK_FALSE; }

// An object of the session that is destroyed when it goes out of scope.
class PassingObject {
 public:
  PassingObject(const Pkcs11Session& session, CK_OBJECT_HANDLE handle)
      : session_(session), handle_(handle) {}
  ~PassingObject() { (void)session_.calls().C_DestroyObject(session_.handle(), handle_); }
  PassingObject(const PassingObject&) = delete;
  PassingObject& operator=(const PassingObject&) = delete;

 private:
  const Pkcs11Session& session_;
  CK_OBJECT_HANDLE handle_;
};

class Pkcs11Key : public KeyToken {
 public:
  Pkcs11Key(std::unique_ptr<Pkcs11Session> session, CK_OBJECT_HANDLE key, std::string label,
            TokenKey public_key)
      : session_(std::move(session)),
        key_(key),
        label_(std::move(label)),
        public_key_(public_key) {}

  std::string name() const override {
    return fmt::format("{}, key '{}'", session_->token().name(), EscapeForDisplay(label_));
  }
  TokenKey public_key() const override { return public_key_; }
  bool keeps_secret() const override {
    const std::lock_guard lock(mutex_);
    // Where it does not say that the key can be read out, it cannot.
    const Bytes extractable = session_->Read(key_, CKA_EXTRACTABLE);
    return !IsSet(extractable) && IsSet(session_->Read(key_, CKA_SENSITIVE));
  }
  Result<SecretBytes> Agree(const TokenKey& peer) override;

 private:
  CK_RV Derive(ByteView peer, CK_OBJECT_HANDLE& derived) const;

  std::unique_ptr<Pkcs11Session> session_;
  CK_OBJECT_HANDLE key_;
  std::string label_;
  TokenKey public_key_;
  mutable std::mutex mutex_;
};

CK_RV Pkcs11Key::Derive(ByteView peer, CK_OBJECT_HANDLE& derived) const {
  CK_ECDH1_DERIVE_PARAMS parameters{};
  parameters.kdf = CKD_NULL;  // the raw coordinate: FORMAT.md says what is made of it
  parameters.ulPublicDataLen = peer.size();
  parameters.pPublicData = const_cast<CK_BYTE*>(peer.data());
  CK_MECHANISM mechanism{CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
  Pkcs11Template wanted;
  wanted.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
  wanted.Number(CKA_VALUE_LEN, kAgreedSize).Flag(CKA_TOKEN, false);
  wanted.Flag(CKA_SENSITIVE, false).Flag(CKA_EXTRACTABLE, true);
  std::vector<CK_ATTRIBUTE>& attributes = wanted.attributes();
  return session_->calls().C_DeriveKey(session_->handle(), &mechanism, key_, attributes.data(),
                                       attributes.size(), &derived);
}

Result<SecretBytes> Pkcs11Key::Agree(const TokenKey& peer) {
  const std::lock_guard lock(mutex_);
  CK_OBJECT_HANDLE derived = 0;
  CK_RV answer = Derive(peer, derived);
  // PKCS#11 allows both forms of the peer's key; a token may know the other one only.
  if (answer == CKR_MECHANISM_PARAM_INVALID || answer == CKR_ARGUMENTS_BAD) {
    answer = Derive(InOctetString(peer), derived);
  }
  FENCHI_RETURN_IF_ERROR(session_->Check(answer, "could not agree on a secret"));
  const PassingObject passing(*session_, derived);
  SecretBytes agreed(kAgreedSize);
  CK_ATTRIBUTE value{CKA_VALUE, agreed.mutable_view().data(), kAgreedSize};
  answer = session_->calls().C_GetAttributeValue(session_->handle(), derived, &value, 1);
  if (answer == CKR_BUFFER_TOO_SMALL || (answer == CKR_OK && value.ulValueLen != kAgreedSize)) {
    return Damaged("{} answered with a secret that has not {} bytes", name(), kAgreedSize);
  }
  FENCHI_RETURN_IF_ERROR(session_->Check(answer, "did not give the secret that it agreed on"));
  return agreed;
}

// ---- Finding ----

std::string LabelOf(const Pkcs11Session& session, CK_OBJECT_HANDLE key) {
  const Bytes label = session.Read(key, CKA_LABEL);
  return std::string(AsText(label));
}

std::string Listed(const Pkcs11Session& session, const std::vector<CK_OBJECT_HANDLE>& keys) {
  std::string out;
  for (std::size_t i = 0; i < keys.size() && i < kListedMax; ++i) {
    out += fmt::format("{}'{}' (id {})", i == 0 ? "" : ", ",
                       EscapeForDisplay(LabelOf(session, keys[i])),
                       ToHex(session.Read(keys[i], CKA_ID)));
  }
  return keys.empty() ? "none" : out;
}

Pkcs11Template SecretKeys() {
  Pkcs11Template wanted;
  wanted.Number(CKA_CLASS, CKO_PRIVATE_KEY).Number(CKA_KEY_TYPE, CKK_EC);
  return wanted;
}

Result<CK_OBJECT_HANDLE> FindKey(const Pkcs11Session& session, const Pkcs11Options& options) {
  Pkcs11Template wanted = SecretKeys();
  if (!options.object.empty()) wanted.Data(CKA_LABEL, AsBytes(options.object));
  if (!options.id.empty()) wanted.Data(CKA_ID, options.id);
  FENCHI_ASSIGN_OR_RETURN(const std::vector<CK_OBJECT_HANDLE> fit, session.Find(wanted));
  if (fit.size() == 1) return fit.front();
  if (fit.size() > 1) {
    return InvalidArgument("{} has {} keys that fit the URI: {}", session.token().name(),
                           fit.size(), Listed(session, fit))
        .WithHint("say which one with object=LABEL or id=%.. in the URI");
  }
  Pkcs11Template any = SecretKeys();
  FENCHI_ASSIGN_OR_RETURN(const std::vector<CK_OBJECT_HANDLE> all, session.Find(any));
  return NotFound("{} has no elliptic-curve key that fits the URI; there: {}",
                  session.token().name(), Listed(session, all))
      .WithHint("the URI's object= and id= say which key; 'fenchi key token --make' makes one");
}

Status CheckUse(const Pkcs11Session& session, CK_OBJECT_HANDLE key, const std::string& label) {
  const Bytes curve = session.Read(key, CKA_EC_PARAMS);
  if (!curve.empty() && !std::ranges::equal(curve, kCurve)) {
    return InvalidArgument("{}: key '{}' is of another curve than P-256", session.token().name(),
                           EscapeForDisplay(label))
        .WithHint("name a P-256 key, or make one with 'fenchi key token --make'");
  }
  const Bytes derives = session.Read(key, CKA_DERIVE);
  if (!derives.empty() && !IsSet(derives)) {
    return InvalidArgument("{}: key '{}' may not agree on secrets (CKA_DERIVE is off)",
                           session.token().name(), EscapeForDisplay(label))
        .WithHint("name another key, or make one with 'fenchi key token --make'");
  }
  return Status::Ok();
}

// From the public key beside it: the same id, else the same label; else the key itself may say it.
Result<TokenKey> PublicKeyOf(const Pkcs11Session& session, CK_OBJECT_HANDLE key,
                             const std::string& label) {
  std::vector<CK_OBJECT_HANDLE> places;
  const Bytes id = session.Read(key, CKA_ID);
  if (!id.empty() || !label.empty()) {
    Pkcs11Template wanted;
    wanted.Number(CKA_CLASS, CKO_PUBLIC_KEY).Number(CKA_KEY_TYPE, CKK_EC);
    if (!id.empty()) {
      wanted.Data(CKA_ID, id);
    } else {
      wanted.Data(CKA_LABEL, AsBytes(label));
    }
    FENCHI_ASSIGN_OR_RETURN(places, session.Find(wanted));
  }
  places.push_back(key);
  for (const CK_OBJECT_HANDLE place : places) {
    if (const std::optional<TokenKey> found = PointOf(session.Read(place, CKA_EC_POINT))) {
      return *found;
    }
  }
  return InvalidArgument("{}: there is no public key of P-256 beside key '{}'",
                         session.token().name(), EscapeForDisplay(label))
      .WithHint("store the public key on the token, with the same id");
}

Result<std::shared_ptr<KeyToken>> KeyOf(std::unique_ptr<Pkcs11Session> session,
                                        CK_OBJECT_HANDLE key) {
  std::string label = LabelOf(*session, key);
  FENCHI_RETURN_IF_ERROR(CheckUse(*session, key, label));
  FENCHI_ASSIGN_OR_RETURN(const TokenKey public_key, PublicKeyOf(*session, key, label));
  return std::shared_ptr<KeyToken>(
      std::make_shared<Pkcs11Key>(std::move(session), key, std::move(label), public_key));
}

// ---- Making ----

Pkcs11Template PublicHalf(const std::string& label, ByteView id) {
  Pkcs11Template half;
  half.Number(CKA_CLASS, CKO_PUBLIC_KEY).Number(CKA_KEY_TYPE, CKK_EC);
  half.Flag(CKA_TOKEN, true).Flag(CKA_PRIVATE, false).Data(CKA_EC_PARAMS, kCurve);
  half.Data(CKA_LABEL, AsBytes(label)).Data(CKA_ID, id);
  return half;
}

Pkcs11Template SecretHalf(const std::string& label, ByteView id) {
  Pkcs11Template half;
  half.Number(CKA_CLASS, CKO_PRIVATE_KEY).Number(CKA_KEY_TYPE, CKK_EC);
  half.Flag(CKA_TOKEN, true).Flag(CKA_PRIVATE, true).Flag(CKA_SENSITIVE, true);
  half.Flag(CKA_EXTRACTABLE, false).Flag(CKA_DERIVE, true).Flag(CKA_SIGN, false);
  half.Data(CKA_LABEL, AsBytes(label)).Data(CKA_ID, id);
  return half;
}

}  // namespace

Result<std::shared_ptr<KeyToken>> OpenPkcs11Token(const Pkcs11Options& options,
                                                  const SecretBytes& pin) {
  FENCHI_ASSIGN_OR_RETURN(FoundToken token, FindToken(options));
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<Pkcs11Session> session,
                          Pkcs11Session::Open(std::move(token), pin, false));
  FENCHI_ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, FindKey(*session, options));
  return KeyOf(std::move(session), key);
}

Result<std::shared_ptr<KeyToken>> MakePkcs11Key(const Pkcs11Options& options,
                                                const std::string& label, const SecretBytes& pin,
                                                Random& random) {
  if (label.empty()) return InvalidArgument("a new key on a token needs a label");
  FENCHI_ASSIGN_OR_RETURN(FoundToken token, FindToken(options));
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<Pkcs11Session> session,
                          Pkcs11Session::Open(std::move(token), pin, true));
  Pkcs11Template same = SecretKeys();
  same.Data(CKA_LABEL, AsBytes(label));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<CK_OBJECT_HANDLE> there, session->Find(same));
  if (!there.empty()) {
    return AlreadyExists("{} has a key '{}' already", session->token().name(),
                         EscapeForDisplay(label))
        .WithHint("take another label, or leave --make out and name that key with object=");
  }
  Bytes id(kIdSize);
  random.Fill(id);
  Pkcs11Template open_half = PublicHalf(label, id), secret_half = SecretHalf(label, id);
  std::vector<CK_ATTRIBUTE>& open = open_half.attributes();
  std::vector<CK_ATTRIBUTE>& secret = secret_half.attributes();
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE public_key = 0;
  CK_OBJECT_HANDLE secret_key = 0;
  FENCHI_RETURN_IF_ERROR(session->Check(
      session->calls().C_GenerateKeyPair(session->handle(), &mechanism, open.data(), open.size(),
                                         secret.data(), secret.size(), &public_key, &secret_key),
      "could not make a P-256 key pair"));
  return KeyOf(std::move(session), secret_key);
}

}  // namespace fenchi
