// Azure Storage's SharedKey signature: a pure function of request, account and key.
//
// Takes the request unescaped and gives back what to send, so that what travels is what was signed.
// Source: learn.microsoft.com, "Authorize with Shared Key" (Blob, 2009-09-19 and later, empty
// length for 0); compared with azure-storage-blob.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fenchi/bytes.h"
#include "storage/http_client.h"

namespace fenchi {

struct AzureUnsigned {
  std::string method;
  std::string path;                                             // from the server's root, escaped
  std::vector<std::pair<std::string, std::string>> query = {};  // unescaped, any order
  std::vector<HttpHeader> headers = {};  // with x-ms-date and x-ms-version; no Authorization
  std::uint64_t body_size_bytes = 0;
};

// What is signed, for tests and for comparing with what the service says it expected.
std::string AzureStringToSign(const AzureUnsigned& request, std::string_view account);

// The value of the Authorization header. key: the account's, not base64.
std::string SignAzure(const AzureUnsigned& request, std::string_view account, ByteView key);

// "path?query", escaped.
std::string AzureTarget(const AzureUnsigned& request);

// "Sat, 28 Nov 2026 18:00:00 GMT", to the second.
std::string HttpDate(std::int64_t seconds);

}  // namespace fenchi
