// What others do with the same memory: a copy, and libsodium's encrypted stream split by zfec.
#pragma once

#include <memory>

#include "measure.h"

namespace fenchi::bench {

// libsodium secretstream (XChaCha20-Poly1305, messages of 64 KiB), each k of which zfec's C core
// then splits while they are in cache: the quickest order found. Its shares carry no tags.
class SecretstreamZfec {
 public:
  // False where zfec's source was not there when this was built (scripts/setup --benchmarks).
  static bool Available();

  SecretstreamZfec(int needed, int seats, ByteView plain);
  ~SecretstreamZfec();
  SecretstreamZfec(const SecretstreamZfec&) = delete;
  SecretstreamZfec& operator=(const SecretstreamZfec&) = delete;

  void EncryptAndSplit();
  void Encrypt();
  void Split();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// memcpy of all of `from` to other memory, in pieces of `piece` bytes to one place each time.
void CopyInPieces(ByteView from, Bytes& to, std::size_t piece);

}  // namespace fenchi::bench
