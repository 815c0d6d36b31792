// The HTTP API, request by request, on a real store. Every answer is checked against openapi.json.
#include "maitred/doors/api/http_api.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "maitred/base/auth_failures.h"
#include "src/doors/api/openapi.h"
#include "src/doors/api/routes.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/doors/api/open_api.h"

namespace maitred {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

struct Response {
  int status = 0;
  json body;
  WebHeaders headers;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
  std::string code() const { return body.at("error").at("code"); }
};

class HttpApiTest : public testing::Test {
 protected:
  void SetUp() override {
    settings_.store_path = folder_.path() / "store.db";
    KeyAccess key;
    key.source = {KeyKind::kFile, (folder_.path() / "key").string()};
    ASSERT_TRUE(Store::create(settings_.store_path, key, actor()));
    auto shop = Shop::open(settings_, key);
    ASSERT_TRUE(shop) << shop.error().message;
    shop_ = std::move(*shop);
    api_ = std::make_unique<HttpApi>(
        io_, *shop_, [this](const Error& error) { failures_.push_back(error.code); });
    StaffMember till{"till-system"};
    till.system = true;
    token_ = *shop_->store().staff().add(till, actor());
    id_ = enrol("Ada Example", "L 1", "crm/1", {Scope::kRecognition, Scope::kHistory});
  }

  static Actor actor() { return {"uid:0", wall_now()}; }

  std::string enrol(const std::string& name, const std::string& loyalty,
                    const std::string& external, std::set<Scope> scopes) {
    NewCustomer customer;
    customer.profile.name = name;
    customer.profile.loyalty = loyalty;
    customer.profile.external = external;
    customer.consent.version = "v1";
    customer.consent.reference = "form";
    customer.consent.scopes = std::move(scopes);
    customer.consent.granted = wall_now();
    return shop_->store().customers().enrol(customer, actor())->value;
  }

  WebRequest request(const std::string& method, const std::string& path, const std::string& body) {
    WebRequest request;
    request.method = method;
    request.path = path;
    request.body = body;
    request.peer = "127.0.0.1";
    request.headers = {{"authorization", "Bearer " + token_}};
    return request;
  }

  // The answer that comes within the call. Without one the status is 0.
  Response send(const WebRequest& request) {
    Response response;
    api_->on_request(request, [&](const WebResponse& answer) {
      response = {answer.status, json::parse(answer.body), answer.headers};
      EXPECT_EQ(answer.type, "application/json");
    });
    if (response.status != 0 && request.path != "/openapi.json") {
      EXPECT_EQ(open_api_.problem(request.method, request.path, response.status, response.body), "")
          << request.method << " " << request.path << " " << response.body;
    }
    return response;
  }

  Response ask(const std::string& method, const std::string& path, const json& body = {}) {
    return send(request(method, path, body.is_null() ? "" : body.dump()));
  }

  std::string customer() const { return "/v1/customers/" + id_; }

  Customer held() { return *shop_->store().customers().find(CustomerId(id_)); }

  std::string arrive() {
    Match match;
    match.customer = CustomerId(id_);
    match.camera = "entrance";
    match.first_seen = match.at = wall_now();
    EXPECT_TRUE(shop_->desk().arrive(match));
    return shop_->store().visits().list({})->front().id.value;
  }

