#include "format/genesis.h"

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/ids.h"

namespace fenchi::format {

Status CheckAdminSet(const AdminSet& admins) {
  if (admins.keys.empty() || admins.keys.size() > 255) {
    return InvalidArgument("{} admins, not 1 to 255", admins.keys.size());
  }
  if (admins.threshold < 1 || admins.threshold > static_cast<int>(admins.keys.size())) {
    return InvalidArgument("{} of {} admins can never sign", admins.threshold, admins.keys.size());
  }
  if (!AllDistinct(admins.keys, [](const SigningPublicKey& key) { return key; })) {
    return InvalidArgument("an admin's key is listed twice");
  }
  return Status::Ok();
}

void WriteAdminKeys(CborWriter& writer, const AdminSet& admins) {
  writer.Array(admins.keys.size());
  for (const SigningPublicKey& key : admins.keys) writer.ByteString(key.view());
}

Result<std::vector<SigningPublicKey>> ReadAdminKeys(CborReader& reader) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, 255, "admins"));
  std::vector<SigningPublicKey> keys(count);
  for (SigningPublicKey& key : keys) FENCHI_RETURN_IF_ERROR(reader.Fixed(key, "admin's key"));
  reader.Leave();
  return keys;
}

Result<Bytes> EncodeGenesis(const Genesis& genesis) {
  FENCHI_RETURN_IF_ERROR(CheckAdminSet(genesis.admins).At("genesis"));
  CborWriter writer;
  writer.Map(4).Key(1).Uint(kFormatVersion).Key(2);
  WriteAdminKeys(writer, genesis.admins);
  writer.Key(3).Uint(static_cast<std::uint64_t>(genesis.admins.threshold));
  writer.Key(4).ByteString(genesis.random.view());
  return writer.Take();
}

namespace {

Result<Genesis> ReadGenesis(CborReader& reader) {
  Genesis genesis;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(genesis.admins.keys, ReadAdminKeys(reader));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t threshold, reader.UintIn(1, 255, "threshold"));
  genesis.admins.threshold = static_cast<int>(threshold);
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(genesis.random, "random bytes"));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckAdminSet(genesis.admins)));
  return genesis;
}

}  // namespace

Result<Genesis> DecodeGenesis(ByteView object) {
  return DecodeWhole(object, kGenesisObjectSizeMax, "genesis", ReadGenesis);
}

VaultId VaultIdOf(ByteView genesis_object) { return VaultId{Sha256(genesis_object).bytes}; }

}  // namespace fenchi::format
