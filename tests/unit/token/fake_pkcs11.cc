#include "unit/token/fake_pkcs11.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace {

using fake::Bytes;
using fake::Key;
using fake::State;
using fake::Token;

constexpr Bytes::value_type kP256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr Bytes::value_type kP384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr CK_OBJECT_HANDLE kDerivedFrom = 1000;

State& state() {
  static auto* const only = new State;
  return *only;
}

struct Session {
  std::size_t token = 0;
  std::vector<CK_OBJECT_HANDLE> found = {};
};
std::map<CK_SESSION_HANDLE, Session>& sessions() {
  static auto* const all = new std::map<CK_SESSION_HANDLE, Session>;
  return *all;
}
std::map<CK_OBJECT_HANDLE, Bytes>& derived() {
  static auto* const all = new std::map<CK_OBJECT_HANDLE, Bytes>;
  return *all;
}

// secret * peer, or secret * G where peer is empty: 65 bytes; empty where peer is no point.
Bytes Multiply(const Bytes& secret, const Bytes& peer) {
  EC_GROUP* const curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  EC_POINT* const point = EC_POINT_new(curve);
  EC_POINT* const product = EC_POINT_new(curve);
  BIGNUM* const scalar = BN_bin2bn(secret.data(), static_cast<int>(secret.size()), nullptr);
  bool fine = true;
  if (peer.empty()) {
    fine = EC_POINT_mul(curve, product, scalar, nullptr, nullptr, nullptr) == 1;
  } else {
    fine = EC_POINT_oct2point(curve, point, peer.data(), peer.size(), nullptr) == 1 &&
           EC_POINT_mul(curve, product, nullptr, point, scalar, nullptr) == 1;
  }
  Bytes out(fine ? 65 : 0);
  if (fine) {
    EC_POINT_point2oct(curve, product, POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                       nullptr);
  }
  BN_free(scalar);
  EC_POINT_free(product);
  EC_POINT_free(point);
  EC_GROUP_free(curve);
  return out;
}

template <std::size_t N>
void Fill(unsigned char (&field)[N], const std::string& text) {
  std::memset(field, ' ', N);
  std::memcpy(field, text.data(), std::min(N, text.size()));
}

// ---- Objects: 1 + 2 i is the secret key i of the session's token, 2 + 2 i the public one ----

template <typename T>
Bytes Plain(const T& value) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(&value);
  return Bytes(bytes, bytes + sizeof value);
}
Bytes Flag(bool value) { return Plain(static_cast<CK_BBOOL>(value ? CK_TRUE : CK_FALSE)); }

Bytes PointIn(const Key& key) {
  Bytes point = Multiply(key.secret, {});
  if (!key.plain_point) point.insert(point.begin(), {0x04, 65});
  return point;
}

// False: no such attribute.
bool AttributeOf(const Token& token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, Bytes& out) {
  const Key& key = token.keys.at((object - 1) / 2);
  const bool secret = object % 2 == 1;
  switch (type) {
    case CKA_CLASS:
      out = Plain<CK_OBJECT_CLASS>(secret ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY);
      return true;
    case CKA_KEY_TYPE:
      out = Plain<CK_KEY_TYPE>(CKK_EC);
      return true;
    case CKA_LABEL:
      out.assign(key.label.begin(), key.label.end());
      return true;
    case CKA_ID:
      out = key.id;
      return true;
    case CKA_EC_PARAMS:
      out = key.other_curve ? Bytes(std::begin(kP384), std::end(kP384))
                            : Bytes(std::begin(kP256), std::end(kP256));
      return true;
    case CKA_EC_POINT:
      out = PointIn(key);
      return !secret;
    case CKA_DERIVE:
      out = Flag(key.may_derive);
      return true;
    case CKA_SENSITIVE:
      out = Flag(!key.can_be_read);
      return true;
    case CKA_EXTRACTABLE:
      out = Flag(key.can_be_read);
      return true;
    default:
      return false;
  }
}