  TemporaryFolder folder_;
  Settings settings_;
  std::unique_ptr<Shop> shop_;
  boost::asio::io_context io_;
  std::unique_ptr<HttpApi> api_;
  std::vector<std::string> failures_;
  std::string token_, id_;
  const OpenApi open_api_{json::parse(openapi_text())};
};

TEST_F(HttpApiTest, ACustomerIsNamedInThreeWays) {
  for (const std::string& name :
       {id_, std::string("loyalty:L%201"), std::string("external:crm%2f1"),
        std::string("external:crm%2F1")}) {
    const Response response = ask("GET", "/v1/customers/" + name);
    EXPECT_EQ(response.status, 200) << name;
    EXPECT_EQ(response.body["id"], id_);
    EXPECT_EQ(response.body["name"], "Ada Example");
    EXPECT_EQ(response.body["external"], "crm/1");
  }
}

TEST_F(HttpApiTest, SystemsSeeOnlyWhatTheConsentCovers) {
  ASSERT_EQ(
      ask("POST", customer() + "/purchases", {{"item", "TS-43"}, {"status", "bought"}}).status,
      201);
  EXPECT_EQ(ask("GET", customer()).body["purchases"].size(), 1U);
  Consent consent = held().consent;
  consent.scopes = {Scope::kRecognition};
  ASSERT_TRUE(shop_->store().customers().set_consent(CustomerId(id_), consent, actor(), "renewed"));
  EXPECT_FALSE(ask("GET", customer()).body.contains("purchases"));
  ASSERT_TRUE(shop_->desk().withdraw(CustomerId(id_), actor()));
  EXPECT_EQ(ask("GET", customer()).body, (json{{"id", id_}, {"name", ""}}));
}

TEST_F(HttpApiTest, AChangeIsWrittenAndShown) {
  const Response response = ask(
      "PATCH", customer(),
      {{"tier", "gold"}, {"note", "likes tea"}, {"preferences", {{"shoe", "43"}, {"tea", "yes"}}}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body["tier"], "gold");
  EXPECT_EQ(response.body["preferences"], (json{{"shoe", "43"}, {"tea", "yes"}}));
  EXPECT_EQ(held().profile.note, "likes tea");
  ask("PATCH", customer(),
      {{"drop_preferences", {"tea"}}, {"loyalty", "L-2"}, {"external", "crm-2"}});
  EXPECT_EQ(held().profile.preferences, (std::map<std::string, std::string>{{"shoe", "43"}}));
  EXPECT_EQ(ask("GET", "/v1/customers/external:crm-2").status, 200);
  EXPECT_EQ(ask("GET", "/v1/customers/loyalty:L%201").status, 404);
}

TEST_F(HttpApiTest, NotesAreWrittenUnderTheNameOfTheSystem) {
  const Response response =
      ask("POST", customer() + "/asks", {{"text", "trail shoes"}, {"item", "TS-43"}});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, (json{{"id", id_}, {"number", 1}}));
  EXPECT_EQ(ask("POST", customer() + "/purchases",
                {{"item", "TS-43"}, {"status", "out_of_stock"}, {"date", "2026-11-01"}})
                .status,
            201);
  EXPECT_EQ(
      ask("POST", customer() + "/appointments", {{"at", "2099-11-22T10:30Z"}, {"with", "Yara"}})
          .status,
      201);
  const Customer now = held();
  ASSERT_EQ(now.asks.size(), 1U);
  EXPECT_EQ(now.asks[0].text, "trail shoes");
  EXPECT_EQ(now.asks[0].item, "TS-43");
  ASSERT_EQ(now.purchases.size(), 1U);
  EXPECT_EQ(now.purchases[0].status, "out_of_stock");
  EXPECT_EQ(format_time(now.purchases[0].date), "2026-11-01T00:00:00.000Z");
  ASSERT_EQ(now.appointments.size(), 1U);
  EXPECT_EQ(now.appointments[0].with, "Yara");
  EXPECT_EQ(shop_->store().audit().rows(1)->front().actor, "api:till-system");
  const json shown = ask("GET", customer()).body;
  EXPECT_EQ(shown["asks"].size() + shown["purchases"].size() + shown["appointments"].size(), 3U);
}

TEST_F(HttpApiTest, ANoteThatComesAgainIsNotWrittenAgain) {
  const json bodies = {{"asks", {{"text", "trail shoes"}}},
                       {"purchases", {{"item", "TS-43"}, {"status", "bought"}}},
                       {"appointments", {{"at", "2099-11-22T10:30Z"}, {"with", "Yara"}}}};
  for (const auto& [kind, body] : bodies.items()) {
    json named = body;
    named["external"] = "n-1";
    const std::string path = customer() + "/" + kind;
    EXPECT_EQ(ask("POST", path, named).status, 201);
    const Response again = ask("POST", path, named);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, (json{{"id", id_}, {"number", 1}, {"known", true}}));

    WebRequest keyed = request("POST", path, body.dump());
    keyed.headers.emplace_back("idempotency-key", "k-1");
    EXPECT_EQ(send(keyed).status, 201);
    EXPECT_EQ(send(keyed).body["number"], 2);
    // "external" in the body is stronger than the header.
    keyed.body = named.dump();
    EXPECT_EQ(send(keyed).body["number"], 1);
    EXPECT_EQ(ask("POST", path, body).body["number"], 3);  // without either
  }
  const Customer now = held();
  EXPECT_EQ(now.asks.size() + now.purchases.size() + now.appointments.size(), 9U);
}

