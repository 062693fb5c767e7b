// What a build without libcurl answers in place of the providers over HTTP.

#include "base/error.h"
#include "fenchi/azure.h"
#include "fenchi/gcs.h"
#include "fenchi/s3.h"
#include "fenchi/webdav.h"

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

Result<AzureOptions> ParseAzureUrl(std::string_view) { return NotBuilt(); }
AzureCredentialSource AzureCredentialsOfEnvironment(const std::string&, const std::string&) {
  return []() -> Result<AzureCredentials> { return NotBuilt(); };
}
Result<std::shared_ptr<Provider>> OpenAzureProvider(const AzureOptions&) { return NotBuilt(); }

Result<GcsOptions> ParseGcsUrl(std::string_view) { return NotBuilt(); }
GcsCredentialSource GcsCredentialsOfEnvironment(const std::string&) {
  return []() -> Result<GcsCredentials> { return NotBuilt(); };
}
Result<std::shared_ptr<Provider>> OpenGcsProvider(const GcsOptions&) { return NotBuilt(); }

Result<WebdavOptions> ParseWebdavUrl(std::string_view) { return NotBuilt(); }
WebdavCredentialSource WebdavCredentialsOfEnvironment(const std::string&) {
  return []() -> Result<WebdavCredentials> { return NotBuilt(); };
}
Result<std::shared_ptr<Provider>> OpenWebdavProvider(const WebdavOptions&) { return NotBuilt(); }

}  // namespace fenchi
