// The local HTTP API for point-of-sale and CRM systems: they read a customer and note asks,
// purchases, appointments and feedback. Described by src/doors/api/openapi.json, which is served at
// /openapi.json.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "maitred/base/result.h"
#include "maitred/doors/web/server.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {

// Every request except for the description needs "Authorization: Bearer TOKEN" with the token of
// `maitredctl staff add NAME --system`. After three wrong tokens from one address, answers to it
// are delayed. A note that comes again with the same "external" or Idempotency-Key is not written
// again. Bound to the io_context's thread. The shop must outlive it.
class HttpApi : public WebSite {
 public:
  // `on_failure` is called with each error that is not the client's (kEnvironment).
  HttpApi(boost::asio::io_context& io, Shop& shop, std::function<void(const Error&)> on_failure);

  bool knows(const WebRequest& head) override;
  void on_request(const WebRequest& request, WebReply reply) override;

 private:
  Result<WebResponse> answer(const WebRequest& request, const Actor& actor);
  void refuse_token(const std::string& address, WebReply reply);

  boost::asio::io_context& io_;
  Shop& shop_;
  const std::function<void(const Error&)> on_failure_;
  struct Failures;
  std::shared_ptr<Failures> failures_;
};

}  // namespace maitred
