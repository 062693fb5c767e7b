#include "format/index.h"

#include "base/error.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/derive.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

Status CheckIndex(const Index& index) {
  if (!Ascending(index.references, &Reference::chunk)) {
    return InvalidArgument("references are not ascending by chunk id");
  }
  for (const Reference& reference : index.references) {
    FENCHI_RETURN_IF_ERROR(CheckReference(reference));
  }
  return Status::Ok();
}

Result<Index> ReadIndex(CborReader& reader) {
  Index index;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(index.run, "run id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(Reference reference, ReadReference(reader));
    index.references.push_back(std::move(reference));
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckIndex(index)));
  return index;
}

}  // namespace

Result<Bytes> EncodeIndex(const Index& index) {
  FENCHI_RETURN_IF_ERROR(CheckIndex(index).At("index"));
  CborWriter writer;
  writer.Map(3).Key(1).Uint(kFormatVersion).Key(2).ByteString(index.run.view());
  writer.Key(3).Array(index.references.size());
  for (const Reference& reference : index.references) WriteReference(writer, reference);
  return writer.Take();
}

Result<Index> DecodeIndex(ByteView bytes) {
  return DecodeWhole(bytes, kRecordObjectSizeMax, "index", ReadIndex);
}

Result<Bytes> SealIndex(Suite suite, const VaultId& vault, ByteView index_key,
                        const DomainId& domain, const Index& index, Random& random) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes bytes, EncodeIndex(index));
  const Bytes context = DomainContext(domain);
  return SealPadded({suite, SealType::kIndex, vault, context}, index_key, bytes, kRecordPadding,
                    kRecordObjectSizeMax, random);
}

Result<Index> OpenIndex(const VaultId& vault, ByteView index_key, const DomainId& domain,
                        ByteView object) {
  const Bytes context = DomainContext(domain);
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes bytes,
                          OpenPadded({Suite::kAes256Gcm, SealType::kIndex, vault, context},
                                     index_key, object, kRecordPadding, kRecordObjectSizeMax));
  return DecodeIndex(bytes.view());
}

}  // namespace fenchi::format
