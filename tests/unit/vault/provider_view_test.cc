// What one provider can learn from all that it holds.
#include <set>

#include "fenchi/key_sharing.h"
#include "format/leaf.h"
#include "format/names.h"
#include "format/policy.h"
#include "format/slots.h"
#include "repository/slot_keys.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

class ProvidersView : public VaultTest {};

TEST_F(ProvidersView, AThousandFilesShowThreeSizesAndNoCommonName) {
  Shape shape;
  shape.policy.key_domains = {"a", "b"};
  Vault vault = MakeVault(shape);
  for (const std::string domain : {"a", "b"}) {
    MakeDir(domain);
    for (int i = 0; i < 500; ++i) {
      // Sizes from nothing to 100 KB, most of them small.
      const std::uint64_t size = RandomBelow(1 + RandomBelow(1 + RandomBelow(100'000)));
      WriteFile(domain + "/" + std::to_string(i), RandomText(size));
    }
    WriteFile(domain + "/large", RandomText(7'000'000 + RandomBelow(20'000'000)));
    const BackupReport report = Need(vault.BackupTree(Path(domain), {.key_domain = domain}));
    EXPECT_EQ(report.files, 501u);
    ExpectRestores(vault, report.snapshot, Path(domain));
  }
  std::vector<std::set<std::string>> names(4);
  for (int i = 0; i < providers(); ++i) {
    std::set<std::uint64_t> sizes;
    for (const auto& [name, size] : Objects(i, "d/")) {
      sizes.insert(size);
      names[static_cast<std::size_t>(i)].insert(name.substr(0, name.rfind('.')));
    }
    EXPECT_GE(sizes.size(), 2u);
    EXPECT_LE(sizes.size(), 3u);
    // Everything but `k/`, whose names are plain words, has names of its own.
    for (const auto& [name, size] : Objects(i)) {
      EXPECT_TRUE(name.starts_with("k/") || name.starts_with("d/") || name.starts_with("r/") ||
                  name.starts_with("x/") || name.starts_with("l/"))
          << name;
      if (!name.starts_with("k/")) names[static_cast<std::size_t>(i)].insert(name);
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_GT(names[i].size(), 4u);
    for (std::size_t j = 0; j < i; ++j) {
      for (const std::string& name : names[i]) EXPECT_FALSE(names[j].contains(name)) << name;
    }
  }
}

TEST_F(ProvidersView, NoPlaintextShows) {
  MakeDir("srv");
  const std::string marker = "Antananarivo-marker-" + std::to_string(seed_);
  std::string content;
  while (content.size() < 200'000) content += marker;
  WriteFile("srv/" + marker, content);
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv"), {.label = marker, .compression_level = 0, .host = marker}));
  for (int i = 0; i < providers(); ++i) {
    for (const auto& [name, size] : Objects(i)) {
      const Bytes bytes = Need(GetAll(inner(i), name, size));
      EXPECT_EQ(AsText(bytes).find("Antananarivo"), std::string_view::npos) << name;
    }
  }
}

TEST_F(ProvidersView, ThePassphraseAndOneProviderOpenNothing) {
  MakeVault();
  for (int i = 0; i < providers(); ++i) {
    const Result<Vault> right = TryOpen(Passphrase(), {i});
    const Result<Vault> wrong = TryOpen(Passphrase("a guess"), {i});
    EXPECT_EQ(CodeOf(right), StatusCode::kTooFewProviders);
    // Not a word tells which of them was the right one.
    EXPECT_EQ(right.status().ToString(), wrong.status().ToString());
  }
}

TEST_F(ProvidersView, ThePassphraseCannotBeTestedWithOneLeafShare) {
  MakeVault();
  for (int i = 0; i < providers(); ++i) {
    const format::SlotTable table = Need(format::DecodeSlots(
        Need(GetAll(inner(i), format::SlotsName(1, 0), format::kSlotsObjectSizeMax))));
    const format::Leaf leaf = Need(format::DecodeLeaf(
        Need(GetAll(inner(i), format::LeafName(1, 0), format::kGenesisObjectSizeMax))));
    ASSERT_EQ(table.slots.size(), 1u);
    EXPECT_EQ(table.slots[0].node.kind, format::NodeKind::kPassphrase);
    // 1. One share recovers no leaf secret.
    const std::vector<NamedShare> one = {{"the provider's", leaf.share}};
    EXPECT_EQ(CodeOf(RecoverKey(one)), StatusCode::kWrongKey);
    // 2. What can be made of it as a leaf secret opens the slot for no passphrase, in one way.
    std::vector<Bytes> candidates = {Bytes(32, 0)};
    for (std::size_t at = 0; at + 32 <= leaf.share.size(); ++at) {
      candidates.emplace_back(leaf.share.begin() + static_cast<std::ptrdiff_t>(at),
                              leaf.share.begin() + static_cast<std::ptrdiff_t>(at) + 32);
    }
    const SecretBytes right = SecretBytes::CopyOf(AsBytes("correct horse"));
    const SecretBytes wrong = SecretBytes::CopyOf(AsBytes("a guess"));
    for (const Bytes& candidate : candidates) {
      const Status of_right = OpenAnySlot(table, candidate, {.passphrases = {&right}}).status();
      const Status of_wrong = OpenAnySlot(table, candidate, {.passphrases = {&wrong}}).status();
      ASSERT_EQ(of_right.code(), StatusCode::kWrongKey);
      ASSERT_EQ(of_right.ToString(), of_wrong.ToString());
    }
  }
}

TEST_F(ProvidersView, ThreeMegabytesOfNewFilesCostAtMostHalfMoreThanTheirShare) {
  for (const auto& [needed, count] : {std::pair{2, 3}, {2, 4}, {3, 5}}) {
    Vault vault = MakeVault({.needed = needed, .providers = count});
    const std::string below = "srv" + std::to_string(count);
    MakeDir(below);
    // The host is registered before: what is counted is what the files add.
    Need(vault.BackupTree(Path(below)));
    std::uint64_t left = 3'000'000;
    for (int i = 0; left > 0; ++i) {
      const std::uint64_t size = std::min<std::uint64_t>(left, 1 + RandomBelow(200'000));
      WriteFile(below + "/f" + std::to_string(i), RandomText(size));
      left -= size;
    }
    const std::uint64_t before = StoredBytes();
    const BackupReport report = Need(vault.BackupTree(Path(below)));
    EXPECT_EQ(report.bytes_new >= 3'000'000u, true);
    const double ideal = 3e6 * count / needed;
    const double ratio = static_cast<double>(StoredBytes() - before) / ideal;
    RecordProperty("ratio_" + std::to_string(needed) + "_of_" + std::to_string(count),
                   std::to_string(ratio));
    EXPECT_LE(ratio, 1.5) << needed << " of " << count;
    EXPECT_GT(ratio, 1.0);
  }
}

}  // namespace
}  // namespace fenchi
