#include <gtest/gtest.h>

#include "fenchi/token.h"

namespace fenchi {
namespace {

TEST(Pkcs11Absent, ABuildWithoutItSaysSo) {
  const Pkcs11Options where{.module_path = "/usr/lib/softhsm/libsofthsm2.so"};
  const SecretBytes pin = SecretBytes::CopyOf(AsBytes("1234"));
  EXPECT_EQ(FindPkcs11Token(where).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(OpenPkcs11Token(where, pin).status().code(), StatusCode::kUnsupported);
  const auto made = MakePkcs11Key(where, "key", pin, SystemRandom());
  EXPECT_EQ(made.status().code(), StatusCode::kUnsupported);
  EXPECT_FALSE(made.status().hint().empty());
}

}  // namespace
}  // namespace fenchi
