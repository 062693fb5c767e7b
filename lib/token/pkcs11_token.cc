#include "token/pkcs11_token.h"

#include <algorithm>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "token/pkcs11_answer.h"

namespace fenchi {
namespace {

constexpr std::size_t kAttributeSizeMax = 4096;
constexpr CK_ULONG kObjectsMax = 64;

// Texts of a token are filled up with blanks.
template <std::size_t N>
std::string TextOf(const unsigned char (&field)[N]) {
  std::string text(reinterpret_cast<const char*>(field), N);
  text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  return text;
}

TokenInfo InfoOf(const CK_TOKEN_INFO& raw) {
  const auto has = [&](CK_FLAGS flag) { return (raw.flags & flag) != 0; };
  TokenInfo info;
  info.label = TextOf(raw.label);
  info.manufacturer = TextOf(raw.manufacturerID);
  info.model = TextOf(raw.model);
  info.serial = TextOf(raw.serialNumber);
  info.pin_pad = has(CKF_LOGIN_REQUIRED) && has(CKF_PROTECTED_AUTHENTICATION_PATH);
  info.takes_pin = has(CKF_LOGIN_REQUIRED) && !info.pin_pad;
  info.wrong_before = has(CKF_USER_PIN_COUNT_LOW);
  info.last_try = has(CKF_USER_PIN_FINAL_TRY);
  info.locked = has(CKF_USER_PIN_LOCKED);
  return info;
}

bool Fits(const Pkcs11Options& wanted, const FoundToken& token) {
  const auto fits = [](const std::string& asked, const std::string& have) {
    return asked.empty() || asked == have;
  };
  const TokenInfo& have = token.info;
  return fits(wanted.token, have.label) && fits(wanted.manufacturer, have.manufacturer) &&
         fits(wanted.model, have.model) && fits(wanted.serial, have.serial) &&
         (!wanted.slot || *wanted.slot == token.slot);
}

std::string Listed(const std::vector<FoundToken>& tokens) {
  std::string out;
  for (const FoundToken& one : tokens) {
    out += fmt::format("{}'{}' (serial {})", out.empty() ? "" : ", ",
                       EscapeForDisplay(one.info.label), EscapeForDisplay(one.info.serial));
  }
  return out.empty() ? "none" : out;
}

std::string Asked(const Pkcs11Options& wanted) {
  std::string out;
  const auto add = [&out](const char* name, const std::string& value) {
    if (value.empty()) return;
    out += fmt::format("{}{} '{}'", out.empty() ? " with " : ", ", name, EscapeForDisplay(value));
  };
  add("label", wanted.token);
  add("serial", wanted.serial);
  add("manufacturer", wanted.manufacturer);
  add("model", wanted.model);
  add("slot", wanted.slot ? std::to_string(*wanted.slot) : "");
  return out;
}

// Every token that is there and was set up.
Result<std::vector<FoundToken>> TokensOf(const std::shared_ptr<Pkcs11Module>& module,
                                         const std::string& who) {
  CK_FUNCTION_LIST& calls = module->calls();
  CK_ULONG count = 0;
  FENCHI_RETURN_IF_ERROR(CheckAnswer(calls.C_GetSlotList(CK_TRUE, nullptr, &count), who,
                                     "does not say which tokens are there"));
  std::vector<CK_SLOT_ID> slots(count);
  const CK_RV answer = count == 0 ? CKR_OK : calls.C_GetSlotList(CK_TRUE, slots.data(), &count);
  FENCHI_RETURN_IF_ERROR(CheckAnswer(answer, who, "does not say which tokens are there"));
  slots.resize(std::min<std::size_t>(count, slots.size()));
  std::vector<FoundToken> out;
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO raw{};
    // One that was just pulled out is not there.
    if (calls.C_GetTokenInfo(slot, &raw) != CKR_OK) continue;
    if ((raw.flags & CKF_TOKEN_INITIALIZED) != 0) out.push_back({module, slot, InfoOf(raw)});
  }
  return out;
}

CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, Bytes& value) {
  return {type, value.empty() ? nullptr : value.data(), static_cast<CK_ULONG>(value.size())};
}

}  // namespace

std::string FoundToken::name() const {
  return info.label.empty() ? "the token with serial " + EscapeForDisplay(info.serial)
                            : "the token '" + EscapeForDisplay(info.label) + "'";
}

Result<FoundToken> FindToken(const Pkcs11Options& options) {
  FENCHI_ASSIGN_OR_RETURN(const std::shared_ptr<Pkcs11Module> module,
                          Pkcs11Module::Load(options.module_path));
  const std::string who = "PKCS#11 module '" + EscapeForDisplay(options.module_path) + "'";
  FENCHI_ASSIGN_OR_RETURN(const std::vector<FoundToken> all, TokensOf(module, who));
  std::vector<FoundToken> fit;
  for (const FoundToken& one : all) {
    if (Fits(options, one)) fit.push_back(one);
  }
  if (fit.empty()) {
    return NotFound("{} has no token{}; there: {}", who, Asked(options), Listed(all))
        .WithHint("plug the token in, or start its service; the URI's token=, serial= say which");
  }
  if (fit.size() > 1) {
    return InvalidArgument("{} tokens fit the URI: {}", fit.size(), Listed(fit))
        .WithHint("say which one with token=LABEL or serial=NUMBER in the URI");
  }
  return fit.front();
}

Result<TokenInfo> FindPkcs11Token(const Pkcs11Options& options) {
  FENCHI_ASSIGN_OR_RETURN(FoundToken found, FindToken(options));
  return std::move(found.info);
}

