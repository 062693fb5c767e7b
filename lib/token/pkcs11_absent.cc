// What a build without PKCS#11 answers.
#include "base/error.h"
#include "fenchi/token.h"

namespace fenchi {
namespace {

Status Absent() {
  return Unsupported("this build of fenchi cannot talk to tokens by PKCS#11")
      .WithHint("build it with FENCHI_WITH_PKCS11=ON; that takes p11-kit's headers only");
}

}  // namespace

Result<TokenInfo> FindPkcs11Token(const Pkcs11Options& /*options*/) { return Absent(); }

Result<std::shared_ptr<KeyToken>> OpenPkcs11Token(const Pkcs11Options& /*options*/,
                                                  const SecretBytes& /*pin*/) {
  return Absent();
}

Result<std::shared_ptr<KeyToken>> MakePkcs11Key(const Pkcs11Options& /*options*/,
                                                const std::string& /*label*/,
                                                const SecretBytes& /*pin*/, Random& /*random*/) {
  return Absent();
}

}  // namespace fenchi
