// One token and a session with it.
//
// Threads: one at a time for a session.
#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>
#include <vector>

#include "fenchi/token.h"
#include "token/pkcs11_module.h"

namespace fenchi {

// A token in its slot.
struct FoundToken {
  std::shared_ptr<Pkcs11Module> module;
  CK_SLOT_ID slot = 0;
  TokenInfo info;

  // For people: its label, or its serial number where it has none.
  std::string name() const;
};

// Errors: as FindPkcs11Token.
Result<FoundToken> FindToken(const Pkcs11Options& options);

// What an object is looked for by.
class Pkcs11Template {
 public:
  Pkcs11Template& Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Pkcs11Template& Flag(CK_ATTRIBUTE_TYPE type, bool value);
  Pkcs11Template& Data(CK_ATTRIBUTE_TYPE type, ByteView value);
  // Valid until the next change.
  std::vector<CK_ATTRIBUTE>& attributes();

 private:
  struct Entry {
    CK_ATTRIBUTE_TYPE type;
    Bytes value;
  };
  Pkcs11Template& Add(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t size);
  std::vector<Entry> entries_;
  std::vector<CK_ATTRIBUTE> attributes_;
};

// A session; it ends with the object, and with the last one the token forgets the PIN.
class Pkcs11Session {
 public:
  // Logs in where the token wants it. Errors: as OpenPkcs11Token, of the token.
  static Result<std::unique_ptr<Pkcs11Session>> Open(FoundToken token, const SecretBytes& pin,
                                                     bool writes);
  ~Pkcs11Session();
  Pkcs11Session(const Pkcs11Session&) = delete;
  Pkcs11Session& operator=(const Pkcs11Session&) = delete;

  const FoundToken& token() const { return token_; }
  CK_FUNCTION_LIST& calls() const { return token_.module->calls(); }
  CK_SESSION_HANDLE handle() const { return handle_; }

  Result<std::vector<CK_OBJECT_HANDLE>> Find(Pkcs11Template& wanted) const;
  // Empty where the object has no such attribute or does not show it.
  Bytes Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  // As CheckAnswer, of this token.
  Status Check(CK_RV answer, const char* what) const;

 private:
  Pkcs11Session(FoundToken token, CK_SESSION_HANDLE handle)
      : token_(std::move(token)), handle_(handle) {}
  Status LogIn(const SecretBytes& pin) const;
  Status WrongPin(CK_RV answer) const;

  FoundToken token_;
  CK_SESSION_HANDLE handle_;
};

}  // namespace fenchi
