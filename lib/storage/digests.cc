#include "storage/digests.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::size_t kPieceBytes = 256u << 10;

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// A digest that cannot be computed has no answer: the process ends rather than send a wrong one.
class Digester {
 public:
  explicit Digester(DigestKind kind) : context_(EVP_MD_CTX_new()) {
    const EVP_MD* const algorithm = kind == DigestKind::kMd5 ? EVP_md5() : EVP_sha256();
    Require(context_ != nullptr && EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1);
  }
  void Update(ByteView piece) {
    Require(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1);
  }
  Bytes Finish() {
    Bytes out(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    Require(EVP_DigestFinal_ex(context_.get(), out.data(), &size) == 1);
    out.resize(size);
    return out;
  }

 private:
  static void Require(bool ok) {
    if (!ok) std::abort();
  }

  std::unique_ptr<EVP_MD_CTX, ContextFree> context_;
};

}  // namespace

Bytes DigestOf(DigestKind kind, ByteView message) {
  Digester digester(kind);
  digester.Update(message);
  return digester.Finish();
}

Result<Bytes> DigestOf(DigestKind kind, Source& source, std::uint64_t offset, std::uint64_t size) {
  if (const auto whole = source.InMemory()) return DigestOf(kind, whole->subspan(offset, size));
  Digester digester(kind);
  Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPieceBytes)));
  for (std::uint64_t done = 0; done < size;) {
    const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, piece.size()));
    FENCHI_RETURN_IF_ERROR(source.Read(offset + done, MutableBytes(piece).first(now)));
    digester.Update(ByteView(piece).first(now));
    done += now;
  }
  return digester.Finish();
}

Bytes Hmac256(ByteView key, ByteView message) {
  Bytes out(32);
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
           out.data(), &size) == nullptr) {
    std::abort();
  }
  return out;
}

std::string ToBase64(ByteView bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<Bytes> FromBase64(std::string_view text) {
  const auto refuse = [] { return InvalidArgument("this is not base64 with its padding"); };
  if (text.size() % 4 != 0) return refuse();
  const std::size_t body = text.find_last_not_of('=') + 1;
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() - body > 2 ||
      text.substr(0, body).find_first_not_of(kLetters) != std::string_view::npos) {
    return refuse();
  }
  Bytes out(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return refuse();
  out.resize(static_cast<std::size_t>(size) - (text.size() - body));
  return out;
}

}  // namespace fenchi
