#include "repository/run_keys.h"

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

Result<RunKeys> NewRunKeys(const Access& access, const format::DomainKeys& domain,
                           const WriterId& writer, Random& random) {
  const format::ReadKey* read_key = domain.FindReadKey(access.epoch());
  if (read_key == nullptr) {
    return Denied("no read key of epoch {} for key domain '{}'", access.epoch(), domain.label);
  }
  RunKeys keys;
  random.Fill(keys.run.mutable_view());
  keys.domain = domain.id;
  keys.writer = writer;
  keys.epoch = access.epoch();
  keys.suite = access.suite();
  keys.data_key = SecretBytes::Random(32, random);
  keys.tag_key = SecretBytes::Random(32, random);
  const Bytes context = format::RunContext(keys.run, keys.domain);
  const SecretBytes wrap_key =
      format::WrapKey(read_key->pair.secret_key.view(), access.vault, domain.id, access.epoch());
  FENCHI_ASSIGN_OR_RETURN(
      Bytes data_box, Seal(WrapContext(access, SealType::kWrappedDataKey, context), wrap_key.view(),
                           keys.data_key.view(), random));
  FENCHI_ASSIGN_OR_RETURN(keys.wrapped_data_key,
                          format::EncodeWrappedKey({format::WrapForm::kSymmetric, data_box}));
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
