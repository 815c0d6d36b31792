#include "rule_settings.h"

#include <algorithm>

namespace maitred {
namespace {

constexpr std::size_t kMostRules = 64;
constexpr std::size_t kLongestHeadline_bytes = 200;

bool good_rule_name(const std::string& name) {
  return !name.empty() && name.size() <= 32 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-_") == std::string::npos;
}

// Reads a word that `from_word` knows, if the key is there.
template <class Value, class FromWord>
void read_word(TableReader& reader, const char* key, Value& value, FromWord from_word,
               const char* choices) {
  std::string text(word(value));
  reader.read(key, text);
  if (const auto known = from_word(text)) {
    value = *known;
  } else {
    reader.complain(key, fmt::format("must be one of {}", choices));
  }
}

void only_with(TableReader& reader, const char* key, bool fits, const char* when) {
  if (reader.has(key) && !fits) {
    reader.complain(key, fmt::format("applies only with when = \"{}\"", when));
  }
}

Result<AlertRule> read_rule(const std::filesystem::path& file, const toml::table& table,
                            std::size_t number) {
  TableReader reader(file, &table, fmt::format("rule[{}]", number));
  AlertRule rule;
  reader.read("name", rule.name);
  if (!good_rule_name(rule.name)) {
    reader.complain("name", "is required: 1 to 32 letters, digits, '-' or '_'");
  }
  if (!reader.has("when")) {
    reader.complain("when", "is required: ask, out_of_stock, appointment, tier or arrival");
  }
  read_word(reader, "when", rule.when, rule_when_from_word,
            "ask, out_of_stock, appointment, tier and arrival");
  reader.read("within", rule.within);
  only_with(reader, "within", rule.when == RuleWhen::kAppointment, "appointment");
  reader.read("tier", rule.tier);
  only_with(reader, "tier", rule.when == RuleWhen::kTier, "tier");
  reader.read("headline", rule.headline);
  if (rule.headline.size() > kLongestHeadline_bytes) {
    reader.complain("headline", "is longer than 200 bytes");
  }
  if (const auto unknown = unknown_placeholder(rule.headline)) {
    reader.complain("headline",
                    fmt::format("{} is none of {{name}} {{ask}} {{item}} {{tier}} {{loyalty}} "
                                "{{with}} {{time}} {{camera}} {{preference:KEY}}",
                                *unknown));
  }
  read_word(reader, "priority", rule.priority, priority_from_word, "low, normal and high");
  reader.read("skill", rule.audience.skill);
  reader.read("zone", rule.audience.zone);
  reader.read("managers", rule.audience.managers);
  std::string quiet;
  reader.read("quiet", quiet);
  if (!quiet.empty()) {
    rule.quiet = QuietHours::parse(quiet);
    if (!rule.quiet) reader.complain("quiet", "must be hours of the day, like \"22:00-07:30\"");
  }
  reader.read("snooze", rule.snooze);
  MAITRED_TRY(reader.finish());
  return rule;
}

}  // namespace

Result<std::vector<AlertRule>> read_rules(const toml::table& root,
                                          const std::filesystem::path& file) {
  std::vector<AlertRule> rules;
  const toml::node* node = root.get("rule");
  if (node == nullptr) return rules;
  const toml::array* list = node->as_array();
  const bool tables =
      list != nullptr && !list->empty() &&
      std::all_of(list->begin(), list->end(), [](const toml::node& one) { return one.is_table(); });
  if (!tables) {
    return tl::unexpected(config_error(file, node->source(), "rule: write each as [[rule]]"));
  }
  if (list->size() > kMostRules) {
    return tl::unexpected(config_error(file, node->source(),
                                       fmt::format("rule: at most {} are possible", kMostRules)));
  }
  for (const toml::node& one : *list) {
    MAITRED_ASSIGN(AlertRule rule, read_rule(file, *one.as_table(), rules.size() + 1));
    for (const AlertRule& other : rules) {
      if (other.name != rule.name) continue;
      return tl::unexpected(config_error(
          file, one.source(), fmt::format("rule: two rules have the name '{}'", rule.name)));
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace maitred
