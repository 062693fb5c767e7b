// KeyToken: a device that holds a secret P-256 key, works with it, and never gives it out.
//
// A slot may be sealed to the token's public key (CustodyPlan::recipients in custody.h); then it
// opens only where the token can be asked, once for each opening. OpenPkcs11Token reaches HSMs,
// smart cards and USB tokens by the library of their maker (PKCS#11), which is loaded when it is
// asked for. Derive your own class for a key management service or whatever else can do ECDH.
//
//   FENCHI_ASSIGN_OR_RETURN(fenchi::Pkcs11Options where, fenchi::ParsePkcs11Uri(
//       "pkcs11:token=vault;object=escrow?module-path=/usr/lib/softhsm/libsofthsm2.so"));
//   FENCHI_ASSIGN_OR_RETURN(auto token, fenchi::OpenPkcs11Token(where, pin));
//   fenchi::Unlock unlock;
//   unlock.AddToken(token);
//
// Promises: a PIN is tried once and never stands in a message. Not promised: what a token's own
// software does. A token that is stolen with its PIN is a stolen key. Not safe against a later
// quantum computer.
// Threads: a KeyToken may be shared by threads; one of your own is asked by one thread at a time
// for each opening. Free functions from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// A P-256 public key, SEC 1 section 2.3.3 without compression: 0x04 | x 32 | y 32.
using TokenKey = std::array<std::uint8_t, 65>;

class FENCHI_EXPORT KeyToken {
 public:
  virtual ~KeyToken();
  // What people know the token by, for messages: never a PIN.
  virtual std::string name() const = 0;
  virtual TokenKey public_key() const = 0;
  // Whether the secret key cannot be read out, as far as the token says. Nothing is sealed to one
  // that can be; what is sealed opens all the same.
  virtual bool keeps_secret() const { return true; }
  // The x-coordinate of the token's secret key times `peer`, a point of the curve: 32 bytes,
  // big-endian. Whoever asks checks what comes back.
  // Errors: the token's; kUnavailable when it cannot be reached (any more).
  // Source: SP 800-56A section 5.7.1.2.
  virtual Result<SecretBytes> Agree(const TokenKey& peer) = 0;
};

// ---- Tokens by PKCS#11 ----

// Which token and which key; an empty field fits any. One token and one key must fit.
struct Pkcs11Options {
  std::string module_path = {};  // the maker's library, absolute: it runs inside this process
  std::string token = {};        // label
  std::string manufacturer = {};
  std::string model = {};
  std::string serial = {};
  std::optional<std::uint64_t> slot = {};
  std::string object = {};  // label of the key
  Bytes id = {};            // CKA_ID of the key
  // Where the URI says that the PIN is: not read here. A file, without "file:"; may be empty.
  std::string pin_source = {};
};

// pkcs11:token=...;object=...;id=%01?module-path=...&pin-source=file:...
// Also manufacturer, model, serial, slot-id, and type=private; library-*, slot-description and
// slot-manufacturer are not looked at.
// Errors: kInvalidArgument, saying what is wrong; also for pin-value, since a URI is shown to
// everybody, and for a module-path that is missing or not absolute. Source: RFC 7512.
FENCHI_EXPORT Result<Pkcs11Options> ParsePkcs11Uri(std::string_view uri);

// What a token says of itself.
struct TokenInfo {
  std::string label;
  std::string manufacturer;
  std::string model;
  std::string serial;
  bool takes_pin = false;     // a PIN must be given to OpenPkcs11Token
  bool pin_pad = false;       // it asks for the PIN itself, on its own keys
  bool wrong_before = false;  // a wrong PIN was given since the last right one
  bool last_try = false;      // one more wrong PIN locks it
  bool locked = false;        // it takes no PIN any more
};

// The token that fits, without asking it for anything secret.
// Errors: kIo when the module cannot be loaded; kNotFound when no token fits (is it plugged in?);
// kInvalidArgument when several do; kUnavailable when one does not answer properly; kUnsupported in
// a build without PKCS#11.
FENCHI_EXPORT Result<TokenInfo> FindPkcs11Token(const Pkcs11Options& options);

// A session with the token, which ends with the object. pin: where TokenInfo::takes_pin; tried
// once. Where the process has logged in to the token already, it is not looked at.
// Errors: as FindPkcs11Token; kWrongKey for a wrong PIN, saying what the token says of tries left;
// kDenied for a locked token, before anything is tried; kNotFound when no key fits;
// kInvalidArgument when several do, or the one that does is no P-256 key or may not agree.
FENCHI_EXPORT Result<std::shared_ptr<KeyToken>> OpenPkcs11Token(const Pkcs11Options& options,
                                                                const SecretBytes& pin);

// Makes a key pair on the token, with a label and a random id: the secret key cannot be read out,
// and is good for agreeing only.
// Errors: as OpenPkcs11Token; kAlreadyExists when there is a key with that label.
FENCHI_EXPORT Result<std::shared_ptr<KeyToken>> MakePkcs11Key(const Pkcs11Options& options,
                                                              const std::string& label,
                                                              const SecretBytes& pin,
                                                              Random& random);

}  // namespace fenchi
