// Leaf shares: each provider's own share of the secret that no slot opens without.
//
// A share counts when its object has the hash that the policy names for a seat. That also tells
// which provider is in which seat. k of them give the leaf secret. FORMAT.md section 5.4.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "format/policy.h"
#include "repository/access.h"
#include "repository/away_seats.h"
#include "repository/places.h"

namespace fenchi {

struct LeafShare {
  int seat = 0;  // number
  std::string provider;
  Bytes share;                       // serialised key share
  std::vector<Bytes> provider_held;  // likewise, of provider-held nodes of slots
};

// The seat whose leaf share `object` is, by its hash and content; none: nullopt.
std::optional<LeafShare> JudgeLeaf(const format::Policy& policy, ByteView object,
                                   const std::string& provider);

// What a place holds of leaf objects.
struct PlaceLeaf {
  std::optional<LeafShare> share;  // good
  bool damaged = false;            // none is good, but something is there
};
std::vector<PlaceLeaf> ReadLeaves(Places& places, const format::Policy& policy);

// Errors: kTooFewProviders when fewer than k shares are given; kDamaged when k do not fit together.
Result<SecretBytes> RecoverLeafSecret(const format::Policy& policy,
                                      std::span<const LeafShare> shares);

// The good leaf share that the seat at `position` holds, if any. One that cannot be asked is added
// to `away`.
std::optional<LeafShare> ReadLeafAt(const Access& access, std::size_t position, AwaySeats& away);

// The leaf object of the seat at `position`, made again from the shares at other seats.
// Errors: kTooFewProviders when providers that are away may have the shares that lack of k;
// kDataLoss when they are not enough, or the result is not what the policy names; kUnsupported
// where the providers' shares alone open the vault: those are never copied.
Result<Bytes> RebuildLeafObject(const Access& access, std::size_t position);

}  // namespace fenchi