TEST_F(HttpApiTest, FeedbackNeedsItsScope) {
  const std::string path = "/v1/visits/" + arrive() + "/feedback";
  const Response refused = ask("POST", path, {{"rating", 9}});
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "scope_missing");
  Consent consent = held().consent;
  consent.scopes.insert(Scope::kFeedback);
  ASSERT_TRUE(shop_->store().customers().set_consent(CustomerId(id_), consent, actor(), "renewed"));
  const Response response = ask("POST", path, {{"rating", 9}, {"comment", "quick"}});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body["rating"], 9);
  const auto answers = shop_->store().visits().feedback();
  ASSERT_EQ(answers->size(), 1U);
  EXPECT_EQ(answers->front().comment, "quick");
  for (const json& rating : {json(11), json(-1), json("9"), json(nullptr)}) {
    EXPECT_EQ(ask("POST", path, {{"rating", rating}}).status, 400) << rating;
  }
  EXPECT_EQ(ask("POST", path, {{"comment", "no rating"}}).status, 400);
  EXPECT_EQ(ask("POST", "/v1/visits/none/feedback", {{"rating", 9}}).code(), "unknown_visit");
  EXPECT_EQ(shop_->store().visits().feedback()->size(), 1U);
}

TEST_F(HttpApiTest, BadBodiesAreRefusedAndChangeNothing) {
  const std::vector<std::pair<std::string, json>> wrong = {
      {"/asks", json::object()},
      {"/asks", {{"text", ""}}},
      {"/asks", {{"text", 7}}},
      {"/asks", {{"text", "x"}, {"price", 1}}},
      {"/asks", {{"text", "x"}, {"id", "other"}}},
      {"/asks", json::array({"x"})},
      {"/asks", "x"},
      {"/purchases", {{"item", "x"}}},
      {"/purchases", {{"item", "x"}, {"status", "stolen"}}},
      {"/purchases", {{"item", "x"}, {"status", "bought"}, {"date", "soon"}}},
      {"/appointments", {{"with", "Y"}}},
      {"/appointments", {{"at", "soon"}, {"with", "Y"}}}};
  for (const auto& [kind, body] : wrong) {
    EXPECT_EQ(ask("POST", customer() + kind, body).status, 400) << kind << " " << body;
  }
  for (const std::string& text : {std::string(), std::string("no json"), std::string(5000, '['),
                                  R"({"text":")" + std::string(70000, 'x') + "\"}"}) {
    EXPECT_EQ(send(request("POST", customer() + "/asks", text)).status, 400) << text.substr(0, 20);
  }
  const std::vector<json> changes = {{{"name", ""}},
                                     {{"name", 7}},
                                     {{"preferences", {{"shoe", 43}}}},
                                     {{"reset_threshold", true}},
                                     {{"photos", json::array()}}};
  for (const json& change : changes) {
    EXPECT_EQ(ask("PATCH", customer(), change).status, 400) << change;
  }
  const Customer now = held();
  EXPECT_EQ(now.asks.size() + now.purchases.size() + now.appointments.size(), 0U);
  EXPECT_EQ(now.profile.name, "Ada Example");
  EXPECT_TRUE(failures_.empty());
}

TEST_F(HttpApiTest, AnUnknownKeyIsNamed) {
  const Response response = ask("POST", customer() + "/asks", {{"text", "x"}, {"price", 1}});
  EXPECT_EQ(response.code(), "bad_body");
  EXPECT_THAT(response.body["error"]["message"].get<std::string>(), HasSubstr("'price'"));
}

