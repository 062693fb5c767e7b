// The worked examples of docs/FORMAT.md section 15, computed: the document is compared with them.
//
// All inputs come from one rule: key(X) = H("example " X), cut to the size that is needed. The n-th
// draw of random bytes in the making of an object X, from 0 on, is key("X n").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/key_exchange.h"
#include "crypto/signing.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "format/derive.h"
#include "format/ids.h"
#include "format/tree.h"

namespace fenchi::format::testing {

// key(name), at most 32 bytes.
Bytes ExampleKey(std::string_view name, std::size_t size = 32);

template <typename Id>
Id ExampleId(std::string_view name) {
  return Id::From(ExampleKey(name, Id::kSize)).value();
}

// Draws key("name 0"), key("name 1"), ...
class ExampleRandom : public Random {
 public:
  explicit ExampleRandom(std::string name) : name_(std::move(name)) {}
  void Fill(MutableBytes out) override;

 private:
  std::string name_;
  int draw_ = 0;
};

// Markdown in the making.
class Page {
 public:
  void Heading(std::string_view title);
  void Text(std::string_view sentence);
  // "name (n bytes)" and the bytes in hex; of more than 1,023 the first 96 and H of all.
  void Hex(std::string_view name, ByteView bytes);
  void Line(std::string_view name, std::string_view value);
  std::string Take();

 private:
  void Open(bool code);
  std::string out_;
  bool code_ = false;
};

// What all examples are about: one vault with two of three shards needed.
struct Example {
  Bytes genesis;
  VaultId vault;
  Suite suite = Suite::kAes256Gcm;
  std::uint32_t epoch = 1;
  SigningKey admin = SigningKey::FromSeed(ExampleKey("admin seed")).value();
  SigningKey writer_key = SigningKey::FromSeed(ExampleKey("writer seed")).value();
  KeyPair verify = KeyPair::FromSecretKey(ExampleKey("verify secret key")).value();
  KeyPair read = KeyPair::FromSecretKey(ExampleKey("read secret key")).value();
  Bytes outer_key = ExampleKey("K_outer");
  Bytes name_key = ExampleKey("K_name");
  Bytes epoch_root = ExampleKey("epoch root");
  Bytes data_key = ExampleKey("S");
  Bytes tag_key = ExampleKey("T");
  DomainId domain = ExampleId<DomainId>("domain id");
  WriterId writer = ExampleId<WriterId>("writer id");
  RunId run = ExampleId<RunId>("run id");
  ProviderId providers[3] = {ExampleId<ProviderId>("provider 0"),
                             ExampleId<ProviderId>("provider 1"),
                             ExampleId<ProviderId>("provider 2")};
  // Filled on the way.
  Bytes slots, keyring;
  Hash256 leaves[3];
  Bytes wrapped_data_key, wrapped_tag_key;
  PackId pack;
  Reference chunk_a, chunk_b;
  Bytes snapshot;

  Example();
};

void KeyExamples(Example& example, Page& page);   // leaf, slots, keyring, policy, credential
void DataExamples(Example& example, Page& page);  // pack, shards, trees, snapshot, log, index

// All of section 15 behind its heading.
std::string WorkedExamples();

}  // namespace fenchi::format::testing
