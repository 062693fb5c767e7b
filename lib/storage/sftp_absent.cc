// What stands for SFTP in a build without libssh.
#include "base/error.h"
#include "fenchi/sftp.h"

namespace fenchi {

Result<std::shared_ptr<Provider>> OpenSftpProvider(const SftpOptions&) {
  return Unsupported("this build of fenchi has no SFTP")
      .WithHint("build it where libssh's development files are (Debian: libssh-dev)");
}

}  // namespace fenchi
