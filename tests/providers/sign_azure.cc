// Signs requests to Azure Storage as the provider does, for test_azure_signing.py to compare.
//
// Reads one JSON object a line: {"method", "path", "query": [[name, value]...], "headers": [[name,
// value]...], "body_size", "account", "key" (base64)}; prints {"authorization", "target"} for each.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "storage/azure_signer.h"
#include "storage/digests.h"

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    fenchi::AzureUnsigned request{.method = json.at("method"),
                                  .path = json.at("path"),
                                  .body_size_bytes = json.at("body_size")};
    for (const auto& pair : json.at("query")) request.query.emplace_back(pair.at(0), pair.at(1));
    for (const auto& pair : json.at("headers")) request.headers.push_back({pair.at(0), pair.at(1)});
    const std::string account = json.at("account");
    const auto key = fenchi::FromBase64(std::string(json.at("key")));
    if (!key.ok()) return 1;
    const nlohmann::json answer = {{"authorization", fenchi::SignAzure(request, account, *key)},
                                   {"target", fenchi::AzureTarget(request)}};
    std::cout << answer.dump() << "\n";
  }
  return 0;
}
