// Signs requests for test_s3_signing.py: reads one JSON object a line, answers one a line.
//
// In: method, host, path, query [[name, value]...], headers [[name, value]...], payload_hash,
// access, secret, token, region, time, and valid (seconds, to presign). Out: target, and headers
// unless presigned.

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "storage/s3_signer.h"

namespace {

using Json = nlohmann::json;

Json Answer(const Json& asked) {
  fenchi::S3Unsigned request{.method = asked["method"],
                             .host = asked["host"],
                             .path = asked["path"],
                             .payload_hash = asked["payload_hash"]};
  for (const Json& pair : asked["query"]) request.query.emplace_back(pair[0], pair[1]);
  for (const Json& pair : asked["headers"]) request.headers.push_back({pair[0], pair[1]});
  const std::string secret = asked["secret"];
  const fenchi::S3Credentials credentials{
      .access_key_id = asked["access"],
      .secret_access_key = fenchi::SecretBytes::CopyOf(fenchi::AsBytes(secret)),
      .session_token = asked["token"]};
  const fenchi::Timestamp time{.seconds = asked["time"]};
  if (asked.contains("valid")) {
    const std::chrono::seconds valid(asked["valid"].get<std::int64_t>());
    return {{"target", PresignS3(request, credentials, asked["region"], time, valid)}};
  }
  const fenchi::S3Signed made = SignS3(request, credentials, asked["region"], time);
  Json headers = Json::array();
  for (const fenchi::HttpHeader& header : made.headers) {
    headers.push_back({header.name, header.value});
  }
  return {{"target", made.target}, {"headers", headers}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(Json::parse(line)).dump() << "\n";
  }
  return 0;
}
