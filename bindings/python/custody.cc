// Custody: plans, unlocks and policy changes as plain dicts. python/fenchi/custody.py is its Python
// face.
#include "fenchi/custody.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "buffers.h"
#include "custody.h"
#include "fenchi/password.h"

namespace fenchi_python {

using fenchi::SecretBytes;
using fenchi::Status;
using fenchi::StatusCode;

namespace {

template <typename T>
T Take(const py::dict& fields, const char* name, T otherwise) {
  return fields.contains(name) ? fields[name].cast<T>() : std::move(otherwise);
}

SecretBytes SecretIn(const py::handle& value) { return value.cast<const SecretBytes&>().Clone(); }

template <std::size_t N>
std::array<std::uint8_t, N> KeyIn(const py::handle& value, const char* what) {
  const Input input = value.cast<Input>();
  if (input.view().size() != N) {
    Refuse(std::string(what) + " has " + std::to_string(input.view().size()) + " bytes, needs " +
           std::to_string(N));
  }
  std::array<std::uint8_t, N> out;
  std::copy(input.view().begin(), input.view().end(), out.begin());
  return out;
}

// Which kind it is, its size says.
fenchi::RecipientPublicKey RecipientIn(const py::handle& value) {
  const Input input = value.cast<Input>();
  if (input.view().size() == std::tuple_size_v<fenchi::TokenKey>) return TokenKeyOf(input.view());
  return KeyIn<32>(value, "a recipient's key");
}

py::dict ToDict(const fenchi::CustodianShare& share) {
  py::dict out;
  out["slot"] = DecodeText(share.slot);
  out["group"] = DecodeText(share.group);
  out["holder"] = DecodeText(share.custodian.holder);
  out["deputy"] = DecodeText(share.custodian.deputy);
  out["threshold"] = share.threshold;
  out["count"] = share.count;
  out["index"] = share.index;
  out["epoch"] = share.epoch;
  out["data"] = py::cast(share.bytes.Clone());
  return out;
}

py::tuple LabelOf(const fenchi::ShareLabel& label) {
  return py::make_tuple(label.vault.hex(), label.epoch, label.set, label.threshold, label.index);
}

py::list Texts(const std::vector<std::string>& texts) {
  py::list out;
  for (const std::string& text : texts) out.append(DecodeText(text));
  return out;
}

py::dict ToDict(const fenchi::AccessExpression& access) {
  py::dict out;
  out["canonical"] = access.canonical;
  out["alternatives"] = access.alternatives;
  out["names"] = access.names;
  out["groups"] = access.groups;
  out["providers"] = access.providers;
  return out;
}

py::tuple RuleOf(const fenchi::AdminRule& rule) {
  py::list keys;
  for (const fenchi::AdminKey& key : rule.keys) keys.append(CopyBytes(key));
  return py::make_tuple(rule.threshold, keys);
}

}  // namespace

fenchi::Unlock UnlockOf(const py::dict& fields) {
  const auto credential = Take<py::object>(fields, "credential", py::none());
  fenchi::Unlock unlock;
  if (!credential.is_none()) unlock = fenchi::Unlock::WithCredential(SecretIn(credential));
  for (const py::handle one : Take(fields, "passphrases", py::list())) {
    unlock.AddPassphrase(SecretIn(one));
  }
  for (const py::handle one : Take(fields, "recipient_keys", py::list())) {
    unlock.AddRecipientKey(SecretIn(one));
  }
  for (const py::handle one : Take(fields, "tokens", py::list())) {
    unlock.AddToken(TokenOf(py::reinterpret_borrow<py::object>(one)));
  }
  for (const py::handle one : Take(fields, "shares", py::list())) {
    const auto pair = one.cast<py::tuple>();
    unlock.AddShare(pair[0].cast<std::string>(), SecretIn(pair[1]));
  }
  const auto admin = Take<py::object>(fields, "admin_key", py::none());
  if (!admin.is_none()) unlock.AddAdminKey(SecretIn(admin));
  return unlock;
}

fenchi::CustodyPlan PlanOf(Call& call, const py::dict& fields) {
  fenchi::CustodyPlan plan;
  plan.open = Take(fields, "open", plan.open);
  for (const auto& [name, secret] : Take(fields, "passphrases", py::dict())) {
    plan.passphrases.emplace(name.cast<std::string>(), SecretIn(secret));
  }
  for (const auto& [name, key] : Take(fields, "recipients", py::dict())) {
    plan.recipients[name.cast<std::string>()] = RecipientIn(key);
  }
  for (const auto& [name, people] : Take(fields, "custodians", py::dict())) {
    for (const auto& [holder, deputy] :
         people.cast<std::vector<std::pair<std::string, std::string>>>()) {
      plan.custodians[name.cast<std::string>()].push_back({holder, deputy});
    }
  }
  const auto cost =
      Take(fields, "cost", std::pair(plan.passphrase_cost.passes, plan.passphrase_cost.memory_kib));
  plan.passphrase_cost = {cost.first, cost.second};
  const auto deliver = Take<py::object>(fields, "deliver", py::none());
  if (deliver.is_none()) return plan;
  // An argument of the call: it outlives the plan.
  plan.deliver = [&call, give = deliver.ptr()](std::span<const fenchi::CustodianShare> shares) {
    const bool fine = call.Guard([&] {
      py::list all;
      for (const fenchi::CustodianShare& one : shares) all.append(ToDict(one));
      py::reinterpret_borrow<py::object>(give)(all);
    });
    return fine ? Status::Ok()
                : Status(StatusCode::kCancelled, "handing out the key shares failed",
                         "nothing was changed");
  };
  return plan;
}

fenchi::PolicyEdit EditOf(const py::dict& fields) {
  fenchi::PolicyEdit edit;
  Call call;
  edit.add_key_domains = Take(fields, "add_key_domains", edit.add_key_domains);
  for (const py::handle one : Take(fields, "add_writers", py::list())) {
    const auto [role, domains, label] =
        one.cast<std::tuple<int, std::vector<std::string>, std::string>>();
    edit.add_writers.push_back({static_cast<fenchi::Role>(role), domains, label});
  }
  for (const std::string& id : Take(fields, "revoke_writers", std::vector<std::string>())) {
    edit.revoke_writers.push_back(call.Value(fenchi::WriterId::FromHexText(id)));
  }
  const auto admins = Take<py::object>(fields, "admins", py::none());
  if (!admins.is_none()) {
    const auto rule = admins.cast<py::tuple>();
    edit.admins.emplace().threshold = rule[0].cast<int>();
    for (const py::handle key : rule[1]) {
      edit.admins->keys.push_back(KeyIn<32>(key, "an admin's key"));
    }
  }
  edit.close_former_admins = Take(fields, "close_former_admins", false);
  return edit;
}

py::dict ToDict(const fenchi::PolicyChange& change) {
  py::dict out;
  out["published"] = change.published;
  out["policy_version"] = change.policy_version;
  out["proposal"] = CopyBytes(change.proposal);
  py::list credentials;
  for (const SecretBytes& one : change.credentials) credentials.append(py::cast(one.Clone()));
  out["credentials"] = credentials;
  return out;
}

py::dict ToDict(const fenchi::CustodyReport& report) {
  py::dict out;
  out["policy_version"] = report.policy_version;
  out["time"] = py::make_tuple(report.time.seconds, report.time.nanoseconds);
  out["epoch"] = report.epoch;
  out["open"] = DecodeText(report.open);
  out["slots"] = Texts(report.slots);
  out["in_words"] = Texts(report.in_words);
  py::list described;
  for (const bool one : report.described) described.append(one);
  out["described"] = described;
  out["needed"] = report.needed;
  py::list groups;
  for (const fenchi::CustodyGroup& group : report.groups) {
    py::list people;
    for (const fenchi::Custodian& one : group.custodians) {
      people.append(py::make_tuple(DecodeText(one.holder), DecodeText(one.deputy)));
    }
    groups.append(
        py::make_tuple(DecodeText(group.slot), DecodeText(group.group), group.threshold, people));
  }
  out["groups"] = groups;
  py::list tokens;
  for (const fenchi::CustodyToken& one : report.tokens) {
    tokens.append(
        py::make_tuple(DecodeText(one.slot), DecodeText(one.name), CopyBytes(one.public_key)));
  }
  out["tokens"] = tokens;
  out["key_domains"] = Texts(report.key_domains);
  out["admins"] = RuleOf(report.admins);
  py::list writers;
  for (const fenchi::WriterInfo& writer : report.writers) {
    writers.append(
        py::make_tuple(writer.id.hex(), DecodeText(writer.label), writer.reads, writer.revoked));
  }
  out["writers"] = writers;
  return out;
}

py::dict ToDict(const fenchi::ShareStanding& standing) {
  py::dict out;
  out["label"] = LabelOf(standing.label);
  out["same_vault"] = standing.same_vault;
  out["policy_version"] = standing.policy_version;
  out["epoch"] = standing.epoch;
  out["slot"] = DecodeText(standing.slot);
  return out;
}

void BindCustody(py::module_& module) {
  module.def(
      "parse_access",
      [](const std::string& open) { return ToDict(Value(fenchi::ParseAccessExpression(open))); },
      py::arg("open"));
  module.def("new_recipient_key", [] { return fenchi::NewRecipientKey(fenchi::SystemRandom()); });
  module.def("new_admin_key", [] { return fenchi::NewAdminKey(fenchi::SystemRandom()); });
  module.def(
      "recipient_key_of",
      [](const SecretBytes& secret) { return CopyBytes(Value(fenchi::RecipientKeyOf(secret))); },
      py::arg("secret"));
  module.def(
      "admin_key_of",
      [](const SecretBytes& secret) { return CopyBytes(Value(fenchi::AdminKeyOf(secret))); },
      py::arg("secret"));
  module.def(
      "read_share_label",
      [](const Input& share) { return LabelOf(Value(fenchi::ReadShareLabel(share.view()))); },
      py::arg("share"));
  module.def(
      "stretch_password",
      [](const Input& password, const Input& salt, std::uint32_t passes, std::uint64_t memory_kib) {
        const fenchi::Argon2Cost cost{passes, memory_kib * 1024, 1};
        const auto words = SecretBytes::CopyOf(password.view());
        const fenchi::Bytes grains(salt.view().begin(), salt.view().end());
        Call call;
        return call.Value(
            call.Run([&] { return fenchi::StretchPassword(words.view(), grains, cost); }));
      },
      py::arg("password"), py::arg("salt"), py::arg("passes"), py::arg("memory_kib"));
  module.def(
      "approve_proposal",
      [](const Input& proposal, const SecretBytes& admin_key) {
        return CopyBytes(Value(fenchi::ApproveProposal(proposal.view(), admin_key)));
      },
      py::arg("proposal"), py::arg("admin_key"));
}

}  // namespace fenchi_python
