#include "customer_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "maitred/base/json.h"
#include "src/ctl/session.h"

namespace maitred {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

std::string printable(const std::string& entered) {
  std::string text = shown_text(entered);
  std::replace_if(
      text.begin(), text.end(), [](char letter) { return letter == '\n' || letter == '\t'; }, ' ');
  return text;
}

// Returns one row of cells for each object of list[name].
Rows rows_of(const json& list, const char* name, const std::vector<const char*>& keys) {
  Rows rows;
  for (const json& object : list.value(name, json::array())) {
    std::vector<std::string> row;
    for (const char* key : keys) row.push_back(cell(object, key));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string table_or(const Rows& rows, const std::vector<std::string>& head,
                     std::string_view none) {
  return rows.empty() ? std::string(none) + "\n" : format_table(head, rows);
}

std::string section(std::string_view title, const Rows& rows,
                    const std::vector<std::string>& head) {
  if (rows.empty()) return {};
  return fmt::format("\n{}\n{}", title, format_table(head, rows));
}

}  // namespace

std::string local_clock(WallTime at) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}", local.tm_hour, local.tm_min);
}

std::string cell(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "-";
  if (found->is_string()) {
    const std::string text = printable(found->get<std::string>());
    return text.empty() ? "-" : text;
  }
  if (found->is_number_float()) return fmt::format("{:.4g}", found->get<double>());
  return found->dump();
}

std::string customers_text(const json& list) {
  Rows rows = rows_of(list, "customers",
                      {"id", "name", "loyalty", "enrolled", "expires", "last_visit", "withdrawn"});
  for (auto& row : rows) {
    // Few customers have withdrawn: a column of its own would be almost empty.
    if (row.back() != "-" && row.back() != "false") row[4] = "withdrawn";
    row.pop_back();
  }
  return table_or(rows, {"ID", "NAME", "LOYALTY", "ENROLLED", "EXPIRES", "LAST VISIT"},
                  "No customer is enrolled.");
}

std::string customer_text(const json& customer) {
  std::string text;
  for (const char* key :
       {"id", "name", "loyalty", "tier", "note", "external", "enrolled", "last_visit", "templates",
        "templates_learned", "photos_kept", "threshold_steps", "suspended"}) {
    text += fmt::format("{:<19}{}\n", key, cell(customer, key));
  }
  const json preferences = customer.value("preferences", json::object());
  for (const auto& [key, value] : preferences.items()) {
    text += fmt::format("{:<12}{} = {}\n", "preference", printable(key),
                        printable(value.get<std::string>()));
  }
  const json consent = customer.value("consent", json::object());
  for (const char* key :
       {"version", "reference", "granted", "expires", "withdrawn", "incentive", "valid"}) {
    text += fmt::format("consent {:<12}{}\n", key, cell(consent, key));
  }
  std::string scopes;
  for (const json& scope : consent.value("scopes", json::array())) {
    scopes += (scopes.empty() ? "" : ", ") + scope.get<std::string>();
  }
  text += fmt::format("consent {:<12}{}\n", "scopes", scopes);
  text += section("Asks", rows_of(customer, "asks", {"number", "text", "item", "at", "open"}),
                  {"NO", "TEXT", "ITEM", "AT", "OPEN"});
  text += section("Purchases", rows_of(customer, "purchases", {"number", "item", "status", "date"}),
                  {"NO", "ITEM", "STATUS", "DATE"});
  text += section("Appointments", rows_of(customer, "appointments", {"number", "at", "with"}),
                  {"NO", "AT", "WITH"});
  return text;
}

std::string visits_text(const json& visits) {
  return table_or(
      rows_of(visits, "visits", {"visit", "id", "camera", "start", "end", "outcome", "note"}),
      {"VISIT", "CUSTOMER", "CAMERA", "START", "END", "OUTCOME", "NOTE"}, "No visits.");
}

std::string alerts_text(const json& alerts) {
  return table_or(
      rows_of(alerts, "alerts", {"seq", "visit", "state", "at", "camera", "by", "headline"}),
      {"SEQ", "VISIT", "STATE", "AT", "CAMERA", "BY", "HEADLINE"}, "No alerts.");
}

std::string audit_text(const json& rows) {
  return table_or(rows_of(rows, "audit", {"row", "at", "actor", "action", "subject", "detail"}),
                  {"ROW", "AT", "ACTOR", "ACTION", "SUBJECT", "DETAIL"},
                  "The audit chain is empty.");
}

std::string status_text(const json& status) {
  std::string text =
      status.value("running", false) ? "maitred is running.\n" : "maitred is not running.\n";
  for (const json& door : status.value("ports_taken", json::array())) {
    text += fmt::format(
        "WARNING: another program listens on {}, where this maitred should. Do not enter a token "
        "there. maitredctl doctor says what to do.\n",
        printable(door.is_string() ? door.get<std::string>() : ""));
  }
  for (const char* key :
       {"engine", "customers", "matchable", "threshold", "expected_false_alerts_per_1000",
        "expected_miss_rate", "staff_connected", "staff_listen"}) {
    if (status.contains(key)) text += fmt::format("{:<32}{}\n", key, cell(status, key));
  }
  const json retention = status.value("retention", json::object());
  const std::string last_run = cell(retention, "last_run");
  text += fmt::format("{:<32}{} after the last visit; {}\n", "kept", cell(retention, "after"),
                      last_run == "-" ? "retention has not run yet" : "last run " + last_run);
  const std::string last_backup = cell(status, "last_backup");
  text += fmt::format("{:<32}{}\n", "last backup", last_backup == "-" ? "never" : last_backup);
  if (status.value("key_rotation", "none") != "none") {
    text += fmt::format("{:<32}{}\n", "key rotation", cell(status, "key_rotation"));
  }
  const json measured = status.value("false_alerts", json::object());
  text += fmt::format("{:<32}{} of {} visitors in {} days, {:.2f} expected\n",
                      "answers \"wrong person\"", measured.value("wrong", 0),
                      measured.value("visitors", 0), measured.value("days", 0),
                      measured.value("expected", 0.0));
  if (const int raised = status.value("raised_thresholds", 0)) {
    text += fmt::format("{:<32}{}\n", "customers with raised threshold", raised);
  }
  const Rows suspended = rows_of(status, "suspended", {"camera", "customer", "since", "wrong"});
  text += section("No alerts any more, after wrong ones (maitredctl resume)", suspended,
                  {"CAMERA", "CUSTOMER", "SINCE", "WRONG"});
  const Rows cameras =
      rows_of(status, "cameras",
              {"name", "state", "fps", "frames", "dropped", "faces", "tracks", "backend", "note"});
  text +=
      section("Cameras", cameras,
              {"NAME", "STATE", "FPS", "FRAMES", "DROPPED", "FACES", "TRACKS", "BACKEND", "NOTE"});
  const Rows told =
      rows_of(status, "integrations", {"name", "state", "waiting", "delivered", "trouble"});
  text += section("Told of alerts", told, {"NAME", "STATE", "WAITING", "DELIVERED", "TROUBLE"});
  return text;
}

}  // namespace maitred
