#include "golden/tree_manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "fenchi/bytes.h"
#include "fenchi/hash.h"

namespace fenchi {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::perror(what.c_str());
  std::abort();
}

std::string Hex(std::string_view text) { return text.empty() ? "-" : ToHex(AsBytes(text)); }

std::string Text(std::string_view hex) {
  if (hex == "-") return "";
  const Result<Bytes> bytes = FromHex(hex);
  if (!bytes.ok()) Die("not hex: " + std::string(hex));
  return std::string(AsText(*bytes));
}

std::string HashOfFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) Die(path);
  Sha256Hasher hasher;
  Bytes buffer(1 << 20);
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0) Die(path);
    if (got == 0) break;
    hasher.Update(ByteView(buffer).first(static_cast<std::size_t>(got)));
  }
  close(fd);
  return hasher.Finish().hex();
}

std::string TargetOf(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size < 0) Die(path);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

std::string XattrsOf(const std::string& path) {
  std::string names(65536, '\0');
  const ssize_t size = llistxattr(path.c_str(), names.data(), names.size());
  if (size <= 0) return "-";
  std::vector<std::string> parts;
  std::istringstream list(names.substr(0, static_cast<std::size_t>(size)));
  for (std::string name; std::getline(list, name, '\0');) {
    // Labels of a security module belong to the host, not to the tree.
    if (name.starts_with("security.")) continue;
    std::string value(65536, '\0');
    const ssize_t length = lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (length < 0) Die(path);
    value.resize(static_cast<std::size_t>(length));
    parts.push_back(Hex(name) + ":" + Hex(value));
  }
  std::ranges::sort(parts);
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out.empty() ? "-" : out;
}

char TypeLetter(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return 'f';
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFIFO:
      return 'p';
    case S_IFCHR:
      return 'c';
    case S_IFBLK:
      return 'b';
    default:
      return 's';
  }
}

using FirstNames = std::map<std::pair<dev_t, ino_t>, std::string>;

std::string LineOf(const std::string& full, const std::string& path, const struct stat& node,
                   const FirstNames& first) {
  const char type = TypeLetter(node.st_mode);
  std::string content = "-";
  if (type == 'f') content = HashOfFile(full);
  if (type == 'l') content = Hex(TargetOf(full));
  if (type == 'c' || type == 'b') {
    content = std::to_string(major(node.st_rdev)) + ":" + std::to_string(minor(node.st_rdev));
  }
  const auto same = first.find({node.st_dev, node.st_ino});
  char numbers[128];
  std::snprintf(numbers, sizeof numbers, "%o %u %u %lld.%09ld %llu",
                static_cast<unsigned>(node.st_mode & 07777), node.st_uid, node.st_gid,
                static_cast<long long>(node.st_mtim.tv_sec), node.st_mtim.tv_nsec,
                type == 'f' ? static_cast<unsigned long long>(node.st_size) : 0ull);
  return std::string(1, type) + " " + Hex(path) + " " + numbers + " " + content + " " +
         (same == first.end() ? "-" : Hex(same->second)) + " " + XattrsOf(full);
}

void Walk(const std::string& top, const std::string& below,
          std::map<std::string, struct stat>& nodes) {
  DIR* folder = opendir((top + "/" + below).c_str());
  if (folder == nullptr) Die(top + "/" + below);
  std::vector<std::string> folders;
  while (const dirent* entry = readdir(folder)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = below.empty() ? name : below + "/" + name;
    struct stat node {};
    if (lstat((top + "/" + path).c_str(), &node) != 0) Die(path);
    nodes.emplace(path, node);
    if (S_ISDIR(node.st_mode)) folders.push_back(path);
  }
  closedir(folder);
  for (const std::string& path : folders) Walk(top, path, nodes);
}

}  // namespace

TreeManifest ScanTree(const std::string& directory) {
  std::map<std::string, struct stat> nodes;
  Walk(directory, "", nodes);
  FirstNames first;
  for (const auto& [path, node] : nodes) {
    if (!S_ISDIR(node.st_mode) && node.st_nlink > 1) {
      first.emplace(std::pair(node.st_dev, node.st_ino), path);
    }
  }
  TreeManifest out;
  for (const auto& [path, node] : nodes) {
    out.emplace(path, LineOf(directory + "/" + path, path, node, first));
  }
  return out;
}

std::string Difference(const TreeManifest& wanted, const TreeManifest& found) {
  std::string out;
  int lines = 0;
  for (const auto& [path, line] : wanted) {
    const auto at = found.find(path);
    if (at != found.end() && at->second == line) continue;
    if (++lines > 20) return out + "...\n";
    out += "wanted " + line + "\n found " + (at == found.end() ? "nothing" : at->second) + "\n";
  }
  for (const auto& [path, line] : found) {
    if (wanted.contains(path)) continue;
    if (++lines > 20) return out + "...\n";
    out += "wanted nothing\n found " + line + "\n";
  }
  return out;
}

std::vector<std::string> Fields(std::string_view line) {
  std::vector<std::string> out;
  std::istringstream words{std::string(line)};
  for (std::string word; words >> word;) out.push_back(word);
  if (out.size() != 10) Die("a line of a manifest has other than ten fields");
  return out;
}

std::string ToText(const GoldenVault& vault) {
  std::string out = "vault " + vault.vault_id + "\npassphrase " + Hex(vault.passphrase) +
                    "\nneeded " + std::to_string(vault.needed) + "\nproviders " +
                    std::to_string(vault.providers) + "\n";
  for (const GoldenSnapshot& snapshot : vault.snapshots) {
    out += "snapshot " + snapshot.id + " " + Hex(snapshot.label) + " " + Hex(snapshot.key_domain) +
           "\n";
    for (const auto& [path, line] : snapshot.entries) out += "entry " + line + "\n";
  }
  return out;
}

GoldenVault ParseGolden(const std::string& file) {
  std::ifstream input(file);
  if (!input) Die(file);
  GoldenVault out;
  for (std::string line; std::getline(input, line);) {
    std::istringstream words(line);
    std::string key, value;
    words >> key >> value;
    if (key == "vault") out.vault_id = value;
    if (key == "passphrase") out.passphrase = Text(value);
    if (key == "needed") out.needed = std::stoi(value);
    if (key == "providers") out.providers = std::stoi(value);
    if (key == "snapshot") {
      std::string label, domain;
      words >> label >> domain;
      out.snapshots.push_back({value, Text(label), Text(domain), {}});
    }
    if (key == "entry") {
      const std::string entry = line.substr(6);
      out.snapshots.back().entries.emplace(Text(Fields(entry)[1]), entry);
    }
  }
  return out;
}

}  // namespace fenchi
