#include "maitred/doors/api/http_api.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "maitred/admin/views.h"
#include "maitred/base/auth_failures.h"
#include "maitred/base/json.h"
#include "maitred/base/log.h"
#include "openapi.h"

namespace maitred {

using nlohmann::json;

struct HttpApi::Failures : AuthFailures {};

// One request, taken apart.
struct HttpApi::Call {
  std::string verb;       // see verb.h
  std::string reference;  // to the customer; empty for feedback
  json args = json::object();
  bool creates = false;
};

namespace {

constexpr std::size_t kReferenceLimit_bytes = 256;
constexpr JsonLimits kBodyLimits{.bytes = 64 * 1024, .depth = 4};

// What a call does, and which keys its body may have.
struct Endpoint {
  const char* method;
  const char* kind;  // the last part of the path; "" for the customer itself
  const char* verb;
  std::vector<const char*> keys;
};

const std::array<Endpoint, 5>& endpoints() {
  static const std::array<Endpoint, 5> kAll = {
      {{"GET", "", "show", {}},
       {"PATCH",
        "",
        "update",
        {"name", "loyalty", "tier", "note", "external", "preferences", "drop_preferences"}},
       {"POST", "asks", "ask", {"text", "item", "external"}},
       {"POST", "purchases", "purchase", {"item", "status", "date", "external"}},
       {"POST", "appointments", "appointment", {"at", "with", "external"}}}};
  return kAll;
}

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

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto digit = [&](std::size_t at) {
      static constexpr std::string_view kDigits = "0123456789abcdef";
      if (at >= text.size()) return std::string_view::npos;
      const char letter = text[at];
      return kDigits.find(letter >= 'A' && letter <= 'F' ? static_cast<char>(letter + 32) : letter);
    };
    const auto high = digit(i + 1);
    const auto low = digit(i + 2);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

Result<json> body_of(const WebRequest& request, const std::vector<const char*>& keys) {
  if (request.method == "GET") return json::object();
  MAITRED_ASSIGN(json body, parse_json(request.body, kBodyLimits));
  if (!body.is_object()) return input_error("bad_body", "the body is not a JSON object");
  for (const auto& [key, value] : body.items()) {
    const bool known =
        std::any_of(keys.begin(), keys.end(), [&key = key](const char* one) { return key == one; });
    if (known) continue;
    return input_error("bad_body", fmt::format("unknown key '{}'; see /openapi.json",
                                               shown_text(utf8_prefix(key, 40))));
  }
  return body;
}

// What external ids and keys of a retried request are to a note: what comes twice counts once.
void add_idempotency(const WebRequest& request, json& args) {
  const std::string_view key = request.header("idempotency-key");
  if (!key.empty() && !args.contains("external")) args["external"] = key;
}

}  // namespace

HttpApi::HttpApi(boost::asio::io_context& io, Shop& shop, const Verbs& verbs,
                 std::function<void(const Error&)> on_failure)
    : io_(io),
      shop_(shop),
      verbs_(verbs),
      on_failure_(std::move(on_failure)),
      failures_(std::make_shared<Failures>()) {}

Result<json> HttpApi::run(const Call& call, const Actor& actor) {
  json args = call.args;
  if (call.verb != "feedback") {
    MAITRED_ASSIGN(const CustomerId id, shop_.customer_named(call.reference));
    args["id"] = id.value;
  }
  if (call.verb != "show") {
    MAITRED_ASSIGN(json answer, verbs_.run(call.verb, shop_, args, actor));
    if (call.verb != "update") return answer;
  }
  const CustomerId id(args["id"].get<std::string>());
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  return system_view(customer, actor.at);
}

void HttpApi::refuse_token(const std::string& address, WebReply reply) {
  const Milliseconds wait = failures_->note(address, std::chrono::steady_clock::now());
  if (failures_->count(address) % 10 == 0) {
    journal().warn("[api]: {} wrong tokens from {} within a minute", failures_->count(address),
                   address);
  }
  WebResponse refusal = web_error(401, "bad_token", "no token, or one that is unknown or revoked");
  refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (wait.count() == 0) return reply(std::move(refusal));
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, wait);
  timer->async_wait([timer, reply = std::move(reply),
                     refusal = std::move(refusal)](const boost::system::error_code& error) {
    if (!error) reply(refusal);
  });
}

void HttpApi::on_request(const WebRequest& request, WebReply reply) {
  const auto fail = [&reply](const Error& error) {
    reply(web_error(status_of(error), error.code, error.message));
  };
  if (request.path == "/openapi.json" && request.method == "GET") {
    return reply(json_response(200, openapi_text()));
  }
  std::string_view token = request.header("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  token = token.starts_with(kBearer) ? token.substr(kBearer.size()) : std::string_view{};
  const auto member = shop_.store().staff().member(token);
  if (!member) return fail(member.error());
  if (!*member || !(*member)->system) return refuse_token(request.peer, std::move(reply));

  const auto parts = path_parts(request.path);
  const Error no_path{Fault::kInput, "no_such_path", "there is no such path; see /openapi.json"};
  Call call;
  std::vector<const char*> keys;
  if (parts.size() == 4 && parts[0] == "v1" && parts[1] == "visits" && parts[3] == "feedback") {
    if (request.method != "POST") return fail({Fault::kInput, "wrong_method", "POST it"});
    call.verb = "feedback";
    call.creates = true;
    keys = {"rating", "comment"};
  } else if ((parts.size() == 3 || parts.size() == 4) && parts[0] == "v1" &&
             parts[1] == "customers") {
    const std::string kind = parts.size() == 4 ? parts[3] : "";
    bool known_kind = false;
    for (const Endpoint& one : endpoints()) {
      if (kind != one.kind) continue;
      known_kind = true;
      if (request.method != one.method) continue;
      call.verb = one.verb;
      call.creates = request.method == "POST";
      keys = one.keys;
    }
    if (!known_kind) return fail(no_path);
    if (call.verb.empty()) {
      return fail(
          {Fault::kInput, "wrong_method", "this path has no such method; see /openapi.json"});
    }
  } else {
    return fail(no_path);
  }
  const auto reference = percent_decoded(parts[2]);
  if (!reference || reference->empty() || reference->size() > kReferenceLimit_bytes) {
    return fail(no_path);
  }
  auto body = body_of(request, keys);
  if (!body) return fail(body.error());
  call.args = std::move(*body);
  call.reference = *reference;
  if (call.verb == "feedback") {
    call.args["visit"] = *reference;
  } else if (call.creates) {
    add_idempotency(request, call.args);
  }
  const auto answer = run(call, Actor{"api:" + (*member)->name, wall_now()});
  if (!answer) {
    if (answer.error().fault == Fault::kEnvironment) on_failure_(answer.error());
    return fail(answer.error());
  }
  const bool fresh = call.creates && !answer->value("known", false);
  reply(json_response(fresh ? 201 : 200, json_text(*answer)));
}

}  // namespace maitred
