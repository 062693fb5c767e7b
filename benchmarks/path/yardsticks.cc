#include "yardsticks.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#ifdef FENCHI_HAVE_ZFEC
extern "C" {
// zfec's header uses a keyword that C++ does not have: these are the four names needed here.
typedef struct ZfecCode fec_t;
void fec_init(void);
fec_t* fec_new(unsigned short k, unsigned short m);
void fec_free(fec_t* code);
void fec_encode(const fec_t* code, const unsigned char* const* src, unsigned char* const* fecs,
                const unsigned* block_nums, std::size_t count, std::size_t size);
}
#endif

namespace fenchi::bench {
namespace {

constexpr std::size_t kMessage = std::size_t{64} << 10;
constexpr std::size_t kSealedMessage = kMessage + crypto_secretstream_xchacha20poly1305_ABYTES;

}  // namespace

void CopyInPieces(ByteView from, Bytes& to, std::size_t piece) {
  for (std::size_t at = 0; at < from.size(); at += piece) {
    std::memcpy(to.data(), from.data() + at, std::min(piece, from.size() - at));
    asm volatile("" ::"r"(to.data()) : "memory");  // every copy is made
  }
}

struct SecretstreamZfec::State {
  int needed, seats;
  ByteView plain;
  std::size_t blocks;  // of each shard
  std::vector<Bytes> shards;
  crypto_secretstream_xchacha20poly1305_state stream;
#ifdef FENCHI_HAVE_ZFEC
  fec_t* code = nullptr;
#endif

  unsigned char* Block(int shard, std::size_t block) {
    return shards[shard].data() + block * kSealedMessage;
  }
  void Push(std::size_t message, unsigned char* out) {
    const std::size_t at = message * kMessage;
    crypto_secretstream_xchacha20poly1305_push(&stream, out, nullptr, plain.data() + at,
                                               std::min(kMessage, plain.size() - at), nullptr, 0,
                                               0);
  }
  void SplitBlock(std::size_t block) {
#ifdef FENCHI_HAVE_ZFEC
    const unsigned char* data[255];
    unsigned char* parity[255];
    unsigned numbers[255];
    for (int j = 0; j < needed; ++j) data[j] = Block(j, block);
    for (int i = needed; i < seats; ++i) {
      parity[i - needed] = Block(i, block);
      numbers[i - needed] = static_cast<unsigned>(i);
    }
    fec_encode(code, data, parity, numbers, static_cast<std::size_t>(seats - needed),
               kSealedMessage);
#else
    (void)block;
#endif
  }
};

bool SecretstreamZfec::Available() {
#ifdef FENCHI_HAVE_ZFEC
  return true;
#else
  return false;
#endif
}

SecretstreamZfec::SecretstreamZfec(int needed, int seats, ByteView plain)
    : state_(std::make_unique<State>()) {
  if (sodium_init() < 0) std::abort();
  const auto k = static_cast<std::size_t>(needed);
  const std::size_t messages = plain.size() / kMessage;
  *state_ = {.needed = needed,
             .seats = seats,
             .plain = plain,
             .blocks = messages / k,
             .shards = {},
             .stream = {}};
  state_->shards.assign(static_cast<std::size_t>(seats), Bytes(state_->blocks * kSealedMessage));
  const unsigned char key[crypto_secretstream_xchacha20poly1305_KEYBYTES] = {1};
  unsigned char header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
  crypto_secretstream_xchacha20poly1305_init_push(&state_->stream, header, key);
#ifdef FENCHI_HAVE_ZFEC
  fec_init();
  state_->code = fec_new(static_cast<unsigned short>(needed), static_cast<unsigned short>(seats));
#endif
}

SecretstreamZfec::~SecretstreamZfec() {
#ifdef FENCHI_HAVE_ZFEC
  fec_free(state_->code);
#endif
}

void SecretstreamZfec::EncryptAndSplit() {
  const auto k = static_cast<std::size_t>(state_->needed);
  for (std::size_t block = 0; block < state_->blocks; ++block) {
    for (std::size_t j = 0; j < k; ++j) {
      state_->Push(block * k + j, state_->Block(static_cast<int>(j), block));
    }
    state_->SplitBlock(block);
  }
}

void SecretstreamZfec::Encrypt() {
  for (std::size_t message = 0; message < state_->plain.size() / kMessage; ++message) {
    state_->Push(message, state_->Block(0, 0));
  }
}

void SecretstreamZfec::Split() {
  for (std::size_t block = 0; block < state_->blocks; ++block) state_->SplitBlock(block);
}

}  // namespace fenchi::bench
