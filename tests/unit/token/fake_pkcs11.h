// A PKCS#11 library for tests: tokens in memory that misbehave as they are told.
//
// The test loads it as a token's maker's library, and reaches its state through the one function
// that PKCS#11 does not have. P-256 is OpenSSL's here; nothing of fenchi is used.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fake {

using Bytes = std::vector<unsigned char>;

struct Key {
  std::string label;
  Bytes id;
  Bytes secret;  // 32 bytes
  bool other_curve = false;
  bool may_derive = true;
  bool can_be_read = false;
  bool has_public = true;    // a public key beside it
  bool plain_point = false;  // CKA_EC_POINT without the OCTET STRING around it
  bool made_here = false;
  std::vector<CK_ATTRIBUTE_TYPE> set_true = {};  // of the template that it was made by
};

struct Token {
  std::string label = "fake";
  std::string serial = "0001";
  CK_FLAGS flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;
  std::string pin = "2580-canary";
  int tries_left = 3;
  std::vector<Key> keys = {};
  bool logged_in = false;
};

struct State {
  std::vector<Token> tokens;
  bool removed = false;
  bool takes_der_only = false;  // the peer's key in C_DeriveKey
  CK_RV derive_answer = CKR_OK;
  std::function<void(Bytes&)> on_derived = {};  // changes what is agreed on
  CK_RV login_answer = CKR_OK;                  // instead of looking at the PIN
  CK_RV initialize_answer = CKR_OK;
  // What was done.
  int logins = 0;
  int initialized = 0;
  int finalized = 0;
  int open_sessions = 0;
  int derived_objects = 0;
};

}  // namespace fake

extern "C" __attribute__((visibility("default"))) fake::State* FakePkcs11State();
