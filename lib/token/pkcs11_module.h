// The library of a token's maker, loaded into this process and started once.
//
// What a PKCS#11 library knows (who is logged in, which sessions there are) it knows of the whole
// process: so it is started by the first user and ended by the last, however many there are.
// Threads: any; the library is asked to lock for itself.
#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>

#include "fenchi/status.h"

namespace fenchi {

class Pkcs11Module {
 public:
  // Errors: kIo when there is no library at `path`, or something else; kUnavailable when it does
  // not start.
  static Result<std::shared_ptr<Pkcs11Module>> Load(const std::string& path);
  ~Pkcs11Module();
  Pkcs11Module(const Pkcs11Module&) = delete;
  Pkcs11Module& operator=(const Pkcs11Module&) = delete;

  CK_FUNCTION_LIST& calls() const { return *calls_; }

 private:
  explicit Pkcs11Module(CK_FUNCTION_LIST* calls) : calls_(calls) {}
  CK_FUNCTION_LIST* calls_;
};

}  // namespace fenchi
