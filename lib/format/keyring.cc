#include "format/keyring.h"

#include "base/error.h"
#include "format/check.h"
#include "format/derive.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kKeySize = 32;

Status CheckSize(const SecretBytes& key, std::string_view what) {
  if (key.size() == kKeySize) return Status::Ok();
  return InvalidArgument("{} has {} bytes, not {}", what, key.size(), kKeySize);
}

Status CheckDomain(const DomainKeys& domain) {
  if (domain.read_keys.empty() || !Ascending(domain.read_keys, &ReadKey::epoch)) {
    return InvalidArgument("key domain {}: epochs of read keys do not ascend", domain.id);
  }
  for (const ReadKey& key : domain.read_keys) {
    if (key.epoch < 1) return InvalidArgument("key domain {}: epoch 0", domain.id);
    FENCHI_RETURN_IF_ERROR(CheckSize(key.pair.secret_key, "read key"));
  }
  if (!IsUtf8(domain.label)) return InvalidArgument("key domain {}: label", domain.id);
  FENCHI_RETURN_IF_ERROR(CheckSize(domain.id_root, "id root"));
  return CheckSize(domain.index_root, "index root");
}

Status CheckKeyring(const Keyring& keyring) {
  if (keyring.epoch < 1) return InvalidArgument("epoch 0");
  FENCHI_RETURN_IF_ERROR(CheckSize(keyring.outer_key, "outer key"));
  FENCHI_RETURN_IF_ERROR(CheckSize(keyring.name_key, "name key"));
  FENCHI_RETURN_IF_ERROR(CheckSize(keyring.verify.secret_key, "verify key"));
  if (keyring.admin_seed) FENCHI_RETURN_IF_ERROR(CheckSize(*keyring.admin_seed, "admin's seed"));
  if (!AllDistinct(keyring.domains, &DomainKeys::id)) {
    return InvalidArgument("a key domain is listed twice");
  }
  for (const DomainKeys& domain : keyring.domains) FENCHI_RETURN_IF_ERROR(CheckDomain(domain));
  return Status::Ok();
}

Status ReadVerifyPair(MapReader& map, CborReader& reader, KeyPair& pair) {
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_ASSIGN_OR_RETURN(const ByteView secret,
                          reader.ByteString(kKeySize, kKeySize, "verify secret key"));
  FENCHI_ASSIGN_OR_RETURN(pair, KeyPair::FromSecretKey(secret));
  ExchangePublicKey public_key;
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(public_key, "verify public key"));
  if (public_key != pair.public_key) return Damaged("the verify keys are no pair");
  return Status::Ok();
}

Result<Keyring> ReadKeyring(CborReader& reader) {
  Keyring keyring;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t epoch, reader.UintIn(1, 0xffffffff, "epoch"));
  keyring.epoch = static_cast<std::uint32_t>(epoch);
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_RETURN_IF_ERROR(reader.Secret(keyring.outer_key, kKeySize, "outer key"));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(reader.Secret(keyring.name_key, kKeySize, "name key"));
  FENCHI_RETURN_IF_ERROR(ReadVerifyPair(map, reader, keyring.verify));
  FENCHI_RETURN_IF_ERROR(map.Require(7));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(DomainKeys domain, ReadDomainKeys(reader));
    keyring.domains.push_back(std::move(domain));
  }
  reader.Leave();
  FENCHI_ASSIGN_OR_RETURN(const bool has_seed, map.Optional(8));
  if (has_seed) {
    FENCHI_RETURN_IF_ERROR(reader.Secret(keyring.admin_seed.emplace(), kKeySize, "admin's seed"));
  }
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckKeyring(keyring)));
  return keyring;
}

SealContext KeyringContext(Suite suite, const VaultId& vault, const Bytes& context) {
  return {suite, SealType::kKeyring, vault, context};
}

}  // namespace

const ReadKey* DomainKeys::FindReadKey(std::uint32_t epoch) const {
  for (const ReadKey& key : read_keys) {
    if (key.epoch == epoch) return &key;
  }
  return nullptr;
}

DomainKeys DomainKeys::Clone() const {
  DomainKeys out;
  out.id = id;
  out.label = label;
  for (const ReadKey& key : read_keys) {
    out.read_keys.push_back({key.epoch, {key.pair.secret_key.Clone(), key.pair.public_key}});
  }
  out.id_root = id_root.Clone();
  out.index_root = index_root.Clone();
  return out;
}

