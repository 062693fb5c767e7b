#include "format/credential.h"

#include <algorithm>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/credential_wait.h"

namespace fenchi::format {
namespace {

constexpr std::string_view kMagic = "fcr1";
constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kKeySize = 32;
constexpr std::uint64_t kWaitKey = 64;
constexpr std::uint64_t kAdminsMax = 255;

Status CheckSize(const SecretBytes& key, std::string_view what) {
  if (key.size() == kKeySize) return Status::Ok();
  return InvalidArgument("{} has {} bytes, not {}", what, key.size(), kKeySize);
}

// What each role must hold, and must not.
Status CheckRole(const Credential& credential) {
  const bool reads = credential.role == Role::kRead || credential.role == Role::kAdmin;
  if (!reads && !credential.domains.empty()) {
    return InvalidArgument("only the read and admin roles hold read keys");
  }
  if (credential.role != Role::kWrite && !credential.writer_domains.empty()) {
    return InvalidArgument("only the write role holds a writer's domains");
  }
  switch (credential.role) {
    case Role::kRead:
      if (credential.domains.empty()) return InvalidArgument("a reader needs a key domain");
      return Status::Ok();
    case Role::kWrite:
      if (!credential.writer || credential.writer_domains.empty()) {
        return InvalidArgument("a writer needs its signing key and a key domain");
      }
      return Status::Ok();
    case Role::kVerify:
      if (!credential.verify_secret_key) {
        return InvalidArgument("a verifier needs the verify secret key");
      }
      return Status::Ok();
    case Role::kAdmin:
      if (!credential.admin_seed) return InvalidArgument("an admin needs a signing key");
      return Status::Ok();
  }
  return InvalidArgument("unknown role");
}

Status CheckCredential(const Credential& credential) {
  if (credential.epoch < 1) return InvalidArgument("epoch 0");
  FENCHI_RETURN_IF_ERROR(CheckRole(credential));
  FENCHI_RETURN_IF_ERROR(CheckSize(credential.outer_key, "outer key"));
  FENCHI_RETURN_IF_ERROR(CheckSize(credential.name_key, "name key"));
  if (credential.verify_secret_key) {
    FENCHI_RETURN_IF_ERROR(CheckSize(*credential.verify_secret_key, "verify secret key"));
    FENCHI_ASSIGN_OR_RETURN(const KeyPair pair,
                            KeyPair::FromSecretKey(credential.verify_secret_key->view()));
    if (pair.public_key != credential.verify_public_key) {
      return InvalidArgument("the verify keys are no pair");
    }
  }
  if (credential.writer) FENCHI_RETURN_IF_ERROR(CheckSize(credential.writer->seed, "seed"));
  if (credential.admin_seed) FENCHI_RETURN_IF_ERROR(CheckSize(*credential.admin_seed, "seed"));
  for (const DomainKeys& domain : credential.domains) {
    FENCHI_RETURN_IF_ERROR(CheckDomainKeys(domain));
  }
  for (const WriterDomain& domain : credential.writer_domains) {
    FENCHI_RETURN_IF_ERROR(CheckSize(domain.id_key, "id key"));
    FENCHI_RETURN_IF_ERROR(CheckSize(domain.index_key, "index key"));
    if (!IsUtf8(domain.label)) return InvalidArgument("key domain {}: label", domain.id);
  }
  if (!AllDistinct(credential.domains, &DomainKeys::id) ||
      !AllDistinct(credential.writer_domains, &WriterDomain::id)) {
    return InvalidArgument("a key domain is listed twice");
  }
  return Status::Ok();
}

void WriteDomains(CborWriter& writer, const Credential& credential) {
  writer.Key(9);
  if (credential.role != Role::kWrite) {
    writer.Array(credential.domains.size());
    for (const DomainKeys& domain : credential.domains) WriteDomainKeys(writer, domain);
    return;
  }
  writer.Array(credential.writer_domains.size());
  for (const WriterDomain& domain : credential.writer_domains) {
    writer.Map(5).Key(1).ByteString(domain.id.view()).Key(2).Text(domain.label);
    writer.Key(6).ByteString(domain.read_public_key.view());
    writer.Key(7).ByteString(domain.id_key.view());
    writer.Key(8).ByteString(domain.index_key.view());
  }
}

Status ReadWriterDomain(CborReader& reader, WriterDomain& domain) {
  MapReader map(reader, "key domain");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(domain.id, "domain id"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(domain.label, reader.Text());
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(domain.read_public_key, "read public key"));
  FENCHI_RETURN_IF_ERROR(map.Require(7));
  FENCHI_RETURN_IF_ERROR(reader.Secret(domain.id_key, kKeySize, "id key"));
  FENCHI_RETURN_IF_ERROR(map.Require(8));
  FENCHI_RETURN_IF_ERROR(reader.Secret(domain.index_key, kKeySize, "index key"));
  return map.Close();
}

Status ReadDomains(CborReader& reader, Credential& credential) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    if (credential.role == Role::kWrite) {
      FENCHI_RETURN_IF_ERROR(ReadWriterDomain(reader, credential.writer_domains.emplace_back()));
      continue;
    }
    FENCHI_ASSIGN_OR_RETURN(DomainKeys domain, ReadDomainKeys(reader));
    credential.domains.push_back(std::move(domain));
  }
  reader.Leave();
  return Status::Ok();
}

