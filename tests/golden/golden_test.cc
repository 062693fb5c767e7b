// The golden vaults open, list and restore from every k-subset of their providers.
//
// tests/golden/make_golden.cc made them; their manifests were read from the sources by lstat. They
// must open for ever: when one of these tests fails, the library is wrong, never the vault.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fenchi/hash.h"
#include "fenchi/vault.h"
#include "golden/tree_manifest.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

// One archive, unpacked into a folder that is removed in the end.
class Golden {
 public:
  explicit Golden(const std::string& name)
      : about(ParseGolden(std::string(FENCHI_GOLDEN_DIRECTORY) + "/" + name + ".manifest")) {
    std::string pattern = (fs::temp_directory_path() / "fenchi-golden-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
    const std::string unpack = "cd '" + folder_.string() + "' && '" FENCHI_CMAKE "' -E tar xf '" +
                               FENCHI_GOLDEN_DIRECTORY + "/" + name + ".tar.xz'";
    if (std::system(unpack.c_str()) != 0) std::abort();
    providers_ = folder_ / name;
  }
  ~Golden() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::vector<NamedProvider> Providers(const std::set<int>& which) const {
    std::vector<NamedProvider> out;
    for (const int i : which) {
      const std::string name = "p" + std::to_string(i);
      auto provider = OpenLocalProvider(providers_ / name, {.sync = false});
      if (!provider.ok()) std::abort();
      out.push_back({name, OpenReadOnlyProvider(std::move(*provider))});
    }
    return out;
  }

  Result<Vault> Open(const std::set<int>& which, std::string passphrase) const {
    OpenOptions options;
    options.vault_id = *VaultId::FromHexText(about.vault_id);
    options.state_directory = folder_ / "state";
    return Vault::Open(Providers(which),
                       Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes(passphrase))), options);
  }
  Result<Vault> Open(const std::set<int>& which) const { return Open(which, about.passphrase); }

  std::set<int> AllProviders() const {
    std::set<int> out;
    for (int i = 0; i < about.providers; ++i) out.insert(i);
    return out;
  }

  // Every set of exactly `size` providers.
  std::vector<std::set<int>> Subsets(int size) const {
    std::vector<std::set<int>> out;
    for (unsigned mask = 0; mask < 1u << about.providers; ++mask) {
      std::set<int> which;
      for (int i = 0; i < about.providers; ++i) {
        if ((mask >> i & 1) != 0) which.insert(i);
      }
      if (static_cast<int>(which.size()) == size) out.push_back(which);
    }
    return out;
  }

  fs::path folder() const { return folder_; }
  const GoldenVault about;

 private:
  fs::path folder_;
  fs::path providers_;
};

std::string Names(const std::set<int>& which) {
  std::string out;
  for (const int i : which) out += (out.empty() ? "p" : " p") + std::to_string(i);
  return out;
}

// One of the many small files of a tree, all alike: their content is compared by Restore only.
bool IsSmallRecord(const std::string& path) { return path.find("/many/") != std::string::npos; }

TreeManifest WithoutSmallContents(TreeManifest tree) {
  for (auto& [path, line] : tree) {
    if (!IsSmallRecord(path)) continue;
    std::string joined;
    std::vector<std::string> fields = Fields(line);
    fields[7] = "?";
    for (const std::string& field : fields) joined += (joined.empty() ? "" : " ") + field;
    line = joined;
  }
  return tree;
}

// What Vault::List and Vault::Cat say of a snapshot, in the manifest's words.
TreeManifest ListedTree(Vault& vault, const SnapshotId& id) {
  std::map<HardLinkKey, std::string> first;
  std::vector<ListedEntry> entries;
  const Status listed = vault.List(id, "", true, [&](const ListedEntry& entry) {
    entries.push_back(entry);
    if (entry.attributes.hard_link) {
      std::string& path = first.try_emplace(*entry.attributes.hard_link, entry.path).first->second;
      path = std::min(path, entry.path);
    }
    return true;
  });
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  TreeManifest out;
  for (const ListedEntry& entry : entries) {
    const Attributes& a = entry.attributes;
    std::string content = "-";
    if (IsSmallRecord(entry.path)) {
      content = "?";
    } else if (a.type == EntryType::kFile) {
      Sha256Hasher hasher;
      const Status read = vault.Cat(id, entry.path, [&](ByteView bytes) {
        hasher.Update(bytes);
        return Status::Ok();
      });
      EXPECT_TRUE(read.ok()) << read.ToString();
      content = hasher.Finish().hex();
    } else if (a.type == EntryType::kSymlink) {
      content = ToHex(AsBytes(a.symlink_target));
    } else if (a.type == EntryType::kCharDevice || a.type == EntryType::kBlockDevice) {
      content = std::to_string(a.device_major) + ":" + std::to_string(a.device_minor);
    }
    std::string xattrs;
    for (const Xattr& attribute : a.xattrs) {
      xattrs += (xattrs.empty() ? "" : ",") + ToHex(AsBytes(attribute.name)) + ":" +
                (attribute.value.empty() ? "-" : ToHex(attribute.value));
    }
    char numbers[128];
    std::snprintf(numbers, sizeof numbers, " %o %u %u %lld.%09u %llu ", a.mode, a.uid, a.gid,
                  static_cast<long long>(a.modified.seconds), a.modified.nanoseconds,
                  static_cast<unsigned long long>(a.type == EntryType::kFile ? a.size : 0));
    const char letter = "?fdlpcbs"[static_cast<int>(a.type)];
    out[entry.path] = letter + (" " + ToHex(AsBytes(entry.path))) + numbers + content + " " +
                      (a.hard_link ? ToHex(AsBytes(first[*a.hard_link])) : "-") + " " +
                      (xattrs.empty() ? "-" : xattrs);
  }
  return out;
}

