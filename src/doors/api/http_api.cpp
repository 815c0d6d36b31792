#include "maitred/doors/api/http_api.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <set>

#include "maitred/admin/enrolment.h"
#include "maitred/admin/notes.h"
#include "maitred/admin/records.h"
#include "maitred/admin/views.h"
#include "maitred/base/auth_failures.h"
#include "maitred/base/json.h"
#include "maitred/base/log.h"
#include "maitred/base/stranger_log.h"
#include "openapi.h"
#include "routes.h"

namespace maitred {

using nlohmann::json;

struct HttpApi::Failures : AuthFailures {};

namespace {

int status_of(const Error& error) {
  static const std::set<std::string> kUnknown = {"unknown_customer", "unknown_visit",
                                                 "no_such_path"};
  static const std::set<std::string> kConflict = {"external_taken", "loyalty_taken",
                                                  "scope_missing"};
  if (error.code == "wrong_method") return 405;
  if (kUnknown.contains(error.code)) return 404;
  if (kConflict.contains(error.code) || error.fault == Fault::kNo) return 409;
  return error.fault == Fault::kInput ? 400 : 503;
}

WebResponse json_response(int status, std::string_view text) {
  WebResponse response;
  response.status = status;
  response.type = "application/json";
  response.body = std::string(text) + "\n";
  return response;
}

WebResponse error_response(const Error& error) {
  return web_error(status_of(error), error.code, error.message);
}

// The token of "Authorization: Bearer TOKEN", or nothing.
std::string_view bearer_token(const WebRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view header = request.header("authorization");
  return header.starts_with(kBearer) ? header.substr(kBearer.size()) : std::string_view{};
}

// The schema Noted of openapi.json.
json noted_view(const verbs::NotedAnswer& noted) {
  json view = {{"id", noted.id.value}, {"number", noted.number}};
  if (noted.known) view["known"] = *noted.known;
  return view;
}

// The schema Rated of openapi.json.
json rated_view(const verbs::FeedbackAnswer& rated) {
  return {{"visit", rated.visit.value}, {"rating", rated.rating}};
}

// Adds a note by the verb `handler`.
template <class Args, class Handler>
Result<WebResponse> note(Shop& shop, const json& body, const Actor& actor, Handler handler) {
  MAITRED_ASSIGN(const Args args, read_fields<Args>(body));
  MAITRED_ASSIGN(const verbs::NotedAnswer noted, handler(shop, args, actor));
  return json_response(noted.known.value_or(false) ? 200 : 201, json_text(noted_view(noted)));
}

Result<WebResponse> rate(Shop& shop, const json& body, const Actor& actor) {
  MAITRED_ASSIGN(const auto args, read_fields<verbs::FeedbackArgs>(body));
  MAITRED_ASSIGN(const verbs::FeedbackAnswer rated, verbs::feedback(shop, args, actor));
  return json_response(201, json_text(rated_view(rated)));
}

Result<WebResponse> show(Shop& shop, const CustomerId& id, const Actor& actor) {
  MAITRED_ASSIGN(const Customer customer, shop.store().customers().find(id));
  return json_response(200, json_text(system_view(customer, actor.at)));
}

Result<WebResponse> update(Shop& shop, const CustomerId& id, const json& body, const Actor& actor) {
  MAITRED_ASSIGN(const auto args, read_fields<verbs::UpdateArgs>(body));
  MAITRED_TRY(verbs::update(shop, args, actor));
  return show(shop, id, actor);
}

}  // namespace

HttpApi::HttpApi(boost::asio::io_context& io, Shop& shop,
                 std::function<void(const Error&)> on_failure)
    : io_(io),
      shop_(shop),
      on_failure_(std::move(on_failure)),
      failures_(std::make_shared<Failures>()) {}

void HttpApi::refuse_token(const std::string& address, WebReply reply) {
  const Milliseconds wait = failures_->note(address, std::chrono::steady_clock::now());
  if (failures_->count(address) % 10 == 0) {
    log_stranger(journal(), spdlog::level::warn, "api wrong tokens",
                 fmt::format("[api]: {} wrong tokens from {} within a minute",
                             failures_->count(address), address));
  }
  WebResponse refusal = web_error(401, "bad_token", "the token is missing, unknown or revoked");
  refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (wait.count() == 0) return reply(std::move(refusal));
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, wait);
  timer->async_wait([timer, reply = std::move(reply),
                     refusal = std::move(refusal)](const boost::system::error_code& error) {
    if (!error) reply(refusal);
  });
}

Result<WebResponse> HttpApi::answer(const WebRequest& request, const Actor& actor) {
  MAITRED_ASSIGN(ApiCall call, read_call(request));
  if (call.route->action == ApiAction::kRate) {
    call.body["visit"] = call.reference;
    return rate(shop_, call.body, actor);
  }
  MAITRED_ASSIGN(const CustomerId id, shop_.customer_named(call.reference));
  call.body["id"] = id.value;
  switch (call.route->action) {
    case ApiAction::kAsk:
      return note<verbs::AskArgs>(shop_, call.body, actor, verbs::ask);
    case ApiAction::kPurchase:
      return note<verbs::PurchaseArgs>(shop_, call.body, actor, verbs::purchase);
    case ApiAction::kAppointment:
      return note<verbs::AppointmentArgs>(shop_, call.body, actor, verbs::appointment);
    case ApiAction::kUpdate:
      return update(shop_, id, call.body, actor);
    default:
      return show(shop_, id, actor);
  }
}

bool HttpApi::knows(const WebRequest& head) {
  if (bearer_token(head).empty()) return false;
  const auto member = shop_.store().staff().member(bearer_token(head));
  return member && *member && (*member)->system;
}

void HttpApi::on_request(const WebRequest& request, WebReply reply) {
  if (request.path == "/openapi.json" && request.method == "GET") {
    return reply(json_response(200, openapi_text()));
  }
  const auto member = shop_.store().staff().member(bearer_token(request));
  if (member && (!*member || !(*member)->system)) {
    return refuse_token(request.peer, std::move(reply));
  }
  const auto response = member ? answer(request, Actor{"api:" + (*member)->name, wall_now()})
                               : Result<WebResponse>(tl::unexpected(member.error()));
  if (response) return reply(*response);
  const Error& error = response.error();
  if (error.fault == Fault::kEnvironment) on_failure_(error);
  WebResponse refusal = error_response(error);
  if (refusal.status == 405) refusal.headers.emplace_back("Allow", allowed_methods(request));
  reply(std::move(refusal));
}

}  // namespace maitred
