// PKCS#11 URIs, RFC 7512: which token, which key, which library.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "fenchi/token.h"

namespace fenchi {
namespace {

constexpr std::string_view kScheme = "pkcs11:";
constexpr std::size_t kUriSizeMax = 4096;

// `text` is never shown where it may be a PIN: messages name the attribute only.
Status Unescape(const std::string& name, std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const Result<Bytes> byte = FromHex(text.substr(i + 1, 2));
    if (!byte.ok() || byte->size() != 1) {
      return InvalidArgument("PKCS#11 URI: '{}' has a '%' that two hex digits do not follow", name);
    }
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return Status::Ok();
}

Status TakeSlot(const std::string& value, Pkcs11Options& out) {
  std::uint64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (value.empty() || error != std::errc() || stop != end) {
    return InvalidArgument("PKCS#11 URI: slot-id '{}' is no number", EscapeForDisplay(value));
  }
  out.slot = number;
  return Status::Ok();
}

Status TakePinSource(std::string value, Pkcs11Options& out) {
  if (value.starts_with('|')) {
    return InvalidArgument("PKCS#11 URI: pin-source names a command, which is not run")
        .WithHint("name a file that only you can read: pin-source=file:/path");
  }
  if (value.starts_with("file:")) {
    value.erase(0, 5);
    if (value.starts_with("//")) value.erase(0, 2);  // file:///path
  }
  if (value.empty()) return InvalidArgument("PKCS#11 URI: pin-source names no file");
  out.pin_source = std::move(value);
  return Status::Ok();
}

Status RefusePinValue() {
  return InvalidArgument(
             "PKCS#11 URI: it holds a PIN (pin-value), which everybody on this host "
             "can see")
      .WithHint("leave it out and be asked, or write pin-source=file:/path; and change that PIN");
}

// On the left of '?'.
Status TakePathAttribute(std::string_view name, const std::string& value, Pkcs11Options& out) {
  const std::array<std::pair<std::string_view, std::string*>, 5> texts = {
      {{"token", &out.token},
       {"manufacturer", &out.manufacturer},
       {"model", &out.model},
       {"serial", &out.serial},
       {"object", &out.object}}};
  for (const auto& [known, field] : texts) {
    if (name != known) continue;
    *field = value;
    return Status::Ok();
  }
  if (name == "id") {
    out.id.assign(value.begin(), value.end());
    return Status::Ok();
  }
  if (name == "slot-id") return TakeSlot(value, out);
  if (name == "type") {
    if (value == "private") return Status::Ok();
    return InvalidArgument("PKCS#11 URI: type is '{}'; what is needed is the private key",
                           EscapeForDisplay(value));
  }
  if (name.starts_with("library-") || name == "slot-description" || name == "slot-manufacturer") {
    return Status::Ok();
  }
  if (name == "pin-value") return RefusePinValue();
  return InvalidArgument("PKCS#11 URI: '{}' is not known here", EscapeForDisplay(name))
      .WithHint("before the '?' stand token, serial, manufacturer, model, slot-id, object, id");
}

// On the right of '?'.
Status TakeQueryAttribute(std::string_view name, const std::string& value, Pkcs11Options& out) {
  if (name == "pin-value") return RefusePinValue();
  if (name == "pin-source") return TakePinSource(value, out);
  if (name == "module-path") {
    out.module_path = value;
    return Status::Ok();
  }
  return InvalidArgument("PKCS#11 URI: '{}' is not known here", EscapeForDisplay(name))
      .WithHint("behind the '?' stand module-path and pin-source");
}

using Take = Status (*)(std::string_view, const std::string&, Pkcs11Options&);

Status TakeAll(std::string_view part, char separator, Take take, Pkcs11Options& out) {
  std::set<std::string_view> seen;
  while (!part.empty()) {
    const std::size_t end = std::min(part.find(separator), part.size());
    const std::string_view one = part.substr(0, end);
    part.remove_prefix(std::min(end + 1, part.size()));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) {
      return InvalidArgument("PKCS#11 URI: a part without '='");
    }
    const std::string_view name = one.substr(0, equals);
    if (!seen.insert(name).second) {
      return InvalidArgument("PKCS#11 URI: '{}' stands twice", EscapeForDisplay(name));
    }
    std::string value;
    FENCHI_RETURN_IF_ERROR(Unescape(EscapeForDisplay(name), one.substr(equals + 1), value));
    FENCHI_RETURN_IF_ERROR(take(name, value, out));
  }
  return Status::Ok();
}

}  // namespace

Result<Pkcs11Options> ParsePkcs11Uri(std::string_view uri) {
  if (!uri.starts_with(kScheme) || uri.size() > kUriSizeMax) {
    return InvalidArgument("a token is named by a URI that begins with 'pkcs11:'")
        .WithHint("as in pkcs11:token=LABEL;object=KEY?module-path=/usr/lib/.../library.so");
  }
  uri.remove_prefix(kScheme.size());
  const std::size_t question = std::min(uri.find('?'), uri.size());
  Pkcs11Options out;
  FENCHI_RETURN_IF_ERROR(TakeAll(uri.substr(0, question), ';', TakePathAttribute, out));
  const std::string_view query = uri.substr(std::min(question + 1, uri.size()));
  FENCHI_RETURN_IF_ERROR(TakeAll(query, '&', TakeQueryAttribute, out));
  // By its name alone the library would be looked for where others may have put theirs.
  if (!out.module_path.starts_with('/') || out.module_path.find('\0') != std::string::npos) {
    return InvalidArgument("PKCS#11 URI: module-path must be the whole path of a library, is '{}'",
                           EscapeForDisplay(out.module_path))
        .WithHint(
            "the token's maker says where it is; SoftHSM's is "
            "/usr/lib/softhsm/libsofthsm2.so");
  }
  return out;
}

}  // namespace fenchi
