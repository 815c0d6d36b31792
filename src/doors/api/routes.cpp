#include "routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "maitred/base/json.h"
#include "maitred/base/text.h"

namespace maitred {

using nlohmann::json;

namespace {

constexpr std::size_t kReferenceLimit_bytes = 256;
constexpr JsonLimits kBodyLimits{.bytes = 64 * 1024, .depth = 4};

struct Path {
  std::string_view place;
  std::string reference;  // decoded
  std::string_view kind;
};

// The path of a request, or nothing if no route can have it.
std::optional<Path> read_path(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    text.remove_prefix(1);  // the slash
    const std::size_t end = std::min(text.find('/'), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (parts.size() < 3 || parts.size() > 4 || parts[0] != "v1") return std::nullopt;
  auto reference = url_decoded(parts[2]);
  if (!reference || reference->empty() || reference->size() > kReferenceLimit_bytes) {
    return std::nullopt;
  }
  return Path{parts[1], std::move(*reference), parts.size() == 4 ? parts[3] : std::string_view{}};
}

bool has_path(const Route& route, const Path& path) {
  return route.place == path.place && route.kind == path.kind;
}

Result<json> read_body(const WebRequest& request, const Route& route) {
  if (request.method == "GET") return json::object();
  MAITRED_ASSIGN(json body, parse_json(request.body, kBodyLimits));
  if (!body.is_object()) return input_error("bad_body", "the body is not a JSON object");
  for (const auto& [key, value] : body.items()) {
    const auto& known = route.body_keys;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return input_error("bad_body", fmt::format("unknown key '{}'; see /openapi.json",
                                               shown_text(utf8_prefix(key, 40))));
  }
  return body;
}

}  // namespace

const std::vector<Route>& api_routes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "customers", "", ApiAction::kShow},
      {"PATCH",
       "customers",
       "",
       ApiAction::kUpdate,
       {"name", "loyalty", "tier", "note", "external", "preferences", "drop_preferences"}},
      {"POST", "customers", "asks", ApiAction::kAsk, {"text", "item", "external"}},
      {"POST",
       "customers",
       "purchases",
       ApiAction::kPurchase,
       {"item", "status", "date", "external"}},
      {"POST", "customers", "appointments", ApiAction::kAppointment, {"at", "with", "external"}},
      {"POST", "visits", "feedback", ApiAction::kRate, {"rating", "comment"}}};
  return kRoutes;
}

Result<ApiCall> read_call(const WebRequest& request) {
  const auto no_path = input_error("no_such_path", "there is no such path; see /openapi.json");
  const auto path = read_path(request.path);
  if (!path) return no_path;
  const std::string methods = allowed_methods(request);
  if (methods.empty()) return no_path;
  ApiCall call;
  for (const Route& route : api_routes()) {
    if (has_path(route, *path) && route.method == request.method) call.route = &route;
  }
  if (call.route == nullptr) {
    return input_error("wrong_method",
                       fmt::format("this path has only {}; see /openapi.json", methods));
  }
  call.reference = path->reference;
  MAITRED_ASSIGN(call.body, read_body(request, *call.route));
  const std::string_view key = request.header("idempotency-key");
  const auto& keys = call.route->body_keys;
  const bool is_note =
      request.method == "POST" && std::find(keys.begin(), keys.end(), "external") != keys.end();
  if (is_note && !key.empty() && !call.body.contains("external")) call.body["external"] = key;
  return call;
}

std::string allowed_methods(const WebRequest& request) {
  std::string methods;
  const auto path = read_path(request.path);
  if (!path) return methods;
  for (const Route& route : api_routes()) {
    if (!has_path(route, *path)) continue;
    methods += (methods.empty() ? "" : ", ") + std::string(route.method);
  }
  return methods;
}

}  // namespace maitred
