#include "fenchi/provider.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "fenchi/sftp.h"
#include "storage/memory_provider.h"
#include "storage/url.h"
#ifdef FENCHI_HAS_HTTP
#include "storage/azure_provider.h"
#include "storage/gcs_provider.h"
#include "storage/s3_provider.h"
#include "storage/webdav_provider.h"
#endif

namespace fenchi {
namespace {

constexpr std::size_t kNameBytesMax = 200;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
         c == '/';
}

// A name for messages: foreign bytes must not reach a terminal, nor a long name fill the log.
std::string Printable(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kNameBytesMax)) {
    const bool plain = c > ' ' && c < 127 && c != '\\';
    out += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return name.size() > kNameBytesMax ? out + "..." : out;
}

// "file:///path" or "file:/path"; "localhost" is the only host that is this machine.
Result<std::shared_ptr<Provider>> OpenFileUrl(std::string_view rest, const Domain& domain) {
  constexpr std::string_view kHere = "//localhost/";
  if (rest.starts_with(kHere)) rest.remove_prefix(kHere.size() - 1);
  if (rest.starts_with("///")) rest.remove_prefix(2);
  if (!rest.starts_with('/') || rest.starts_with("//")) {
    return InvalidArgument("a file: URL needs an absolute path and no host")
        .WithHint("write file:///srv/fenchi/tokyo, with three slashes");
  }
  FENCHI_ASSIGN_OR_RETURN(std::string path, UnescapeUrlPath(rest));
  return OpenLocalProvider(path, {.domain = domain});
}

Result<std::shared_ptr<Provider>> OpenMemoryUrl(std::string_view rest, const Domain& domain) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(rest).At("a memory: URL needs a name"));
  return OpenNamedMemoryProvider(std::string(rest), domain);
}

// What only a courier reaches is absent: it answers nothing, and counts toward no quorum.
Result<std::shared_ptr<Provider>> OpenCourierUrl(std::string_view, const Domain&) {
  return Unavailable("this provider is reached by courier only")
      .WithHint(
          "`fenchi provider courier export` writes what it lacks to a medium; where the medium "
          "arrives, `fenchi provider courier import` stores it");
}

#ifdef FENCHI_WITH_SFTP
Result<std::shared_ptr<Provider>> OpenSftpUrl(std::string_view rest, const Domain& domain) {
  FENCHI_ASSIGN_OR_RETURN(SftpOptions options, ParseSftpUrl(fmt::format("sftp:{}", rest)));
  options.domain = domain;
  return OpenSftpProvider(options);
}
#endif

struct Scheme {
  std::string_view name;
  Result<std::shared_ptr<Provider>> (*open)(std::string_view rest, const Domain& domain);
};

// A new kind of place is one row here, one source file, one row in the contract test's table.
// clang-format off
constexpr std::array kSchemes = {
    Scheme{"courier", OpenCourierUrl}, Scheme{"file", OpenFileUrl}, Scheme{"memory", OpenMemoryUrl},
#ifdef FENCHI_HAS_HTTP
    Scheme{"s3", OpenS3Url},
    Scheme{"azure", OpenAzureUrl},
    Scheme{"gs", OpenGcsUrl},
    Scheme{"webdav", OpenWebdavUrl},
    Scheme{"webdavs", OpenWebdavsUrl},
#endif
#ifdef FENCHI_WITH_SFTP
    Scheme{"sftp", OpenSftpUrl},
#endif
};
// clang-format on

// Schemes that other builds have, and what this one was made without.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kElsewhere = {
    {{"s3", "HTTP"},
     {"azure", "HTTP"},
     {"gs", "HTTP"},
     {"webdav", "HTTP"},
     {"webdavs", "HTTP"},
     {"sftp", "libssh"}}};

std::string SchemeNames() {
  std::string out;
  for (const Scheme& scheme : kSchemes) {
    out += fmt::format("{}{}:", out.empty() ? "" : " ", scheme.name);
  }
  return out;
}

