// The path from chunks to tagged shards, memory to memory on one thread, beside its parts: each
// round measures all of them in turn, so that their ratios are of one moment. Prints one JSON
// object of seconds by name, one value for each round. Usage: fenchi_path [ROUNDS [K N]]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "fenchi/aead.h"
#include "fenchi/chunker.h"
#include "fenchi/erasure_code.h"
#include "fenchi/hash.h"
#include "format/derive.h"
#include "repository/pack_seal.h"

namespace fenchi {
namespace {

constexpr int kSegments = 240;
constexpr std::size_t kChunk = std::size_t{1} << 20;

double Seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return std::move(*result);
}
void Need(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

// A vault of k of n without providers, and chunks of random bytes for one pack of the largest
// class.
class Path {
 public:
  Path(int k, int n) : n_(n) {
    Random& random = SystemRandom();
    access_.policy.needed = k;
    random.Fill(access_.vault.mutable_view());
    access_.outer_key = SecretBytes::Random(32, random);
    keys_.suite = Suite::kAes256Gcm;
    keys_.data_key = SecretBytes::Random(32, random);
    keys_.tag_key = SecretBytes::Random(32, random);
    id_key_ = SecretBytes::Random(32, random);
    keys_.wrapped_data_key = Bytes(256);
    keys_.wrapped_tag_key = Bytes(256);
    plain_.resize(format::PackPlainSize(kSegments));
    random.Fill(plain_);
  }

  // Chunk ids, packs, encryption, splitting, tags, and the check before upload.
  void FullPath() {
    const Chunker chunker = Need(Chunker::Create({}));
    KeyedHash hash = Need(KeyedHash::Create(id_key_.view()));
    PackPlanner planner(keys_.run, SystemRandom());
    const std::size_t all = plain_.size() - 64 * 1024;
    for (std::size_t at = 0; at < all;) {
      const ByteView window = ByteView(plain_).subspan(at, all - at);
      const std::size_t size = chunker.FirstCut(window, true);
      ChunkId id;
      id.bytes = hash(window.first(size)).bytes;
      Need(planner.Add(id, size, {window.first(size), nullptr}, std::make_shared<ChunkTicket>()));
      at += size;
    }
    for (PlannedPack& pack : Need(planner.PlanRest())) SealOne(pack);
  }

  // Encryption, splitting, tags, and the check before upload.
  void Seal() {
    PackPlanner planner(keys_.run, SystemRandom());
    for (std::size_t at = 0; at + kChunk <= plain_.size(); at += kChunk) {
      Need(planner.Add(ChunkId{}, kChunk, {ByteView(plain_).subspan(at, kChunk), nullptr},
                       std::make_shared<ChunkTicket>()));
    }
    for (PlannedPack& pack : Need(planner.PlanRest())) SealOne(pack);
  }

  // ---- The parts, on memory of the same sizes ----
  void Encrypt() {
    SegmentCipher cipher = Need(SegmentCipher::Create(keys_.suite, keys_.data_key.view()));
    Bytes out(format::kBlockSize);
    for (int i = 0; i < kSegments; ++i) {
      Need(cipher.SealSegment(i, i == kSegments - 1, Segment(i), out));
    }
  }
  void Split() {
    const int k = access_.needed();
    const ErasureCode code = Need(ErasureCode::Create(k, n_));
    std::vector<Bytes> parity(n_ - k, Bytes(format::kBlockSize));
    std::vector<MutableBytes> out(parity.begin(), parity.end());
    for (int i = 0; i + k <= kSegments; i += k) {
      std::vector<ByteView> data;
      for (int j = 0; j < k; ++j) data.push_back(Segment(i + j));
      for (ByteView& view : data) view = view.first(format::kSegmentPlainSize);
      std::vector<MutableBytes> shorter;
      for (const MutableBytes& one : out) shorter.push_back(one.first(format::kSegmentPlainSize));
      Need(code.Encode(data, shorter));
    }
  }
  void Tags() {
    Aead tagger = Need(Aead::Create(keys_.suite, keys_.tag_key.view()));
    std::array<std::uint8_t, kAeadTagSize> tag;
    const int blocks = kSegments * n_ / access_.needed();
    for (int i = 0; i < blocks; ++i) {
      Need(tagger.Tag(format::BlockTagNonce(0, i), Segment(i % kSegments), tag));
    }
  }
  void Ids() {
    KeyedHash hash = Need(KeyedHash::Create(id_key_.view()));
    for (std::size_t at = 0; at + kChunk <= plain_.size(); at += kChunk) {
      (void)hash(ByteView(plain_).subspan(at, kChunk));
    }
  }
  void Cuts() {
    const Chunker chunker = Need(Chunker::Create({}));
    for (std::size_t at = 0; at < plain_.size();) {
      at += chunker.FirstCut(ByteView(plain_).subspan(at), true);
    }
  }

 private:
  ByteView Segment(int i) const {
    return ByteView(plain_).subspan(static_cast<std::size_t>(i) * format::kSegmentPlainSize,
                                    format::kSegmentPlainSize);
  }
  void SealOne(PlannedPack& pack) {
    Need(SealPack(access_, keys_, format::PackType::kData, pack, n_, SystemRandom(), buffers_));
  }

  const int n_;
  Access access_{.policy = {}, .seats = Seats({}, nullptr)};
  RunKeys keys_;
  SecretBytes id_key_;
  Bytes plain_;
  PackBuffers buffers_;
};

int Main(int rounds, int k, int n) {
  Path path(k, n);
  const std::vector<std::pair<std::string, std::function<void()>>> all = {
      {"full_path", [&] { path.FullPath(); }}, {"encrypt_split_tag", [&] { path.Seal(); }},
      {"encrypt", [&] { path.Encrypt(); }},    {"split", [&] { path.Split(); }},
      {"tags", [&] { path.Tags(); }},          {"ids", [&] { path.Ids(); }},
      {"cuts", [&] { path.Cuts(); }},
  };
  std::map<std::string, std::vector<double>> seconds;
  for (const auto& [name, work] : all) work();  // pages touched, caches warm
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [name, work] : all) seconds[name].push_back(Seconds(work));
  }
  std::printf("{\"bytes\": %zu, \"k\": %d, \"n\": %d", format::PackPlainSize(kSegments), k, n);
  for (const auto& [name, values] : seconds) {
    std::printf(", \"%s\": [", name.c_str());
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::printf("%s%.9f", i == 0 ? "" : ", ", values[i]);
    }
    std::printf("]");
  }
  std::printf("}\n");
  return 0;
}

}  // namespace
}  // namespace fenchi

int main(int argc, char** argv) {
  const auto number = [&](int at, int otherwise) {
    return argc > at ? std::atoi(argv[at]) : otherwise;
  };
  return fenchi::Main(number(1, 21), number(2, 3), number(3, 5));
}
