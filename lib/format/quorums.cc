#include "format/quorums.h"

#include <algorithm>

#include "base/error.h"
#include "format/ids.h"

namespace fenchi::format {
namespace {

Status CheckCounts(int needed, int providers) {
  if (providers < 1 || providers > kSeatsMax) {
    return Policy("a vault has 1 to {} providers, not {}", kSeatsMax, providers);
  }
  if (needed < 1 || needed > providers) {
    return Policy("{} shards are needed of {} providers: choose 1 to {}", needed, providers,
                  providers);
  }
  return Status::Ok();
}

}  // namespace

Status CheckQuorums(int needed, int providers, const Quorums& quorums) {
  FENCHI_RETURN_IF_ERROR(CheckCounts(needed, providers));
  const auto [write, read, liars, losses] = quorums;
  if (liars < 0 || losses < 0 || liars > providers || losses > providers) {
    return Policy("liars ({}) and spare losses ({}) are 0 to {}", liars, losses, providers);
  }
  if (write < 1 || write > providers || read < 1 || read > providers) {
    return Policy("the write quorum ({}) and the read quorum ({}) are 1 to {} providers", write,
                  read, providers);
  }
  if (write < needed + liars + losses) {
    return Policy(
        "a write reaches {} providers, but {} needed + {} lying + {} lost are {}: data could be "
        "lost that was reported as stored",
        write, needed, liars, losses, needed + liars + losses);
  }
  if (read + write <= providers + liars) {
    return Policy(
        "a write reaches {} and a look reads {} of {} providers with {} lying: a look could miss a "
        "write; their sum must be more than {}",
        write, read, providers, liars, providers + liars);
  }
  return Status::Ok();
}

Result<Quorums> DefaultQuorums(int needed, int providers, std::optional<int> liars,
                               std::optional<int> spare_losses) {
  FENCHI_RETURN_IF_ERROR(CheckCounts(needed, providers));
  Quorums out;
  out.liars = liars.value_or(std::min(1, providers - needed));
  out.spare_losses = spare_losses.value_or(0);
  if (out.liars < 0 || out.spare_losses < 0 || out.liars > providers ||
      out.spare_losses > providers - out.liars) {
    return Policy("liars ({}) and spare losses ({}) of {} providers", out.liars, out.spare_losses,
                  providers);
  }
  out.write_quorum =
      std::max(needed + out.liars + out.spare_losses, (providers + out.liars) / 2 + 1);
  if (out.write_quorum > providers) {
    return Policy(
        "{} needed + {} lying + {} lost are more than {} providers: add a provider, or allow fewer",
        needed, out.liars, out.spare_losses, providers);
  }
  out.read_quorum = providers + out.liars + 1 - out.write_quorum;
  FENCHI_RETURN_IF_ERROR(CheckQuorums(needed, providers, out));
  return out;
}

}  // namespace fenchi::format