TEST_F(HttpApiTest, IdsOfOthersAreAConflict) {
  enrol("Ben Example", "L 2", "", {Scope::kRecognition});
  ASSERT_EQ(ask("PATCH", "/v1/customers/loyalty:L%202", {{"external", "crm-2"}}).status, 200);
  EXPECT_EQ(ask("PATCH", customer(), {{"external", "crm-2"}}).code(), "external_taken");
  const Response taken = ask("PATCH", customer(), {{"loyalty", "L 2"}});
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.code(), "loyalty_taken");
  EXPECT_EQ(ask("PATCH", customer(), {{"external", "crm/1"}}).status, 200);  // its own
}

TEST_F(HttpApiTest, UnknownPathsAndCustomers) {
  for (const std::string path :
       {"/", "/v1", "/v1/customers", "/v1/customers/", "/v1/customers//asks", "/v2/customers/x",
        "/v1/customers/%zz", "/v1/customers/%4", "/v1/visits/x", "/v1/visits/x/asks",
        "/v1/customers/x/templates", "/v1/customers/x/asks/1"}) {
    for (const std::string method : {"GET", "POST"}) {
      const Response response = ask(method, path, json::object());
      EXPECT_EQ(response.status, 404) << method << " " << path;
      EXPECT_EQ(response.code(), "no_such_path") << path;
    }
  }
  EXPECT_EQ(ask("GET", "/v1/customers/" + std::string(257, 'a')).code(), "no_such_path");
  for (const std::string name : {"nobody00", "loyalty:none", "external:none"}) {
    EXPECT_EQ(ask("GET", "/v1/customers/" + name).code(), "unknown_customer") << name;
    EXPECT_EQ(ask("POST", "/v1/customers/" + name + "/asks", {{"text", "x"}}).status, 404) << name;
  }
}

TEST_F(HttpApiTest, AWrongMethodIsToldTheRightOnes) {
  Response response = ask("DELETE", customer());
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.code(), "wrong_method");
  EXPECT_EQ(response.header("Allow"), "GET, PATCH");
  response = ask("GET", customer() + "/asks");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.header("Allow"), "POST");
  EXPECT_EQ(ask("PATCH", "/v1/visits/none/feedback", {{"rating", 9}}).status, 405);
}

TEST_F(HttpApiTest, OnlyTheTokenOfASystemOpensIt) {
  const std::string terminal = *shop_->store().staff().add("till", actor());
  std::string peer = "127.0.0.2";
  const auto status_with = [&](const std::string& authorization) {
    WebRequest one = request("GET", customer(), "");
    one.headers = {{"authorization", authorization}};
    one.peer = peer;
    ++peer.back();  // so that no answer is delayed
    const Response response = send(one);
    if (response.status == 401) {
      EXPECT_EQ(response.header("WWW-Authenticate"), "Bearer");
    }
    return response.status;
  };
  EXPECT_EQ(status_with("Bearer " + token_), 200);
  EXPECT_EQ(status_with("Bearer " + terminal), 401);
  EXPECT_EQ(status_with("Bearer guess"), 401);
  EXPECT_EQ(status_with("Bearer "), 401);
  EXPECT_EQ(status_with(token_), 401);
  EXPECT_EQ(status_with("Basic " + token_), 401);
  EXPECT_EQ(status_with(""), 401);
  ASSERT_TRUE(shop_->store().staff().revoke("till-system", actor()));
  EXPECT_EQ(status_with("Bearer " + token_), 401);
}

TEST_F(HttpApiTest, AWrongTokenLearnsNothingOfPaths) {
  WebRequest guess = request("GET", "/v1/customers/nobody00", "");
  guess.headers.clear();
  EXPECT_EQ(send(guess).status, 401);
  guess.path = "/nowhere";
  EXPECT_EQ(send(guess).status, 401);
}

