#include "base/error.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/policy.h"
#include "format/slots.h"

namespace fenchi::format {
namespace {

// What is declared of a provider, in the order of the format.
constexpr std::string ProviderDetails::*kProviderTexts[] = {
    &ProviderDetails::name,    &ProviderDetails::vendor, &ProviderDetails::vendor_home,
    &ProviderDetails::country, &ProviderDetails::region, &ProviderDetails::account,
    &ProviderDetails::medium};
constexpr std::size_t kProviderFields = 1 + std::size(kProviderTexts);
constexpr std::uint64_t kCustodiansKey = 64;
constexpr std::uint64_t kWritersKey = 65;

Status ReadText(CborReader& reader, std::string& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::string_view text, reader.Text());
  out = text;
  return Status::Ok();
}

Status CheckTexts(const PolicyDetails& details) {
  bool good = IsUtf8(details.vault_name) && IsUtf8(details.home_country);
  for (const ProviderDetails& provider : details.providers) {
    for (const auto field : kProviderTexts) good = good && IsUtf8(provider.*field);
  }
  for (const DomainDetails& domain : details.domains) good = good && IsUtf8(domain.label);
  for (const std::string& country : details.denied_countries) good = good && IsUtf8(country);
  for (const Relaxation& relaxation : details.relaxations) {
    good =
        good && IsUtf8(relaxation.axis) && IsUtf8(relaxation.ground) && IsUtf8(relaxation.approver);
  }
  for (const CustodianDetails& group : details.custodians) {
    good = good && IsUtf8(group.group);
    for (const auto& one : group.holders) good = good && IsUtf8(one.holder) && IsUtf8(one.deputy);
  }
  for (const WriterDetails& writer : details.writers) good = good && IsUtf8(writer.label);
  if (!good) return InvalidArgument("a text is not valid UTF-8");
  return Status::Ok();
}

Status CheckDetails(const PolicyDetails& details) {
  FENCHI_RETURN_IF_ERROR(CheckTexts(details));
  if (!AllDistinct(details.providers, &ProviderDetails::id) ||
      !AllDistinct(details.domains, &DomainDetails::id)) {
    return InvalidArgument("a provider or key domain is described twice");
  }
  for (const Relaxation& relaxation : details.relaxations) {
    if (relaxation.expires_seconds < 0) return InvalidArgument("a relaxation ends before 1970");
  }
  if (details.abroad < 0 || details.abroad > kSeatsMax) {
    return InvalidArgument("{} providers abroad, not 0 to {}", details.abroad, kSeatsMax);
  }
  for (const CustodianDetails& group : details.custodians) {
    for (const auto& one : group.holders) {
      if (one.index < 1 || one.index > kCustodiansMax) {
        return InvalidArgument("a custodian's share has index {}", one.index);
      }
    }
  }
  return Status::Ok();
}

Status ReadDetailedProviders(CborReader& reader, std::vector<ProviderDetails>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    ProviderDetails provider;
    FENCHI_RETURN_IF_ERROR(reader.Array(kProviderFields, kProviderFields, "provider").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(provider.id, "provider id"));
    for (const auto field : kProviderTexts) {
      FENCHI_RETURN_IF_ERROR(ReadText(reader, provider.*field));
    }
    reader.Leave();
    out.push_back(std::move(provider));
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadDetailedDomains(CborReader& reader, std::vector<DomainDetails>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    DomainDetails domain;
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "key domain").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(domain.id, "domain id"));
    FENCHI_RETURN_IF_ERROR(ReadText(reader, domain.label));
    reader.Leave();
    out.push_back(std::move(domain));
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadRelaxations(CborReader& reader, std::vector<Relaxation>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    Relaxation relaxation;
    FENCHI_RETURN_IF_ERROR(reader.Array(4, 4, "relaxation").status());
    FENCHI_RETURN_IF_ERROR(ReadText(reader, relaxation.axis));
    FENCHI_RETURN_IF_ERROR(ReadText(reader, relaxation.ground));
    FENCHI_RETURN_IF_ERROR(ReadText(reader, relaxation.approver));
    FENCHI_ASSIGN_OR_RETURN(relaxation.expires_seconds, reader.Int());
    reader.Leave();
    out.push_back(std::move(relaxation));
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadCustodians(CborReader& reader, std::vector<CustodianDetails>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    CustodianDetails& group = out.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(4, 4, "custodians").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(group.slot, "slot id"));
    FENCHI_ASSIGN_OR_RETURN(const ByteView path, reader.ByteString(0, kSlotDepthMax, "path"));
    group.path.assign(path.begin(), path.end());
    FENCHI_RETURN_IF_ERROR(ReadText(reader, group.group));
    FENCHI_ASSIGN_OR_RETURN(const std::size_t holders,
                            reader.Array(0, kCustodiansMax, "custodians"));
    for (std::size_t j = 0; j < holders; ++j) {
      CustodianDetails::Holder& one = group.holders.emplace_back();
      FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "custodian").status());
      FENCHI_ASSIGN_OR_RETURN(const std::uint64_t index, reader.UintIn(1, kCustodiansMax, "index"));
      one.index = static_cast<int>(index);
      FENCHI_RETURN_IF_ERROR(ReadText(reader, one.holder));
      FENCHI_RETURN_IF_ERROR(ReadText(reader, one.deputy));
      reader.Leave();
    }
    reader.Leave();
    reader.Leave();
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadWriterLabels(CborReader& reader, std::vector<WriterDetails>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kWritersMax, "writers"));
  for (std::size_t i = 0; i < count; ++i) {
    WriterDetails& writer = out.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "writer").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(writer.id, "writer id"));
    FENCHI_RETURN_IF_ERROR(ReadText(reader, writer.label));
    reader.Leave();
  }
  reader.Leave();
  return Status::Ok();
}