bool Fits(const Token& token, CK_OBJECT_HANDLE object, const CK_ATTRIBUTE* wanted, CK_ULONG count) {
  return std::all_of(wanted, wanted + count, [&](const CK_ATTRIBUTE& one) {
    Bytes have;
    const auto* const asked = static_cast<const unsigned char*>(one.pValue);
    return AttributeOf(token, object, one.type, have) &&
           have == Bytes(asked, asked + one.ulValueLen);
  });
}

CK_RV Put(const Bytes& value, CK_ATTRIBUTE& out) {
  if (out.pValue != nullptr && out.ulValueLen < value.size()) {
    out.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_BUFFER_TOO_SMALL;
  }
  out.ulValueLen = value.size();
  if (out.pValue != nullptr && !value.empty()) {
    std::memcpy(out.pValue, value.data(), value.size());
  }
  return CKR_OK;
}

// ---- The library's functions ----

CK_RV Initialize(void*) {
  if (state().initialize_answer != CKR_OK) return state().initialize_answer;
  ++state().initialized;
  return CKR_OK;
}

CK_RV Finalize(void*) {
  ++state().finalized;
  for (Token& token : state().tokens) token.logged_in = false;
  return CKR_OK;
}

CK_RV GetSlotList(unsigned char, CK_SLOT_ID* list, CK_ULONG* count) {
  const CK_ULONG there = state().removed ? 0 : state().tokens.size();
  for (CK_ULONG i = 0; list != nullptr && i < there; ++i) list[i] = i;
  *count = there;
  return CKR_OK;
}

CK_RV GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  if (state().removed) return CKR_TOKEN_NOT_PRESENT;
  const Token& token = state().tokens.at(slot);
  std::memset(info, 0, sizeof *info);
  Fill(info->label, token.label);
  Fill(info->serialNumber, token.serial);
  Fill(info->manufacturerID, "fenchi's tests");
  Fill(info->model, "in memory");
  info->flags = token.flags;
  return CKR_OK;
}

CK_RV OpenSession(CK_SLOT_ID slot, CK_FLAGS, void*, CK_NOTIFY, CK_SESSION_HANDLE* session) {
  static CK_SESSION_HANDLE last = 0;
  sessions()[*session = ++last].token = slot;
  ++state().open_sessions;
  return CKR_OK;
}

CK_RV CloseSession(CK_SESSION_HANDLE session) {
  state().tokens.at(sessions().at(session).token).logged_in = false;
  sessions().erase(session);
  --state().open_sessions;
  return CKR_OK;
}

CK_RV Login(CK_SESSION_HANDLE session, CK_USER_TYPE, unsigned char* pin, CK_ULONG size) {
  ++state().logins;
  Token& token = state().tokens.at(sessions().at(session).token);
  if (state().login_answer != CKR_OK) return state().login_answer;
  if (token.logged_in) return CKR_USER_ALREADY_LOGGED_IN;
  const bool pad = (token.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
  const std::string given = pin == nullptr ? "" : std::string(reinterpret_cast<char*>(pin), size);
  if (!pad && given != token.pin) {
    token.flags |= CKF_USER_PIN_COUNT_LOW;
    if (--token.tries_left == 1) token.flags |= CKF_USER_PIN_FINAL_TRY;
    if (token.tries_left <= 0) token.flags |= CKF_USER_PIN_LOCKED;
    return CKR_PIN_INCORRECT;
  }
  token.logged_in = true;
  return CKR_OK;
}

CK_RV FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  if (state().removed) return CKR_DEVICE_REMOVED;
  Session& session = sessions().at(handle);
  const Token& token = state().tokens.at(session.token);
  session.found.clear();
  for (CK_OBJECT_HANDLE object = 1; object <= 2 * token.keys.size(); ++object) {
    const bool shown = object % 2 == 1 ? token.logged_in || (token.flags & CKF_LOGIN_REQUIRED) == 0
                                       : token.keys[(object - 1) / 2].has_public;
    if (shown && Fits(token, object, wanted, count)) session.found.push_back(object);
  }
  return CKR_OK;
}

CK_RV FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE* out, CK_ULONG most, CK_ULONG* count) {
  const Session& session = sessions().at(handle);
  *count = std::min<CK_ULONG>(most, session.found.size());
  std::copy_n(session.found.begin(), *count, out);
  return CKR_OK;
}

