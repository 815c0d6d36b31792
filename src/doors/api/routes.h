// Which request of the HTTP API does what. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/doors/web/message.h"

namespace maitred {

enum class ApiAction { kShow, kUpdate, kAsk, kPurchase, kAppointment, kRate };

// One operation of openapi.json: METHOD /v1/PLACE/REFERENCE/KIND, or without /KIND if it is empty.
struct Route {
  std::string_view method;
  std::string_view place;  // "customers" or "visits"
  std::string_view kind;
  ApiAction action = ApiAction::kShow;
  std::vector<std::string_view> body_keys{};  // the keys that a body may have
};

const std::vector<Route>& api_routes();

// A request that was understood.
struct ApiCall {
  const Route* route = nullptr;
  std::string reference;  // to the customer or the visit, decoded
  nlohmann::json body = nlohmann::json::object();
};

// Reads path and body. An Idempotency-Key stands in for a missing "external" of a note. Errors (all
// kInput): no_such_path; wrong_method; bad_body for a body that is not a JSON object, or has an
// unknown key; json_too_long, json_too_deep, json_malformed.
Result<ApiCall> read_call(const WebRequest& request);

// "GET, PATCH": the methods that a path has; empty if there is no such path.
std::string allowed_methods(const WebRequest& request);

}  // namespace maitred
