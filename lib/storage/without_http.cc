// What a build without libcurl answers in place of the providers over HTTP.

#include "base/error.h"
#include "fenchi/s3.h"

namespace fenchi {
namespace {

Status NotBuilt() {
  return Unsupported("this build of fenchi has no HTTP: it was made without libcurl and pugixml")
      .WithHint("build it again where both are installed (CMake option FENCHI_WITH_HTTP)");
}

}  // namespace

Result<S3Options> ParseS3Url(std::string_view) { return NotBuilt(); }
S3CredentialSource S3CredentialsOfEnvironment(const std::string&) {
  return []() -> Result<S3Credentials> { return NotBuilt(); };
}
Result<std::shared_ptr<Provider>> OpenS3Provider(const S3Options&) { return NotBuilt(); }

}  // namespace fenchi
