// The whole verb without disks: BackupStream from memory to three providers that forget shards.
#pragma once

#include <string>

#include "fenchi/options.h"
#include "measure.h"

namespace fenchi::bench {

// Keeps this process and its threads to `cpus` of its cores; 0: all. False when that is refused.
bool UseCpus(int cpus);

class VaultPath {
 public:
  // state_directory: an empty folder for what a host keeps.
  VaultPath(std::string state_directory, int compression_level);

  // Each run is a new host's: nothing is known, everything is stored. Returns the verb's seconds,
  // opening the vault not counted. threads: of the library; the process uses as many cores.
  double Run(ByteView data, int threads);

 private:
  std::string state_directory_;
  int level_;
  int runs_ = 0;
  std::vector<NamedProvider> providers_;
  VaultId vault_;
};

}  // namespace fenchi::bench
