#include "unit/format/worked_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "fenchi/hash.h"
#include "format/genesis.h"
#include "format/names.h"

namespace fenchi::format::testing {
namespace {

constexpr std::size_t kWholeMax = 1023;
constexpr std::size_t kShown = 96;
constexpr std::size_t kLine = 48;

void NameExamples(const Example& e, Page& page) {
  page.Heading("Names (section 2)");
  page.Text("At provider 0, generation 0; the pack is the one above.");
  page.Line("shard", ShardName(e.name_key, e.providers[0], e.pack, 2, 0));
  page.Line("the same at provider 1", ShardName(e.name_key, e.providers[1], e.pack, 2, 0));
  page.Line("record 1", RecordName(e.name_key, e.providers[0], e.writer, 1, 0));
  page.Line("list", ListName(e.name_key, e.providers[0], ExampleId<Hash256>("list hash"), 0));
  page.Line("index", IndexName(e.name_key, e.providers[0], ExampleId<Hash256>("index hash"), 0));
  page.Line("checkpoint", CheckpointName(e.writer, 300, 0));
}

void KeyTable(const Example& e, Page& page) {
  const IdScope none;
  page.Heading("Derived keys (sections 6 to 8)");
  page.Text("The id scope of a read host is zeros.");
  page.Hex("wrap key", WrapKey(e.read.secret_key.view(), e.vault, e.domain, e.epoch).view());
  page.Hex("snapshot key", SnapshotKey(e.data_key, e.vault, e.domain).view());
  page.Hex("id key", IdKey(ExampleKey("id root"), e.vault, e.domain, none).view());
  page.Hex("index key", IndexKey(ExampleKey("index root"), e.vault, e.domain, none).view());
}

}  // namespace

Bytes ExampleKey(std::string_view name, std::size_t size) {
  const Hash256 hash = Sha256(AsBytes("example " + std::string(name)));
  assert(size <= hash.bytes.size());
  return Bytes(hash.bytes.begin(), hash.bytes.begin() + static_cast<long>(size));
}

void ExampleRandom::Fill(MutableBytes out) {
  const Bytes bytes = ExampleKey(fmt::format("{} {}", name_, draw_++), out.size());
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

void Page::Open(bool code) {
  if (code == code_) return;
  out_ += "```\n";
  code_ = code;
}

void Page::Heading(std::string_view title) {
  Open(false);
  out_ += fmt::format("\n### {}\n", title);
}

void Page::Text(std::string_view sentence) {
  Open(false);
  out_ += fmt::format("{}\n", sentence);
}

void Page::Line(std::string_view name, std::string_view value) {
  Open(true);
  out_ += fmt::format("{}: {}\n", name, value);
}

void Page::Hex(std::string_view name, ByteView bytes) {
  Open(true);
  out_ += fmt::format("{} ({} bytes)", name, bytes.size());
  ByteView shown = bytes;
  if (bytes.size() > kWholeMax) {
    out_ += ", H = " + Sha256(bytes).hex() + ", begins";
    shown = bytes.first(kShown);
  }
  out_ += '\n';
  while (!shown.empty()) {
    const std::size_t size = std::min(kLine, shown.size());
    out_ += "  " + ToHex(shown.first(size)) + '\n';
    shown = shown.subspan(size);
  }
}

std::string Page::Take() {
  Open(false);
  return std::move(out_);
}

Example::Example() {
  Genesis object;
  object.admins = {1, {admin.public_key()}};
  object.random = ExampleId<Hash256>("genesis random");
  genesis = EncodeGenesis(object).value();
  vault = VaultIdOf(genesis);
}

std::string WorkedExamples() {
  Example example;
  Page page;
  page.Text(
      "Made and checked by a test. **key(X) = H(\"example \" X)**, cut to the size that is needed, "
      "so every input below can\nbe computed: `key(\"K_outer\")` = H of the 15 bytes `example "
      "K_outer`. The n-th draw of random bytes for an object X (its salt; for\na box to a public "
      "key the ephemeral secret, then the salt) is key(\"X n\"), n = 0, 1, .... Suite 1, epoch 1, "
      "k = 2, n = 3. Identifiers are\nkey(\"domain id\"), key(\"writer id\"), key(\"run id\"), "
      "key(\"slot id\"), key(\"provider 0\") to key(\"provider 2\"); secret keys are key(\"admin "
      "seed\"),\nkey(\"writer seed\"), key(\"verify secret key\"), key(\"read secret key\"), "
      "key(\"epoch root\"), key(\"K_outer\"), key(\"K_name\"), key(\"id root\"),\nkey(\"index "
      "root\"), key(\"S\"), key(\"T\"), key(\"leaf secret\"). Of more than 1,023 bytes only the "
      "first 96 and H of all are shown.");
  page.Heading("Genesis (5.1)");
  page.Text("One admin; the random bytes are key(\"genesis random\").");
  page.Hex("admin public key", example.admin.public_key().view());
  page.Hex("genesis object", example.genesis);
  page.Hex("vault id", example.vault.view());
  KeyTable(example, page);
  KeyExamples(example, page);
  DataExamples(example, page);
  NameExamples(example, page);
  return page.Take();
}

}  // namespace fenchi::format::testing