// Keys 9 to 11.
Status ReadOwnKeys(MapReader& map, CborReader& reader, Credential& credential) {
  FENCHI_RETURN_IF_ERROR(map.Require(9));
  FENCHI_RETURN_IF_ERROR(ReadDomains(reader, credential));
  FENCHI_ASSIGN_OR_RETURN(const bool has_writer, map.Optional(10));
  if (has_writer) {
    CredentialWriter& writer = credential.writer.emplace();
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "writer").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(writer.id, "writer id"));
    FENCHI_RETURN_IF_ERROR(reader.Secret(writer.seed, kKeySize, "writer's seed"));
    reader.Leave();
  }
  FENCHI_ASSIGN_OR_RETURN(const bool has_admin, map.Optional(11));
  if (!has_admin) return Status::Ok();
  return reader.Secret(credential.admin_seed.emplace(), kKeySize, "admin's seed");
}

Status ReadWait(MapReader& map, CborReader& reader, std::optional<CredentialWait>& wait) {
  FENCHI_ASSIGN_OR_RETURN(const bool waits, map.Optional(kWaitKey));
  if (!waits) return Status::Ok();
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "wait").status());
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t policy, reader.UintIn(1, 0xffffffff, "policy"));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t lacking, reader.UintIn(1, kAdminsMax, "approvals"));
  reader.Leave();
  wait = {static_cast<std::uint32_t>(policy), static_cast<std::uint32_t>(lacking)};
  return Status::Ok();
}

Result<WaitingCredential> ReadCredential(CborReader& reader) {
  WaitingCredential whole;
  Credential& credential = whole.credential;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(credential.vault, "vault id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t role, reader.UintIn(1, 4, "role"));
  credential.role = static_cast<Role>(role);
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t epoch, reader.UintIn(1, 0xffffffff, "epoch"));
  credential.epoch = static_cast<std::uint32_t>(epoch);
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_RETURN_IF_ERROR(reader.Secret(credential.outer_key, kKeySize, "outer key"));
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(reader.Secret(credential.name_key, kKeySize, "name key"));
  FENCHI_ASSIGN_OR_RETURN(const bool verifies, map.Optional(7));
  if (verifies) {
    FENCHI_RETURN_IF_ERROR(
        reader.Secret(credential.verify_secret_key.emplace(), kKeySize, "verify secret key"));
  }
  FENCHI_RETURN_IF_ERROR(map.Require(8));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(credential.verify_public_key, "verify public key"));
  FENCHI_RETURN_IF_ERROR(ReadOwnKeys(map, reader, credential));
  FENCHI_RETURN_IF_ERROR(ReadWait(map, reader, whole.wait));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckCredential(credential)));
  return whole;
}

SecretBytes WithEnvelope(ByteView map) {
  SecretBytes file(kMagic.size() + map.size() + kChecksumSize);
  const MutableBytes out = file.mutable_view();
  std::copy(kMagic.begin(), kMagic.end(), out.begin());
  std::copy(map.begin(), map.end(), out.begin() + kMagic.size());
  const Hash256 hash = Sha256(out.first(kMagic.size() + map.size()));
  std::copy_n(hash.bytes.begin(), kChecksumSize, out.end() - kChecksumSize);
  return file;
}

}  // namespace

Result<SecretBytes> EncodeCredential(const Credential& credential) {
  return EncodeWaitingCredential(credential, std::nullopt);
}

Result<SecretBytes> EncodeWaitingCredential(const Credential& credential,
                                            const std::optional<CredentialWait>& wait) {
  FENCHI_RETURN_IF_ERROR(CheckCredential(credential).At("credential"));
  if (wait && (wait->policy < 1 || wait->lacking < 1 || wait->lacking > kAdminsMax)) {
    return InvalidArgument("credential: it waits for nothing");
  }
  CborWriter writer(CborWriter::Buffer::kWiped);
  const std::size_t keys = std::size_t{8} + credential.verify_secret_key.has_value() +
                           credential.writer.has_value() + credential.admin_seed.has_value() +
                           wait.has_value();
  writer.Map(keys).Key(1).Uint(kFormatVersion);
  writer.Key(2).ByteString(credential.vault.view());
  writer.Key(3).Uint(static_cast<std::uint64_t>(credential.role)).Key(4).Uint(credential.epoch);
  writer.Key(5).ByteString(credential.outer_key.view());
  writer.Key(6).ByteString(credential.name_key.view());
  if (credential.verify_secret_key) {
    writer.Key(7).ByteString(credential.verify_secret_key->view());
  }
  writer.Key(8).ByteString(credential.verify_public_key.view());
  WriteDomains(writer, credential);
  if (credential.writer) {
    writer.Key(10).Array(2).ByteString(credential.writer->id.view());
    writer.ByteString(credential.writer->seed.view());
  }
  if (credential.admin_seed) writer.Key(11).ByteString(credential.admin_seed->view());
  if (wait) writer.Key(kWaitKey).Array(2).Uint(wait->policy).Uint(wait->lacking);
  return WithEnvelope(writer.TakeSecret().view());
}

Result<Credential> DecodeCredential(ByteView file) {
  FENCHI_ASSIGN_OR_RETURN(WaitingCredential whole, DecodeWaitingCredential(file));
  return std::move(whole.credential);
}

Result<WaitingCredential> DecodeWaitingCredential(ByteView file) {
  if (file.size() < kMagic.size() + kChecksumSize || AsText(file.first(kMagic.size())) != kMagic) {
    return Damaged("credential: the file does not start with {}", kMagic);
  }
  const ByteView covered = file.first(file.size() - kChecksumSize);
  const Hash256 hash = Sha256(covered);
  if (!std::equal(covered.end(), file.end(), hash.bytes.begin())) {
    return Damaged("credential: the checksum does not fit, the file was changed or cut");
  }
  return DecodeWhole(covered.subspan(kMagic.size()), kKeyringObjectSizeMax, "credential",
                     ReadCredential);
}

}  // namespace fenchi::format
