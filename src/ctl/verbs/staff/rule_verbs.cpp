// rule list, rule test.
#include <fmt/format.h>

#include <memory>

#include "maitred/admin/rules.h"
#include "src/ctl/verbs/customers/customer_text.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

std::string audience_text(const json& audience) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (audience.contains("skill")) add("skill " + audience["skill"].get<std::string>());
  if (audience.contains("zone")) add("zone " + audience["zone"].get<std::string>());
  if (audience.contains("managers")) add("managers");
  return text.empty() ? "everyone" : text;
}

std::string rules_text(const json& list) {
  std::vector<std::vector<std::string>> rows;
  for (const json& rule : list.at("rules")) {
    std::string when = rule.value("when", "");
    if (rule.contains("within")) when += " within " + rule["within"].get<std::string>();
    if (rule.contains("tier")) when += " " + rule["tier"].get<std::string>();
    rows.push_back({cell(rule, "name"), when, cell(rule, "priority"), audience_text(rule["for"]),
                    cell(rule, "quiet"), cell(rule, "snooze"), cell(rule, "headline")});
  }
  if (rows.empty())
    return "No rules are configured: every arrival of a customer alerts everyone.\n";
  return format_table({"NAME", "WHEN", "PRIORITY", "FOR", "QUIET", "SNOOZE", "HEADLINE"}, rows);
}

std::string verdict_text(const std::string& verdict) {
  if (verdict == "raises") return "raises the alert";
  if (verdict == "quiet") return "quiet hours";
  if (verdict == "preceded") return "an earlier rule comes first";
  return verdict == "snoozed" ? "snoozed" : "does not apply";
}

std::string trial_text(const json& trial) {
  std::vector<std::vector<std::string>> rows;
  for (const json& rule : trial.at("rules")) {
    rows.push_back(
        {cell(rule, "name"), verdict_text(rule.value("verdict", "")), cell(rule, "headline")});
  }
  std::string text = rows.empty() ? "" : format_table({"RULE", "VERDICT", "HEADLINE"}, rows) + "\n";
  const json& alert = trial.at("alert");
  if (alert.is_null()) {
    return text + fmt::format("No alert{}.\n",
                              trial.contains("reason") ? ": " + cell(trial, "reason") : "");
  }
  return text + fmt::format("Alert, priority {}, for {}: {}\n", cell(alert, "priority"),
                            audience_text(alert["for"]), cell(alert, "headline"));
}

struct TrialOptions {
  std::string id, at, camera;
};

}  // namespace

void add_rule_verbs(CommandLine& line) {
  CLI::App* rule = add_verb(line, "rule", "The rules that raise alerts ([[rule]])");
  rule->require_subcommand(1);
  CLI::App* list = rule->add_subcommand("list", "List the rules, in their order");
  list->fallthrough();
  list->callback([&line] {
    line.run = [&line]() -> Result<Answer> {
      Answer answer;
      MAITRED_ASSIGN(answer.object, line.session.ask("rule_list", NoArgs()));
      answer.text = rules_text(answer.object);
      return answer;
    };
  });
  auto options = std::make_shared<TrialOptions>();
  CLI::App* test = rule->add_subcommand(
      "test", "Show which alert the rules would raise for a customer; writes nothing");
  test->fallthrough();
  test->add_option("ID", options->id, "Customer id")->required();
  test->add_option("--at", options->at, "Time, like 2026-11-22T10:30Z (default: now)");
  test->add_option("--camera", options->camera, "Name of the camera, for the headline");
  test->callback([&line, options] {
    line.run = [&line, options]() -> Result<Answer> {
      Answer answer;
      verbs::RuleTestArgs args{CustomerId(options->id), {}, options->camera};
      MAITRED_TRY(read_value("at", options->at, args.at));
      MAITRED_ASSIGN(answer.object, line.session.ask("rule_test", args));
      answer.text = trial_text(answer.object);
      if (answer.object["alert"].is_null()) answer.status = static_cast<int>(Fault::kNo);
      return answer;
    };
  });
}

}  // namespace maitred