bool IsSchemeName(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
                  c == '.';
         });
}

}  // namespace

Status MemorySource::Read(std::uint64_t offset, MutableBytes out) {
  if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
    return InvalidArgument("reading {} bytes from offset {} of a source of {} bytes", out.size(),
                           offset, bytes_.size());
  }
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  return Status::Ok();
}

Status Provider::ExtendRetention(std::string_view name, Timestamp) {
  return Unsupported("{} cannot extend the retention of {}", location(), Printable(name));
}

Result<std::optional<Timestamp>> Provider::RetainedUntil(std::string_view name) {
  return Unsupported("{} does not tell until when {} is retained", location(), Printable(name));
}

Status Provider::Warm(std::span<const std::string>) {
  return Unsupported("{} keeps nothing cold, or cannot warm it", location());
}

Result<Hash256> Provider::RemoteHash(std::string_view name) {
  return Unsupported("{} cannot hash {} by itself", location(), Printable(name));
}

Result<std::uint64_t> Provider::FreeSpaceBytes() {
  return Unsupported("{} does not know its free space", location());
}

Result<Timestamp> Provider::PlaceTime() {
  return Unsupported("{} does not tell the time", location());
}

Result<Bytes> GetAll(Provider& provider, std::string_view name, std::uint64_t size_bytes_max) {
  const std::string names[] = {std::string(name)};
  FENCHI_ASSIGN_OR_RETURN(const auto infos, provider.Stat(names));
  if (infos.size() != 1) {
    return Unavailable("{} gave {} answers about one object", provider.location(), infos.size());
  }
  if (!infos.front().has_value()) {
    return NotFound("{} is not at {}", Printable(name), provider.location());
  }
  const std::uint64_t size = infos.front()->size_bytes;
  if (size > size_bytes_max) {
    return Damaged("{} at {} has {} bytes, at most {} are possible", Printable(name),
                   provider.location(), size, size_bytes_max);
  }
  Bytes out(static_cast<std::size_t>(size));
  FENCHI_RETURN_IF_ERROR(provider.Get(name, 0, out));
  return out;
}

Status CheckObjectName(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return InvalidArgument("'{}' is no object name: {}", Printable(name), why);
  };
  if (name.empty()) return refuse("it is empty");
  if (name.size() > kNameBytesMax) return refuse("it is longer than 200 characters");
  if (!std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return refuse("only a-z 0-9 . _ - and / are allowed");
  }
  if (name.front() == '/' || name.back() == '/' || name.find("//") != std::string_view::npos) {
    return refuse("it has an empty part");
  }
  if (name.front() == '.' || name.find("/.") != std::string_view::npos) {
    return refuse("a part begins with '.'");
  }
  return Status::Ok();
}

std::vector<std::string> ProviderSchemes() {
  std::vector<std::string> out;
  for (const Scheme& scheme : kSchemes) out.emplace_back(scheme.name);
  return out;
}

Result<std::shared_ptr<Provider>> OpenProvider(std::string_view url, const Domain& domain) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || !IsSchemeName(url.substr(0, colon))) {
    // The URL is not repeated: whatever was mistyped may hold a credential.
    return InvalidArgument("the provider's URL does not begin with a scheme")
        .WithHint("write a directory as file:///srv/fenchi/tokyo");
  }
  const std::string_view name = url.substr(0, colon);
  for (const Scheme& scheme : kSchemes) {
    if (scheme.name == name) return scheme.open(url.substr(colon + 1), domain);
  }
  for (const auto& [elsewhere, part] : kElsewhere) {
    if (elsewhere != name) continue;
    return Unsupported("this build of fenchi has no {}, which {}: URLs need", part, name)
        .WithHint("build it where the libraries for that are installed; built in: " +
                  SchemeNames());
  }
  return Unsupported("no provider for {}: URLs is built in", name)
      .WithHint("built in: " + SchemeNames());
}

}  // namespace fenchi