// ---- Templates ----

Pkcs11Template& Pkcs11Template::Add(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(value);
  entries_.push_back({type, Bytes(bytes, bytes + size)});
  return *this;
}

Pkcs11Template& Pkcs11Template::Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return Add(type, &value, sizeof value);
}

Pkcs11Template& Pkcs11Template::Flag(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL flag = value ? CK_TRUE : CK_FALSE;
  return Add(type, &flag, sizeof flag);
}

Pkcs11Template& Pkcs11Template::Data(CK_ATTRIBUTE_TYPE type, ByteView value) {
  return Add(type, value.data(), value.size());
}

std::vector<CK_ATTRIBUTE>& Pkcs11Template::attributes() {
  attributes_.clear();
  for (Entry& one : entries_) attributes_.push_back(Attribute(one.type, one.value));
  return attributes_;
}

// ---- Sessions ----

Result<std::unique_ptr<Pkcs11Session>> Pkcs11Session::Open(FoundToken token, const SecretBytes& pin,
                                                           bool writes) {
  const std::string who = token.name();
  if (token.info.locked && (token.info.takes_pin || token.info.pin_pad)) {
    return Denied("{} is locked: too many wrong PINs were given, and no PIN was tried now", who)
        .WithHint("its security officer can set a new PIN with the maker's tool");
  }
  CK_SESSION_HANDLE handle = 0;
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0);
  FENCHI_RETURN_IF_ERROR(
      CheckAnswer(token.module->calls().C_OpenSession(token.slot, flags, nullptr, nullptr, &handle),
                  who, "does not open a session"));
  std::unique_ptr<Pkcs11Session> session(new Pkcs11Session(std::move(token), handle));
  FENCHI_RETURN_IF_ERROR(session->LogIn(pin));
  return session;
}

Pkcs11Session::~Pkcs11Session() { (void)calls().C_CloseSession(handle_); }

Status Pkcs11Session::LogIn(const SecretBytes& pin) const {
  const TokenInfo& info = token_.info;
  if (!info.takes_pin && !info.pin_pad) return Status::Ok();
  if (info.takes_pin && pin.empty()) {
    return WrongKey("{} needs its PIN", token_.name())
        .WithHint("give it in a file (pin-source=file:/path), or at the prompt");
  }
  // The library takes it by a pointer that is not const, and does not change it.
  auto* const given = info.pin_pad ? nullptr : const_cast<CK_BYTE*>(pin.view().data());
  const CK_ULONG size = info.pin_pad ? 0 : pin.size();
  const CK_RV answer = calls().C_Login(handle_, CKU_USER, given, size);
  switch (answer) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:  // by another session of this process
      return Status::Ok();
    case CKR_PIN_INCORRECT:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_INVALID:
    case CKR_PIN_LOCKED:
      return WrongPin(answer);
    case CKR_PIN_EXPIRED:
    case CKR_USER_PIN_NOT_INITIALIZED:
      return Denied("{} takes no PIN before a new one is set ({})", token_.name(),
                    AnswerName(answer))
          .WithHint("set the PIN with the maker's tool");
    default:
      return Check(answer, "did not take the PIN");
  }
}

// Tried once: tokens lock themselves after a few. What is left they say by flags only.
Status Pkcs11Session::WrongPin(CK_RV answer) const {
  CK_TOKEN_INFO raw{};
  const bool told = calls().C_GetTokenInfo(token_.slot, &raw) == CKR_OK;
  const TokenInfo now = told ? InfoOf(raw) : TokenInfo{};
  std::string left = "it does not say how many tries are left";
  if (answer == CKR_PIN_LOCKED || now.locked) {
    left = "it is locked now and takes no PIN any more";
  } else if (now.last_try) {
    left = "it says that one try is left before it locks itself";
  } else if (now.wrong_before) {
    left = "it says that tries have been used up, not how many are left";
  }
  return WrongKey("wrong PIN for {}; it was tried once, and {}", token_.name(), left)
      .WithHint(answer == CKR_PIN_LOCKED || now.locked
                    ? "its security officer can set a new PIN with the maker's tool"
                    : "look the PIN up before trying again");
}

Result<std::vector<CK_OBJECT_HANDLE>> Pkcs11Session::Find(Pkcs11Template& wanted) const {
  std::vector<CK_ATTRIBUTE>& attributes = wanted.attributes();
  FENCHI_RETURN_IF_ERROR(
      Check(calls().C_FindObjectsInit(handle_, attributes.data(), attributes.size()),
            "does not look for keys"));
  std::vector<CK_OBJECT_HANDLE> found(kObjectsMax);
  CK_ULONG count = 0;
  const CK_RV answer = calls().C_FindObjects(handle_, found.data(), kObjectsMax, &count);
  (void)calls().C_FindObjectsFinal(handle_);
  FENCHI_RETURN_IF_ERROR(Check(answer, "does not look for keys"));
  found.resize(std::min<std::size_t>(count, kObjectsMax));
  return found;
}

Bytes Pkcs11Session::Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  Bytes value(kAttributeSizeMax);
  CK_ATTRIBUTE attribute = Attribute(type, value);
  const CK_RV answer = calls().C_GetAttributeValue(handle_, object, &attribute, 1);
  if (answer != CKR_OK || attribute.ulValueLen > value.size()) return {};
  value.resize(attribute.ulValueLen);
  return value;
}

Status Pkcs11Session::Check(CK_RV answer, const char* what) const {
  return CheckAnswer(answer, token_.name(), what);
}

}  // namespace fenchi
