// A scratch directory, helpers that look at trees by plain system calls (not through the code under
// test), and a walker that copies a tree through SourceDirectory and RestoreTarget.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "filesystem/restore_target.h"
#include "filesystem/source_tree.h"

namespace fenchi::filesystem {

class TreeTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Moves the scratch directory to memory where there is such a place: disks take seconds to make
  // thousands of directories.
  void UseMemoryFileSystem();

  std::string Path(const std::string& below) const { return scratch_ + "/" + below; }
  void MakeDir(const std::string& below, mode_t mode = 0755) const;
  void WriteFile(const std::string& below, const std::string& content, mode_t mode = 0644) const;
  SourceDirectory Source(const std::string& below) const;
  RestoreTarget Target(const std::string& below, const RestoreTargetOptions& options = {}) const;

  void RemoveScratch() const;

  std::string scratch_;
};

std::string ReadFile(const std::string& path);
bool Exists(const std::string& path);  // a dangling link exists
struct stat Stat(const std::string& path);
// Waits until the file system's clock has moved on, so that the next change has another time.
void WaitForClockTick(const std::string& directory);
std::size_t OpenDescriptors();
bool SetXattr(const std::string& path, const std::string& name, const std::string& value);
std::string GetXattr(const std::string& path, const std::string& name);  // "(none)" without one

// One line for each entry below `root`, with everything that a backup keeps; keyed by path.
std::map<std::string, std::string> Describe(const std::string& root);

Attributes FileAttributes(std::uint64_t size, std::uint32_t mode = 0644);
Attributes DirectoryAttributes(std::uint32_t mode = 0755);
Attributes LinkAttributes(const std::string& target);

// Copies everything of `from`, itself included, to `to`; a failure is the returned Status.
Status CopyTree(const SourceDirectory& from, const RestoreDirectory& to, Warnings& warnings);

// Runs `body` in a child process; gives what it returned: "" when all was well. A child that hangs
// is ended after a minute.
std::string InChild(const std::function<std::string()>& body);
// In a child: gives up root for good. "" when that worked.
std::string BecomeNobody();

}  // namespace fenchi::filesystem
