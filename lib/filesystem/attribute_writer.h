// Sets owner, extended attributes, mode and times of one restored node, in the order that works:
// a change of owner or of content clears setuid bits and file capabilities, an ACL changes the
// mode, and everything but the times moves the times.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <vector>

#include "fenchi/entry.h"
#include "fenchi/status.h"

namespace fenchi::filesystem {

struct AttributeRules {
  bool keep_setuid = false;
  bool keep_owner = false;
  // false: the node certainly has no ACL yet, neither its directory's nor anybody's.
  bool acl_possible = true;
};

// How `fd` was opened.
enum class NodeAccess {
  kOpen,      // for reading or writing
  kPathOnly,  // with O_PATH: links, FIFOs, devices
};

// Sets what `attributes` says on the node behind `fd`, whose type is attributes.type and of which
// fstat said `now`. Whatever is dropped by the rules or cannot be set is added to `warnings`;
// nothing else stops.
//
// A setuid or setgid bit and file capabilities are kept only if asked for and if the node really
// has the owner that they were meant for: else a program of some user would run as root.
void WriteAttributes(int fd, NodeAccess access, struct stat now, const Attributes& attributes,
                     const AttributeRules& rules, std::vector<Status>& warnings);

// Whether the open `directory`, or what is made in it, may have an ACL that is not the snapshot's:
// yes when in doubt. In the place of a new directory somebody may have put one of his own; on one
// that is ours and has no ACL nobody else can set one.
bool AclPossible(int directory);

}  // namespace fenchi::filesystem
