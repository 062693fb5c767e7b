// A token in memory, as honest or as faulty as a test wants it.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "crypto/p256.h"
#include "fenchi/token.h"

namespace fenchi {

class TestToken : public KeyToken {
 public:
  explicit TestToken(P256KeyPair pair, std::string name = "test token")
      : pair_(std::move(pair)), name_(std::move(name)), shown_(pair_.public_key.bytes) {}

  std::string name() const override { return name_; }
  TokenKey public_key() const override { return shown_; }
  bool keeps_secret() const override { return keeps_secret_; }
  Result<SecretBytes> Agree(const TokenKey& peer) override {
    ++asked_;
    if (answer_) return answer_();
    return P256Secret(pair_.secret_key.view(), peer);
  }

  // From now on it answers this, whatever it is asked.
  void AnswerWith(std::function<Result<SecretBytes>()> answer) { answer_ = std::move(answer); }
  void ShowKey(const TokenKey& key) { shown_ = key; }
  void LetSecretOut() { keeps_secret_ = false; }
  int asked() const { return asked_; }

 private:
  P256KeyPair pair_;
  std::string name_;
  TokenKey shown_;
  bool keeps_secret_ = true;
  int asked_ = 0;
  std::function<Result<SecretBytes>()> answer_;
};

}  // namespace fenchi
