// Runs under Valgrind: every secret is given to it as uninitialised memory, so that each branch and
// each address that depends on one is a report.
//
//   secret_marks               key sharing, comparison, key derivation: no report is expected
//   secret_marks --leak branch | address     a leak on purpose, which must be reported
//
// test_secret_marks.py builds it with FENCHI_MARK_SECRETS by two compilers at two levels.
// Exit code 2 outside Valgrind, where it would show nothing.
// Source of the method: A. Langley, "ctgrind", 2010.
#include <valgrind/memcheck.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/told.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"
#include "crypto/signing.h"
#include "fenchi/aead.h"
#include "fenchi/hash.h"
#include "fenchi/key_sharing.h"
#include "format/derive.h"
#include "sharing/dealer.h"
#include "sharing/shamir.h"

namespace fenchi {
namespace {

void Mark(ByteView secret) { (void)VALGRIND_MAKE_MEM_UNDEFINED(secret.data(), secret.size()); }
void Publish(ByteView known) { (void)VALGRIND_MAKE_MEM_DEFINED(known.data(), known.size()); }

// This program's own expectations; their outcomes are no secrets of the library.
void Need(bool outcome, const char* what) {
  if (Told(outcome)) return;
  std::fprintf(stderr, "secret_marks: %s\n", what);
  std::exit(3);
}

template <typename T>
T Value(Result<T> result) {
  Need(result.ok(), "a step failed");
  return std::move(result).value();
}

// All that it gives out is secret.
class MarkingRandom final : public Random {
 public:
  void Fill(MutableBytes out) override {
    random_->Fill(out);
    Mark(out);
  }

