// The functions of custody.h that need no vault.
#include "fenchi/custody.h"

#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "base/display.h"
#include "base/error.h"
#include "crypto/key_exchange.h"
#include "crypto/p256.h"
#include "crypto/signing.h"
#include "fenchi/hash.h"
#include "fenchi/key_sharing.h"
#include "format/access.h"
#include "format/proposal.h"

namespace fenchi {
namespace {

void Collect(const format::AccessTerm& term, AccessExpression& out) {
  if (term.kind == format::AccessTerm::Kind::kName) {
    if (std::ranges::find(out.names, term.name) == out.names.end()) out.names.push_back(term.name);
  } else if (term.kind == format::AccessTerm::Kind::kShares) {
    if (term.name == format::kProvidersGroup) {
      out.providers = true;
    } else {
      int& most = out.groups[term.name];
      most = std::max(most, term.threshold);
    }
  }
  for (const format::AccessTerm& child : term.children) Collect(child, out);
}

}  // namespace

Result<AccessExpression> ParseAccessExpression(std::string_view open) {
  FENCHI_ASSIGN_OR_RETURN(const std::vector<format::AccessTerm> terms, format::ParseAccess(open));
  AccessExpression out;
  out.canonical = format::AccessText(terms);
  for (const format::AccessTerm& term : terms) {
    out.alternatives.push_back(format::AccessText(term));
    Collect(term, out);
  }
  return out;
}

SecretBytes NewRecipientKey(Random& random) {
  return SecretBytes::CopyOf(KeyPair::Generate(random).secret_key.view());
}

Result<RecipientKey> RecipientKeyOf(const SecretBytes& secret) {
  FENCHI_ASSIGN_OR_RETURN(const KeyPair pair, KeyPair::FromSecretKey(secret.view()));
  return pair.public_key.bytes;
}

Status CheckToken(KeyToken& token, Random& random) {
  if (!token.keeps_secret()) {
    return Status(StatusCode::kPolicy,
                  fmt::format("{}: its secret key can be read out of the token",
                              EscapeForDisplay(token.name())),
                  "make a key that cannot: 'fenchi key token --make'");
  }
  const TokenKey public_key = token.public_key();
  if (!CheckP256Key(public_key).ok()) {
    return Damaged("{}: its public key is no point of P-256", EscapeForDisplay(token.name()));
  }
  const P256KeyPair mine = P256KeyPair::Generate(random);
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes agreed, token.Agree(mine.public_key.bytes));
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes expected,
                          P256Secret(mine.secret_key.view(), public_key));
  if (agreed.Equals(expected.view())) return Status::Ok();
  return Damaged("{}: what it agrees on is not what its public key says",
                 EscapeForDisplay(token.name()))
      .WithHint("the public key on the token may be of another key pair; nothing was sealed to it");
}

SecretBytes NewAdminKey(Random& random) { return SecretBytes::Random(kSigningSeedSize, random); }

Result<AdminKey> AdminKeyOf(const SecretBytes& secret) {
  FENCHI_ASSIGN_OR_RETURN(const SigningKey key, SigningKey::FromSeed(secret.view()));
  return key.public_key().bytes;
}

Result<ShareLabel> ReadShareLabel(ByteView share) {
  constexpr std::size_t kContextSizeMin = 84;  // T, FORMAT.md section 12
  FENCHI_ASSIGN_OR_RETURN(const KeyShare parsed, KeyShare::Parse(share));
  if (parsed.context.size() < kContextSizeMin) {
    return Damaged("key share: it is not one of a vault's slot");
  }
  const ByteView context = parsed.context;
  ShareLabel label;
  std::copy_n(context.begin(), VaultId::kSize, label.vault.bytes.begin());
  label.epoch = GetBe32(context.subspan(VaultId::kSize));
  // Equal in all shares of one sharing, and in no others: their threshold, T and check value.
  Bytes set = parsed.context;
  set.push_back(static_cast<std::uint8_t>(parsed.threshold));
  Append(set, parsed.check);
  label.set = ToHex(Sha256(set).view().first(8));
  label.threshold = parsed.threshold;
  label.index = parsed.index;
  return label;
}

Result<Bytes> ApproveProposal(ByteView proposal, const SecretBytes& admin_key) {
  FENCHI_ASSIGN_OR_RETURN(const format::Proposal decoded, format::DecodeProposal(proposal));
  FENCHI_ASSIGN_OR_RETURN(const SigningKey key, SigningKey::FromSeed(admin_key.view()));
  return format::EncodeApprovalFile(format::SignProposal(decoded, key));
}

}  // namespace fenchi
