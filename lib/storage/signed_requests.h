// Requests that carry credentials: sent once more, with new ones, when the service refuses these.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "storage/http_client.h"
#include "storage/kept_credentials.h"

namespace fenchi {

// sign(credentials) makes the request; refused(response) tells whether other credentials may help.
// Errors: of the transport and of the source of credentials.
template <typename Credentials, typename Sign, typename Refused>
Result<HttpResponse> SendSigned(HttpClient& client, KeptCredentials<Credentials>& kept,
                                const Sign& sign, const Refused& refused) {
  for (bool again = false;; again = true) {
    FENCHI_ASSIGN_OR_RETURN(const auto credentials, kept.Get());
    Result<HttpResponse> response = client.Send(sign(*credentials));
    if (!response.ok() || again || !refused(*response)) return response;
    kept.Forget(credentials);
  }
}

// The same for sign(i, credentials) of each i below `count`, several at once; `done` runs on the
// caller's thread.
template <typename Credentials, typename Sign, typename Refused>
void SendEachSigned(HttpClient& client, KeptCredentials<Credentials>& kept, std::size_t count,
                    const Sign& sign, const Refused& refused,
                    const std::function<void(std::size_t, Result<HttpResponse>)>& done) {
  const auto credentials = kept.Get();
  if (!credentials.ok()) {
    for (std::size_t i = 0; i < count; ++i) done(i, credentials.status());
    return;
  }
  client.SendEach(
      count, [&](std::size_t i) { return sign(i, **credentials); },
      [&](std::size_t i, Result<HttpResponse> response) {
        if (!response.ok() || !refused(*response)) return done(i, std::move(response));
        kept.Forget(*credentials);
        done(i,
             SendSigned(
                 client, kept, [&](const Credentials& fresh) { return sign(i, fresh); }, refused));
      });
}

}  // namespace fenchi
