// Custody plans for tests: cheap to stretch, shares kept where the test wants them.
#pragma once

#include <string>
#include <vector>

#include "fenchi/custody.h"

namespace fenchi {

inline CustodyPlan PassphrasePlan(std::string_view passphrase) {
  CustodyPlan plan;
  plan.passphrases.emplace("passphrase", SecretBytes::CopyOf(AsBytes(passphrase)));
  plan.passphrase_cost = {1, 8};
  return plan;
}

// A group with `count` custodians called "<group> 1", "<group> 2", ...
inline std::vector<Custodian> Holders(const std::string& group, int count) {
  std::vector<Custodian> out;
  for (int i = 1; i <= count; ++i) out.push_back({group + " " + std::to_string(i), ""});
  return out;
}

// Puts what is delivered into `into`, which must outlive the plan's use.
inline void KeepShares(CustodyPlan& plan, std::vector<CustodianShare>& into) {
  plan.deliver = [&into](std::span<const CustodianShare> shares) {
    for (const CustodianShare& one : shares) {
      into.push_back({one.slot, one.group, one.custodian, one.threshold, one.count, one.index,
                      one.epoch, one.bytes.Clone()});
    }
    return Status::Ok();
  };
}

}  // namespace fenchi