// Sockets are not restored by design, devices, owners and ACLs only for root.
TreeManifest Restorable(const TreeManifest& tree) {
  TreeManifest out;
  for (const auto& [path, line] : tree) {
    std::vector<std::string> fields = Fields(line);
    if (fields[0] == "s") continue;
    if (geteuid() != 0) {
      if (fields[0] == "c" || fields[0] == "b") continue;
      fields[3] = fields[4] = fields[9] = "?";
    }
    std::string joined;
    for (const std::string& field : fields) joined += field + " ";
    out.emplace(path, joined);
  }
  return out;
}

class GoldenVaults : public ::testing::TestWithParam<const char*> {};

TEST_P(GoldenVaults, ListAndRestoreFromEverySubsetOfAsManyProvidersAsAreNeeded) {
  const Golden golden(GetParam());
  ASSERT_FALSE(golden.about.snapshots.empty());
  for (const std::set<int>& which : golden.Subsets(golden.about.needed)) {
    SCOPED_TRACE(Names(which));
    Result<Vault> vault = golden.Open(which);
    ASSERT_TRUE(vault.ok()) << vault.status().ToString();
    const Result<SnapshotList> list = vault->Snapshots();
    ASSERT_TRUE(list.ok()) << list.status().ToString();
    ASSERT_EQ(list->snapshots.size(), golden.about.snapshots.size());
    for (std::size_t i = 0; i < list->snapshots.size(); ++i) {
      const GoldenSnapshot& wanted = golden.about.snapshots[i];
      EXPECT_EQ(list->snapshots[i].id.hex(), wanted.id);
      EXPECT_EQ(list->snapshots[i].label, wanted.label);
      EXPECT_EQ(list->snapshots[i].key_domain, wanted.key_domain);
      const SnapshotId id = list->snapshots[i].id;
      EXPECT_EQ(Difference(WithoutSmallContents(wanted.entries), ListedTree(*vault, id)), "");
      const fs::path target = golden.folder() / "restored";
      const Result<RestoreReport> restored =
          vault->Restore(id, target, {.keep_setuid = true, .make_devices = geteuid() == 0});
      ASSERT_TRUE(restored.ok()) << restored.status().ToString();
      EXPECT_TRUE(restored->complete());
      EXPECT_EQ(Difference(Restorable(wanted.entries), Restorable(ScanTree(target))), "");
      fs::remove_all(target);
    }
  }
}

TEST_P(GoldenVaults, VerifyCleanDownToTheData) {
  const Golden golden(GetParam());
  Result<Vault> vault = golden.Open(golden.AllProviders());
  ASSERT_TRUE(vault.ok()) << vault.status().ToString();
  EXPECT_TRUE(vault->warnings().empty()) << vault->warnings().front();
  const Result<VerifyReport> report = vault->Verify({.depth = VerifyDepth::kData});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  for (const Damage& damage : report->damage) ADD_FAILURE() << damage.provider << damage.what;
  EXPECT_TRUE(report->healthy());
  EXPECT_EQ(report->snapshots_checked, golden.about.snapshots.size());
  EXPECT_GT(report->chunks_checked, 0u);
}

TEST_P(GoldenVaults, StayClosedToAnotherPassphraseOrTooFewProviders) {
  const Golden golden(GetParam());
  const Result<Vault> wrong = golden.Open(golden.AllProviders(), golden.about.passphrase + " ");
  EXPECT_EQ(wrong.status().code(), StatusCode::kWrongKey) << wrong.status().ToString();
  if (golden.about.needed == 1) return;
  for (const std::set<int>& which : golden.Subsets(golden.about.needed - 1)) {
    const Result<Vault> few = golden.Open(which);
    EXPECT_EQ(few.status().code(), StatusCode::kTooFewProviders) << few.status().ToString();
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenVaults,
                         ::testing::Values("tree-2of3", "stream-1of2", "domains-3of4"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace fenchi