CK_RV FindObjectsFinal(CK_SESSION_HANDLE) { return CKR_OK; }

CK_RV GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                        CK_ULONG) {
  if (state().removed) return CKR_DEVICE_REMOVED;
  if (object > kDerivedFrom) return Put(derived().at(object), *wanted);
  const Token& token = state().tokens.at(sessions().at(session).token);
  Bytes value;
  if (AttributeOf(token, object, wanted->type, value)) return Put(value, *wanted);
  wanted->ulValueLen = CK_UNAVAILABLE_INFORMATION;
  return CKR_ATTRIBUTE_TYPE_INVALID;
}

CK_RV DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key,
                CK_ATTRIBUTE*, CK_ULONG, CK_OBJECT_HANDLE* out) {
  static CK_OBJECT_HANDLE last = kDerivedFrom;
  if (state().removed) return CKR_DEVICE_REMOVED;
  if (state().derive_answer != CKR_OK) return state().derive_answer;
  const auto* const parameters = static_cast<CK_ECDH1_DERIVE_PARAMS*>(mechanism->pParameter);
  Bytes peer(parameters->pPublicData, parameters->pPublicData + parameters->ulPublicDataLen);
  if (state().takes_der_only) {
    if (peer.size() != 67) return CKR_MECHANISM_PARAM_INVALID;
    peer.erase(peer.begin(), peer.begin() + 2);
  }
  const Token& token = state().tokens.at(sessions().at(session).token);
  const Bytes product = Multiply(token.keys.at((key - 1) / 2).secret, peer);
  if (product.empty()) return CKR_MECHANISM_PARAM_INVALID;
  Bytes value(product.begin() + 1, product.begin() + 33);
  if (state().on_derived) state().on_derived(value);
  derived()[*out = ++last] = value;
  ++state().derived_objects;
  return CKR_OK;
}

CK_RV DestroyObject(CK_SESSION_HANDLE, CK_OBJECT_HANDLE object) {
  if (derived().erase(object) != 0) --state().derived_objects;
  return CKR_OK;
}

CK_RV GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM*, CK_ATTRIBUTE*, CK_ULONG,
                      CK_ATTRIBUTE* secret, CK_ULONG count, CK_OBJECT_HANDLE* open_half,
                      CK_OBJECT_HANDLE* secret_half) {
  Key key;
  key.secret.resize(32);
  RAND_bytes(key.secret.data(), 32);
  key.secret[0] = 1;  // below the order
  key.made_here = true;
  for (const CK_ATTRIBUTE* one = secret; one != secret + count; ++one) {
    const auto* const value = static_cast<const unsigned char*>(one->pValue);
    if (one->type == CKA_LABEL) key.label.assign(value, value + one->ulValueLen);
    if (one->type == CKA_ID) key.id.assign(value, value + one->ulValueLen);
    if (one->ulValueLen == sizeof(CK_BBOOL) && *value == CK_TRUE) key.set_true.push_back(one->type);
  }
  std::vector<Key>& keys = state().tokens.at(sessions().at(session).token).keys;
  keys.push_back(key);
  *secret_half = 2 * keys.size() - 1;
  *open_half = 2 * keys.size();
  return CKR_OK;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) fake::State* FakePkcs11State() { return &state(); }

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  static CK_FUNCTION_LIST functions;
  functions.version = {2, 40};
  functions.C_Initialize = Initialize;
  functions.C_Finalize = Finalize;
  functions.C_GetSlotList = GetSlotList;
  functions.C_GetTokenInfo = GetTokenInfo;
  functions.C_OpenSession = OpenSession;
  functions.C_CloseSession = CloseSession;
  functions.C_Login = Login;
  functions.C_FindObjectsInit = FindObjectsInit;
  functions.C_FindObjects = FindObjects;
  functions.C_FindObjectsFinal = FindObjectsFinal;
  functions.C_GetAttributeValue = GetAttributeValue;
  functions.C_DeriveKey = DeriveKey;
  functions.C_DestroyObject = DestroyObject;
  functions.C_GenerateKeyPair = GenerateKeyPair;
  *list = &functions;
  return CKR_OK;
}

}  // extern "C"