const DomainKeys* Keyring::FindDomain(const DomainId& id) const {
  for (const DomainKeys& domain : domains) {
    if (domain.id == id) return &domain;
  }
  return nullptr;
}

Status CheckDomainKeys(const DomainKeys& domain) { return CheckDomain(domain); }

void WriteDomainKeys(CborWriter& writer, const DomainKeys& domain) {
  writer.Map(5).Key(1).ByteString(domain.id.view()).Key(2).Text(domain.label);
  writer.Key(3).Array(domain.read_keys.size());
  for (const ReadKey& key : domain.read_keys) {
    writer.Array(3).Uint(key.epoch).ByteString(key.pair.secret_key.view());
    writer.ByteString(key.pair.public_key.view());
  }
  writer.Key(4).ByteString(domain.id_root.view());
  writer.Key(5).ByteString(domain.index_root.view());
}

Result<DomainKeys> ReadDomainKeys(CborReader& reader) {
  DomainKeys domain;
  MapReader map(reader, "key domain");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(domain.id, "domain id"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(domain.label, reader.Text());
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "read key").status());
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t epoch, reader.UintIn(1, 0xffffffff, "epoch"));
    FENCHI_ASSIGN_OR_RETURN(const ByteView secret,
                            reader.ByteString(kKeySize, kKeySize, "read secret key"));
    FENCHI_ASSIGN_OR_RETURN(KeyPair pair, KeyPair::FromSecretKey(secret));
    ExchangePublicKey public_key;
    FENCHI_RETURN_IF_ERROR(reader.Fixed(public_key, "read public key"));
    reader.Leave();
    if (public_key != pair.public_key) {
      return Damaged("key domain {}: the read keys of epoch {} are no pair", domain.id, epoch);
    }
    domain.read_keys.push_back({static_cast<std::uint32_t>(epoch), std::move(pair)});
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(reader.Secret(domain.id_root, kKeySize, "id root"));
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_RETURN_IF_ERROR(reader.Secret(domain.index_root, kKeySize, "index root"));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckDomain(domain)));
  return domain;
}

Result<SecretBytes> EncodeKeyring(const Keyring& keyring) {
  FENCHI_RETURN_IF_ERROR(CheckKeyring(keyring).At("keyring"));
  CborWriter writer(CborWriter::Buffer::kWiped);
  writer.Map(keyring.admin_seed ? 8 : 7).Key(1).Uint(kFormatVersion).Key(2).Uint(keyring.epoch);
  writer.Key(3).ByteString(keyring.outer_key.view());
  writer.Key(4).ByteString(keyring.name_key.view());
  writer.Key(5).ByteString(keyring.verify.secret_key.view());
  writer.Key(6).ByteString(keyring.verify.public_key.view());
  writer.Key(7).Array(keyring.domains.size());
  for (const DomainKeys& domain : keyring.domains) WriteDomainKeys(writer, domain);
  if (keyring.admin_seed) writer.Key(8).ByteString(keyring.admin_seed->view());
  return writer.TakeSecret();
}

Result<Keyring> DecodeKeyring(ByteView bytes) {
  return DecodeWhole(bytes, kKeyringObjectSizeMax, "keyring", ReadKeyring);
}

Result<Bytes> SealKeyring(Suite suite, const VaultId& vault, ByteView root, const Keyring& keyring,
                          Random& random) {
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes bytes, EncodeKeyring(keyring));
  const Bytes context = EpochContext(keyring.epoch);
  return SealPadded(KeyringContext(suite, vault, context), root, bytes.view(), kRecordPadding,
                    kKeyringObjectSizeMax, random);
}

Result<Keyring> OpenKeyring(const VaultId& vault, ByteView root, std::uint32_t epoch,
                            ByteView object) {
  const Bytes context = EpochContext(epoch);
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes bytes,
                          OpenPadded(KeyringContext(Suite::kAes256Gcm, vault, context), root,
                                     object, kRecordPadding, kKeyringObjectSizeMax));
  FENCHI_ASSIGN_OR_RETURN(Keyring keyring, DecodeKeyring(bytes.view()));
  if (keyring.epoch != epoch) {
    return Damaged("keyring: it is of epoch {}, not {}", keyring.epoch, epoch);
  }
  return keyring;
}

}  // namespace fenchi::format
