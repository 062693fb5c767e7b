#include "repository/run_keys.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "crypto/key_exchange.h"
#include "format/derive.h"
#include "format/wrapped_key.h"

namespace fenchi {
namespace {

SealContext WrapContext(const Access& access, SealType type, ByteView context) {
  return {access.suite(), type, access.vault, context};
}

}  // namespace

namespace {

Result<const format::PolicyDomain*> NamedDomain(const Access& access, const DomainId& id,
                                                const std::string& label) {
  const auto named = std::ranges::find(access.policy.domains, id, &format::PolicyDomain::id);
  if (named != access.policy.domains.end()) return &*named;
  return Denied("the policy does not list the key domain '{}' any more", label)
      .WithHint("ask for a new credential file");
}

Result<WriteKeys> ReaderKeys(const Access& access, const format::DomainKeys& domain) {
  FENCHI_ASSIGN_OR_RETURN(const format::PolicyDomain* named,
                          NamedDomain(access, domain.id, domain.label));
  const format::ReadKey* read_key = domain.FindReadKey(named->epoch);
  if (read_key == nullptr) {
    return Denied("no read key of epoch {} for key domain '{}': the vault's keys were rotated",
                  named->epoch, domain.label)
        .WithHint("open the vault again, or ask for a new credential file");
  }
  WriteKeys keys;
  keys.id = domain.id;
  keys.label = domain.label;
  keys.id_root = domain.id_root.Clone();
  keys.vault = access.vault;
  keys.id_key = format::IdKey(domain.id_root.view(), access.vault, domain.id, keys.scope);
  keys.index_key = format::IndexKey(domain.index_root.view(), access.vault, domain.id, keys.scope);
  keys.epoch = named->epoch;
  keys.read_public_key = named->read_public_key;
  FENCHI_ASSIGN_OR_RETURN(keys.read_key, KeyPair::FromSecretKey(read_key->pair.secret_key.view()));
  return keys;
}

// The read public key is the signed policy's, so that rotating needs no new credentials.
Result<WriteKeys> WriterKeys(const Access& access, const format::WriterDomain& domain) {
  FENCHI_ASSIGN_OR_RETURN(const format::PolicyDomain* named,
                          NamedDomain(access, domain.id, domain.label));
  WriteKeys keys;
  keys.id = domain.id;
  keys.label = domain.label;
  keys.scope.bytes = access.writer->id.bytes;
  keys.id_key = domain.id_key.Clone();
  keys.index_key = domain.index_key.Clone();
  keys.epoch = named->epoch;
  keys.read_public_key = named->read_public_key;
  return keys;
}

Result<format::WrappedKey> WrapDataKey(const Access& access, const WriteKeys& domain,
                                       const RunKeys& keys, Random& random) {
  const Bytes context = format::RunContext(keys.run, keys.domain);
  const SealContext seal = WrapContext(access, SealType::kWrappedDataKey, context);
  if (!domain.may_read()) {
    FENCHI_ASSIGN_OR_RETURN(Bytes box, SealToPublicKey(seal, domain.read_public_key.view(),
                                                       keys.data_key.view(), random));
    return format::WrappedKey{format::WrapForm::kPublicKey, std::move(box)};
  }
  const SecretBytes wrap_key =
      format::WrapKey(domain.read_key->secret_key.view(), access.vault, domain.id, domain.epoch);
  FENCHI_ASSIGN_OR_RETURN(Bytes box, Seal(seal, wrap_key.view(), keys.data_key.view(), random));
  return format::WrappedKey{format::WrapForm::kSymmetric, std::move(box)};
}

}  // namespace

SecretBytes WriteKeys::IdKeyOf(const format::IdScope& of) const {
  return format::IdKey(id_root.view(), vault, id, of);
}

Result<WriteKeys> WriteKeysFor(const Access& access, std::string_view label) {
  if (access.writer_domains.empty()) {
    FENCHI_ASSIGN_OR_RETURN(const format::DomainKeys* domain, access.FindDomain(label));
    return ReaderKeys(access, *domain);
  }
  std::string known;
  for (const format::WriterDomain& domain : access.writer_domains) {
    if (label.empty() || domain.label == label) return WriterKeys(access, domain);
    known += (known.empty() ? "" : ", ") + domain.label;
  }
  return NotFound("this credential writes to no key domain '{}'; it writes to: {}", label, known);
}

Result<RunKeys> NewRunKeys(const Access& access, const WriteKeys& domain, const WriterId& writer,
                           Random& random) {
  RunKeys keys;
  random.Fill(keys.run.mutable_view());
  keys.domain = domain.id;
  keys.writer = writer;
  keys.id_scope = domain.scope;
  keys.epoch = domain.epoch;
  keys.suite = access.suite();
  keys.data_key = SecretBytes::Random(32, random);
  keys.tag_key = SecretBytes::Random(32, random);
  FENCHI_ASSIGN_OR_RETURN(const format::WrappedKey data, WrapDataKey(access, domain, keys, random));
  FENCHI_ASSIGN_OR_RETURN(keys.wrapped_data_key, format::EncodeWrappedKey(data));
  const Bytes context = format::RunContext(keys.run, keys.domain);
  FENCHI_ASSIGN_OR_RETURN(
      Bytes tag_box,
      SealToPublicKey(WrapContext(access, SealType::kWrappedTagKey, context),
                      access.policy.verify_public_key.view(), keys.tag_key.view(), random));
  FENCHI_ASSIGN_OR_RETURN(keys.wrapped_tag_key,
                          format::EncodeWrappedKey({format::WrapForm::kPublicKey, tag_box}));
  return keys;
}

Result<SecretBytes> OpenDataKey(const Access& access, const DomainId& domain, std::uint32_t epoch,
                                const RunId& run, ByteView wrapped) {
  const format::DomainKeys* keys = access.FindDomain(domain);
  const format::ReadKey* read_key = keys == nullptr ? nullptr : keys->FindReadKey(epoch);
  if (read_key == nullptr) {
    return Denied("this credential cannot read key domain {} of epoch {}",
                  access.DomainLabel(domain), epoch);
  }
  FENCHI_ASSIGN_OR_RETURN(format::WrappedKey form, format::DecodeWrappedKey(wrapped));
  const Bytes context = format::RunContext(run, domain);
  const SealContext seal = WrapContext(access, SealType::kWrappedDataKey, context);
  if (form.form == format::WrapForm::kPublicKey) {
    return OpenWithSecretKey(seal, read_key->pair, form.box);
  }
  const SecretBytes wrap_key =
      format::WrapKey(read_key->pair.secret_key.view(), access.vault, domain, epoch);
  return OpenSealed(seal, wrap_key.view(), form.box);
}

Result<SecretBytes> OpenTagKey(const Access& access, const DomainId& domain, const RunId& run,
                               ByteView wrapped) {
  if (!access.verify) return Denied("this credential has no verify key");
  FENCHI_ASSIGN_OR_RETURN(format::WrappedKey form, format::DecodeWrappedKey(wrapped));
  if (form.form != format::WrapForm::kPublicKey) return Damaged("wrapped tag key: unknown form");
  const Bytes context = format::RunContext(run, domain);
  return OpenWithSecretKey(WrapContext(access, SealType::kWrappedTagKey, context), *access.verify,
                           form.box);
}

Status CheckHeaderKeys(const Access& access, const format::ShardHeader& header) {
  if (access.verify) {
    FENCHI_RETURN_IF_ERROR(
        OpenTagKey(access, header.domain, header.run, header.wrapped_tag_key).status());
  }
  const Result<SecretBytes> data_key =
      OpenDataKey(access, header.domain, header.epoch, header.run, header.wrapped_data_key);
  if (data_key.status().code() == StatusCode::kDenied) return Status::Ok();  // not ours to read
  FENCHI_RETURN_IF_ERROR(data_key.status());
  FENCHI_ASSIGN_OR_RETURN(StreamKeys keys,
                          format::PackKeys(data_key->view(), header.identity(access.vault)));
  if (ConstantTimeEquals(keys.commitment.view(), header.commitment.view())) return Status::Ok();
  return Damaged("its header does not belong to its key");
}

}  // namespace fenchi
