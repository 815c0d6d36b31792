// The local HTTP API for point-of-sale and CRM systems: what `maitredctl` notes of a customer, by
// HTTP. Described by src/core/openapi.json, which is served at /openapi.json.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <string>

#include "maitred/admin/verb.h"
#include "maitred/base/result.h"
#include "maitred/doors/web/server.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {

// Every request but the description needs "Authorization: Bearer TOKEN", of `maitredctl staff add
// NAME --system`. Wrong tokens are answered the later the more of them came from that address. What
// comes twice with one "external" (or one Idempotency-Key) is noted once. Bound to the io_context's
// thread; shop and verbs must outlive it.
class HttpApi : public WebSite {
 public:
  HttpApi(boost::asio::io_context& io, Shop& shop, const Verbs& verbs,
          std::function<void(const Error&)> on_failure);

  void on_request(const WebRequest& request, WebReply reply) override;

 private:
  struct Call;
  Result<nlohmann::json> run(const Call& call, const Actor& actor);
  void refuse_token(const std::string& address, WebReply reply);

  boost::asio::io_context& io_;
  Shop& shop_;
  const Verbs& verbs_;
  const std::function<void(const Error&)> on_failure_;  // of the store
  struct Failures;
  std::shared_ptr<Failures> failures_;
};

}  // namespace maitred