TEST_F(HttpApiTest, WhoGuessesTokensWaits) {
  WebRequest guess = request("GET", customer(), "");
  guess.headers = {{"authorization", "Bearer guess"}};
  for (int i = 0; i < AuthFailures::kFree; ++i) EXPECT_EQ(send(guess).status, 401);
  int status = 0;
  api_->on_request(guess, [&](const WebResponse& answer) { status = answer.status; });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ask("GET", customer()).status, 200);  // the right token does not wait
  io_.run();
  EXPECT_EQ(status, 401);
  guess.peer = "127.0.0.9";
  EXPECT_EQ(send(guess).status, 401);  // another address does not wait
}

// Makes every write to a file fail while it lives.
class FullDisk {
 public:
  FullDisk() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

TEST_F(HttpApiTest, AFullDiskIs503AndTheDaemonIsTold) {
  Response response;
  {
    const FullDisk full;
    response = ask("POST", customer() + "/asks", {{"text", "x"}});
  }
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.code(), "store_failed");
  EXPECT_THAT(failures_, ElementsAre("store_failed"));
}

TEST_F(HttpApiTest, TheDescriptionNeedsNoToken) {
  WebRequest plain;
  plain.method = "GET";
  plain.path = "/openapi.json";
  const Response response = send(plain);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, open_api_.document());
  plain.method = "POST";
  plain.peer = "127.0.0.1";
  EXPECT_EQ(send(plain).status, 401);
}

TEST_F(HttpApiTest, TheDescriptionNamesExactlyTheRoutesAndTheirKeys) {
  std::map<std::string, std::set<std::string>> described, served;
  for (const auto& [path, operations] : open_api_.document()["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      if (method == "parameters") continue;
      auto& keys = described[method + " " + path];
      if (!operation.contains("requestBody")) continue;
      const json& schema =
          open_api_.resolved(operation["requestBody"]["content"]["application/json"]["schema"]);
      for (const auto& [key, value] : schema["properties"].items()) keys.insert(key);
    }
  }
  for (const Route& route : api_routes()) {
    std::string method(route.method);
    for (char& letter : method) letter = static_cast<char>(letter | 0x20);
    const std::string place(route.place);
    std::string path = "/v1/" + place + "/{" + place.substr(0, place.size() - 1) + "}";
    if (!route.kind.empty()) path += "/" + std::string(route.kind);
    served[method + " " + path] = {route.body_keys.begin(), route.body_keys.end()};
  }
  EXPECT_EQ(described, served);
}

void expect_strict(const json& value, const std::string& where) {
  if (value.is_object() && value.value("type", json()) == "object") {
    EXPECT_TRUE(value.contains("additionalProperties")) << where;
    EXPECT_NE(value.value("additionalProperties", json(true)), json(true)) << where;
  }
  if (!value.is_structured()) return;
  for (const auto& [key, inner] : value.items()) expect_strict(inner, where + "/" + key);
}

TEST_F(HttpApiTest, TheDescriptionIsStrict) {
  expect_strict(open_api_.document()["components"]["schemas"], "schemas");
}

TEST(OpenApiCheck, FindsWhatIsNotDescribed) {
  const OpenApi check{json::parse(openapi_text())};
  const std::string path = "/v1/customers/x";
  const json good = {{"id", "x"}, {"name", "A"}, {"preferences", {{"shoe", "43"}}}};
  EXPECT_EQ(check.problem("GET", path, 200, good), "");
  const auto with = [&good](const char* key, const json& value) {
    json body = good;
    body[key] = value;
    return body;
  };
  EXPECT_NE(check.problem("GET", path, 200, with("last_visit", nullptr)), "");
  EXPECT_NE(check.problem("GET", path, 200, with("name", 7)), "");
  EXPECT_NE(check.problem("GET", path, 200, with("preferences", {{"shoe", 43}})), "");
  EXPECT_NE(check.problem("GET", path, 200, with("asks", {{{"text", "x"}}})), "");
  EXPECT_NE(check.problem("GET", path, 200, {{"id", "x"}}), "");
  EXPECT_NE(check.problem("GET", path, 400, good), "");
  EXPECT_NE(check.problem("GET", "/v1/nowhere", 200, good), "");
  EXPECT_NE(check.mismatch({{"oneOf", json::array()}}, "x"), "");
}

}  // namespace
}  // namespace maitred