// Keys that a reader without them may ignore.
Status ReadOptional(MapReader& map, CborReader& reader, PolicyDetails& details) {
  FENCHI_ASSIGN_OR_RETURN(const bool has_custodians, map.Optional(kCustodiansKey));
  if (has_custodians) FENCHI_RETURN_IF_ERROR(ReadCustodians(reader, details.custodians));
  FENCHI_ASSIGN_OR_RETURN(const bool has_writers, map.Optional(kWritersKey));
  if (has_writers) FENCHI_RETURN_IF_ERROR(ReadWriterLabels(reader, details.writers));
  return Status::Ok();
}

void WriteOptional(CborWriter& writer, const PolicyDetails& details) {
  if (!details.custodians.empty()) {
    writer.Key(kCustodiansKey).Array(details.custodians.size());
    for (const CustodianDetails& group : details.custodians) {
      writer.Array(4).ByteString(group.slot.view()).ByteString(group.path).Text(group.group);
      writer.Array(group.holders.size());
      for (const auto& one : group.holders) {
        writer.Array(3).Uint(static_cast<std::uint64_t>(one.index));
        writer.Text(one.holder).Text(one.deputy);
      }
    }
  }
  if (details.writers.empty()) return;
  writer.Key(kWritersKey).Array(details.writers.size());
  for (const WriterDetails& one : details.writers) {
    writer.Array(2).ByteString(one.id.view()).Text(one.label);
  }
}

Result<PolicyDetails> ReadDetails(CborReader& reader) {
  PolicyDetails details;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(ReadText(reader, details.vault_name));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(ReadDetailedProviders(reader, details.providers));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_RETURN_IF_ERROR(ReadDetailedDomains(reader, details.domains));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(ReadText(reader, details.home_country));
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t denied, reader.Array());
  for (std::size_t i = 0; i < denied; ++i) {
    FENCHI_RETURN_IF_ERROR(ReadText(reader, details.denied_countries.emplace_back()));
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(ReadRelaxations(reader, details.relaxations));
  FENCHI_RETURN_IF_ERROR(map.Require(7));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t abroad, reader.UintIn(0, kSeatsMax, "abroad"));
  details.abroad = static_cast<int>(abroad);
  FENCHI_RETURN_IF_ERROR(ReadOptional(map, reader, details));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckDetails(details)));
  return details;
}

}  // namespace

Result<Bytes> EncodePolicyDetails(const PolicyDetails& details) {
  FENCHI_RETURN_IF_ERROR(CheckDetails(details).At("policy details"));
  CborWriter writer;
  const std::size_t optional =
      std::size_t{!details.custodians.empty()} + std::size_t{!details.writers.empty()};
  writer.Map(7 + optional).Key(1).Text(details.vault_name);
  writer.Key(2).Array(details.providers.size());
  for (const ProviderDetails& provider : details.providers) {
    writer.Array(kProviderFields).ByteString(provider.id.view());
    for (const auto field : kProviderTexts) writer.Text(provider.*field);
  }
  writer.Key(3).Array(details.domains.size());
  for (const DomainDetails& domain : details.domains) {
    writer.Array(2).ByteString(domain.id.view()).Text(domain.label);
  }
  writer.Key(4).Text(details.home_country);
  writer.Key(5).Array(details.denied_countries.size());
  for (const std::string& country : details.denied_countries) writer.Text(country);
  writer.Key(6).Array(details.relaxations.size());
  for (const Relaxation& relaxation : details.relaxations) {
    writer.Array(4).Text(relaxation.axis).Text(relaxation.ground).Text(relaxation.approver);
    writer.Int(relaxation.expires_seconds);
  }
  writer.Key(7).Uint(static_cast<std::uint64_t>(details.abroad));
  WriteOptional(writer, details);
  return writer.Take();
}

Result<PolicyDetails> DecodePolicyDetails(ByteView bytes) {
  return DecodeWhole(bytes, kPolicyObjectSizeMax, "policy details", ReadDetails);
}

}  // namespace fenchi::format