 private:
  std::unique_ptr<Random> random_ = SeededRandom(20260110);
};

constexpr std::size_t kContextSize = 84;
constexpr std::size_t kValueAt = 10 + kContextSize;

// A share as it is handed over: all is written on it, and only its value is secret.
SecretBytes HandedOver(const KeyShare& share) {
  SecretBytes bytes = share.Serialize();
  Publish(bytes.view());
  Mark(bytes.view().subspan(kValueAt, 32));
  return bytes;
}

void RunSharing(Random& random) {
  const SecretBytes key = SecretBytes::Random(32, random);
  const Bytes context(kContextSize, 7);
  const std::vector<KeyShare> shares = Value(SplitKey(key, {3, 5}, context, random));
  std::vector<SecretBytes> bytes;
  std::vector<NamedShare> items;
  for (const KeyShare& share : shares) bytes.push_back(HandedOver(share));
  for (const SecretBytes& one : bytes) items.push_back({"item", one.view()});

  const RecoveredKey back = Value(RecoverKey(items));
  Need(back.key.Equals(key.view()), "another key came back");
  const KeyShare rebuilt = Value(RebuildShare(items, 4));
  Need(rebuilt.value.Equals(shares[3].value.view()), "another share was rebuilt");

  // Two bad ones: combinations are tried, each with secrets of its own.
  for (const std::size_t bad : {0, 1}) {
    bytes[bad].mutable_view()[kValueAt] ^= 1;
    const Hash256 hash = Sha256(bytes[bad].view().first(bytes[bad].size() - 4));
    std::memcpy(&bytes[bad].mutable_view()[bytes[bad].size() - 4], hash.bytes.data(), 4);
    Publish(bytes[bad].view().last(4));
  }
  RecoverOptions options;
  options.accept = [&](ByteView found) { return Told(key.Equals(found)); };
  Need(Value(RecoverKey(items, options)).faults.size() == 2, "bad shares were not named");
}

// The dealer's key is secret, and so are the values that it signs.
void RunSigning(Random& random) {
  const SigningKey signing_key = SigningKey::Generate(random);
  Publish(signing_key.public_key().view());
  const Dealer dealer(signing_key);
  const SecretBytes key = SecretBytes::Random(32, random);
  Value(SplitKey(key, {2, 3}, Bytes(kContextSize, 7), random, &dealer));
}

void RunShamir(Random& random) {
  const SecretBytes secret = SecretBytes::Random(32, random);
  const SecretBytes coins = SecretBytes::Random(2 * 32, random);
  std::vector<SecretBytes> points;
  std::vector<ByteView> values;
  const std::uint8_t indexes[] = {1, 128, 255};
  for (const std::uint8_t index : indexes) {
    ShamirEvaluate(secret.view(), coins.view(), index,
                   points.emplace_back(std::size_t{32}).mutable_view());
  }
  for (const SecretBytes& point : points) values.push_back(point.view());
  SecretBytes back(32);
  ShamirInterpolate(indexes, values, 0, back.mutable_view());
  Need(back.Equals(secret.view()), "another secret was interpolated");
}

void RunCompare(Random& random) {
  for (const std::size_t size : {1, 4, 16, 31, 32, 33, 64, 1000}) {
    const SecretBytes one = SecretBytes::Random(size, random);
    SecretBytes other = one.Clone();
    Need(ConstantTimeEquals(one.view(), other.view()), "equal bytes differ");
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      other.mutable_view()[at] ^= 0x80;
      Need(!one.Equals(other.view()), "unequal bytes are equal");
      other.mutable_view()[at] ^= 0x80;
    }
    Wipe(other.mutable_view());
  }
}

void RunDerivation(Random& random) {
  const SecretBytes ikm = SecretBytes::Random(32, random);
  const SecretBytes salt = SecretBytes::Random(32, random);
  const ByteView info = AsBytes("info");
  SecretBytes out(200);
  HkdfSha512Into(ikm.view(), salt.view(), info, out.mutable_view());
  HkdfExpandSha512(HkdfExtractSha512(ikm.view(), salt.view()).view(), info, 96);
  HkdfExpandSha256(HkdfExtractSha256(ikm.view(), {}).view(), info, 96);
  HkdfSha512(SecretBytes::Random(300, random).view(), salt.view(), info, 64);
  HkdfSha256(ikm.view(), salt.view(), info, 64);
  HmacSha256(ikm.view(), info);

  const SealContext context{Suite::kAes256Gcm, SealType::kSlot, {}, info};
  Bytes box = Value(Seal(context, ikm.view(), salt.view(), Bytes(kSealSaltSize, 3)));
  Publish(box);
  Need(OpenSealed(context, salt.view(), box).status().code() == StatusCode::kWrongKey,
       "a wrong key opened a box");
}

void RunKeysOfTheFormat(Random& random) {
  using namespace format;
  const SecretBytes secret = SecretBytes::Random(32, random);
  const SecretBytes other = SecretBytes::Random(32, random);
  const PackIdentity pack{{}, {}, Suite::kChaCha20Poly1305, PackType::kData, 3, 12};
  const SlotIdentity slot{{}, 3, {}, "passphrase"};
  const Bytes path = {1, 0};
  const ByteView children[] = {secret.view(), other.view()};
  Value(PackKeys(secret.view(), pack));
  BlockTagKey(secret.view(), pack, 2);
  WrapKey(secret.view(), {}, {}, 3);
  SnapshotKey(secret.view(), {}, {});
  IdKey(secret.view(), {}, {}, {});
  IndexKey(secret.view(), {}, {}, {});
  AndKey(children, slot, path);
  SlotKey(secret.view(), other.view(), slot);
  HeaderSalt(secret.view(), {}, 1, Bytes(96, 1));
}

// What must be reported: without it, silence would prove nothing.
int Leak(std::string_view how, Random& random) {
  static volatile std::uint8_t table[256] = {1, 2, 3};
  const SecretBytes secret = SecretBytes::Random(1, random);
  if (how == "address") {
    const volatile std::uint8_t found = table[secret.view()[0]];
    return 0 * found;
  }
  volatile int count = 0;
  if (secret.view()[0] > 100) count = count + 1;
  return 0;
}

}  // namespace
}  // namespace fenchi

int main(int argc, char** argv) {
  if (!RUNNING_ON_VALGRIND) {
    std::fprintf(stderr, "secret_marks: run it under Valgrind\n");
    return 2;
  }
  fenchi::MarkingRandom random;
  if (argc == 3 && std::string_view(argv[1]) == "--leak") return fenchi::Leak(argv[2], random);
  fenchi::RunShamir(random);
  fenchi::RunCompare(random);
  fenchi::RunSharing(random);
  fenchi::RunSigning(random);
  fenchi::RunDerivation(random);
  fenchi::RunKeysOfTheFormat(random);
  std::puts("6 cases");
  return 0;
}
