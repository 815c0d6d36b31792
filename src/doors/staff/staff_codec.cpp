// What a client says, and the lines of the server that are not alerts.
#include "maitred/doors/staff/staff_codec.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "maitred/base/json_fields.h"

namespace maitred {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Need = JsonFields::Need;
using Kind = JsonFields::Kind;

constexpr std::size_t kTokenLimitBytes = 256;
constexpr std::size_t kVisitLimitBytes = 64;
constexpr std::size_t kNameLimitBytes = 64;
constexpr std::size_t kNoteLimitBytes = 2000;

// One JSON object with a "type", under the limits of the protocol.
Result<json> parse_object(std::string_view line) {
  auto value = parse_json(line, {.bytes = kStaffLineLimitBytes, .depth = kStaffDepthLimit});
  if (!value) {
    Error error = value.error();
    if (error.code == "json_too_long") error.code = "line_too_long";
    if (error.code == "json_too_deep") error.code = "too_deep";
    if (error.code == "json_malformed") error.code = "not_json";
    return tl::unexpected(std::move(error));
  }
  if (!value->is_object()) return input_error("not_json", "the line is not a JSON object");
  const auto type = value->find("type");
  if (type == value->end() || !type->is_string()) {
    return input_error("unknown_type", "the line has no \"type\"; send e.g. {\"type\":\"ping\"}");
  }
  return value;
}

VisitId visit_in(JsonFields& fields) {
  return VisitId(fields.text("visit", {.longest_bytes = kVisitLimitBytes}));
}

template <class Message>
Result<StaffRequest> good(const JsonFields& fields, Message message) {
  if (!fields.wrong()) return StaffRequest(std::move(message));
  return input_error("bad_field", fmt::format("\"{}\" is missing, too long or of the wrong type",
                                              *fields.wrong()));
}

StaffClose close_in(JsonFields& fields) {
  StaffClose close;
  close.visit = visit_in(fields);
  close.outcome =
      fields.word("outcome", Need::kRequired, outcome_from_word).value_or(Outcome::kOpen);
  if (close.outcome < Outcome::kServed || close.outcome > Outcome::kNotFound) {
    fields.fail("outcome");
  }
  close.note = fields.text("note", {kNoteLimitBytes, Need::kOptional, Kind::kText});
  close.by = fields.text("by", {kNameLimitBytes, Need::kOptional});
  return close;
}

struct RequestWriter {
  ordered_json operator()(const StaffAuth& auth) const {
    return {{"type", "auth"}, {"token", auth.token}};
  }
  ordered_json operator()(const StaffResume& resume) const {
    return {{"type", "resume"}, {"after", resume.after}};
  }
  ordered_json operator()(const StaffAck& ack) const { return {{"type", "ack"}, {"seq", ack.seq}}; }
  ordered_json operator()(const StaffClaim& claim) const {
    return {{"type", "claim"}, {"visit", claim.visit.value}, {"by", claim.by}};
  }
  ordered_json operator()(const StaffClose& close) const {
    ordered_json object = {
        {"type", "close"}, {"visit", close.visit.value}, {"outcome", word(close.outcome)}};
    if (!close.note.empty()) object["note"] = close.note;
    if (!close.by.empty()) object["by"] = close.by;
    return object;
  }
  ordered_json operator()(const StaffPing&) const { return {{"type", "ping"}}; }
};

template <class Message>
Result<StaffLine> good_line(const JsonFields& fields, Message message) {
  if (!fields.wrong()) return StaffLine(std::move(message));
  return input_error(
      "bad_field",
      fmt::format("the server's line has no good \"{}\"; is it a maitred?", *fields.wrong()));
}

Result<StaffLine> server_line_of(const json& object) {
  JsonFields fields(object);
  const std::string type = fields.text("type", {});
  if (type == "hello") {
    StaffHello hello;
    hello.protocol = static_cast<int>(
        std::min<std::uint64_t>(fields.number("protocol", Need::kRequired), 1'000'000));
    hello.server = fields.text_or_empty("server");
    hello.store = fields.text_or_empty("store");
    hello.started = fields.text_or_empty("started");
    return good_line(fields, std::move(hello));
  }
  if (type == "alert" || type == "update") {
    MAITRED_ASSIGN(Alert alert, alert_from_json(object));
    if (type == "alert") return StaffLine(StaffAlert{std::move(alert)});
    return StaffLine(StaffUpdate{std::move(alert)});
  }
  if (type == "claimed") {
    StaffClaimed claimed;
    claimed.visit = visit_in(fields);
    claimed.by = fields.text_or_empty("by");
    claimed.ok = fields.flag("ok");
    return good_line(fields, std::move(claimed));
  }
  if (type == "error") {
    StaffError error{fields.text_or_empty("code"), fields.text_or_empty("message")};
    return good_line(fields, std::move(error));
  }
  if (type == "pong") return StaffLine(StaffPong{});
  return StaffLine(StaffOther{});
}

}  // namespace

Result<StaffRequest> parse_request(std::string_view line) {
  MAITRED_ASSIGN(const json object, parse_object(line));
  JsonFields fields(object);
  const auto& type = object["type"].get_ref<const std::string&>();
  if (type == "ping") return StaffRequest(StaffPing{});
  if (type == "resume") return good(fields, StaffResume{fields.number("after", Need::kRequired)});
  if (type == "ack") return good(fields, StaffAck{fields.number("seq", Need::kRequired)});
  if (type == "auth") return good(fields, StaffAuth{fields.text("token", {kTokenLimitBytes})});
  if (type == "close") return good(fields, close_in(fields));
  if (type == "claim") {
    StaffClaim claim;
    claim.visit = visit_in(fields);
    claim.by = fields.text("by", {kNameLimitBytes});
    return good(fields, std::move(claim));
  }
  return input_error("unknown_type",
                     "unknown \"type\"; known are auth, resume, ack, claim, close and ping");
}

Result<StaffLine> parse_server_line(std::string_view line) {
  MAITRED_ASSIGN(const json object, parse_object(line));
  return server_line_of(object);
}

std::string request_line(const StaffRequest& request) {
  return ordered_text(std::visit(RequestWriter{}, request));
}

std::string hello_line(std::string_view server, std::string_view store, WallTime started) {
  return ordered_text(ordered_json{{"type", "hello"},
                                   {"protocol", kStaffProtocol},
                                   {"server", server},
                                   {"store", store},
                                   {"started", format_time(started)}});
}

std::string claimed_line(const VisitId& visit, std::string_view by, bool ok) {
  return ordered_text(
      ordered_json{{"type", "claimed"}, {"visit", visit.value}, {"by", by}, {"ok", ok}});
}

std::string pong_line() { return R"({"type":"pong"})"; }

std::string error_line(const Error& error) {
  return ordered_text(
      ordered_json{{"type", "error"}, {"code", error.code}, {"message", error.message}});
}

}  // namespace maitred
