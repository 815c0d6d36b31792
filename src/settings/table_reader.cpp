#include "table_reader.h"

#include "maitred/base/one_line.h"

namespace maitred {

Error config_error(const std::filesystem::path& file, const toml::source_region& where,
                   std::string_view what) {
  return {Fault::kInput, "config_invalid",
          one_line(fmt::format("{}:{}: {}", file.string(), where.begin.line, what))};
}

void TableReader::fail(std::string_view key, const toml::source_region& where,
                       std::string_view what) {
  if (error_) return;
  const std::string name =
      section_.empty() ? std::string(key) : fmt::format("{}.{}", section_, key);
  error_ = config_error(file_, where, fmt::format("{}: {}", name, what));
}

void TableReader::complain(std::string_view key, std::string_view what) {
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  if (node == nullptr) node = table_;
  fail(key, node == nullptr ? toml::source_region{} : node->source(), what);
}

void TableReader::wrong_type(std::string_view key, const toml::node& node,
                             std::string_view wanted) {
  fail(key, node.source(), fmt::format("must be {}", wanted));
}

const toml::node* TableReader::find(std::string_view key) {
  known_.emplace(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

void TableReader::read(std::string_view key, std::string& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return wrong_type(key, *node, "a text in quotes");
  value = node->as_string()->get();
  if (value.find('\0') != std::string::npos) complain(key, "must not contain a zero byte");
}

void TableReader::read(std::string_view key, bool& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) return wrong_type(key, *node, "true or false");
  value = node->as_boolean()->get();
}

void TableReader::read(std::string_view key, double& value, double least, double most) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_number()) return wrong_type(key, *node, "a number");
  value = *node->value<double>();
  if (!(value >= least && value <= most)) {
    complain(key, fmt::format("must lie between {} and {}", least, most));
  }
}

void TableReader::read(std::string_view key, int& value, int least, int most) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_integer()) return wrong_type(key, *node, "a whole number");
  const std::int64_t number = node->as_integer()->get();
  if (number < least || number > most) {
    return complain(key, fmt::format("must lie between {} and {}", least, most));
  }
  value = static_cast<int>(number);
}

void TableReader::read(std::string_view key, Milliseconds& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return wrong_type(key, *node, "a duration with its unit, like \"10m\"");
  const auto parsed = parse_duration(node->as_string()->get());
  if (!parsed) return complain(key, parsed.error().message);
  value = *parsed;
}

template <class T, class Convert>
void TableReader::read_list(std::string_view key, std::vector<T>& value, std::string_view wanted,
                            Convert convert) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_array()) return wrong_type(key, *node, wanted);
  value.clear();
  for (const toml::node& element : *node->as_array()) {
    const std::optional<T> item = convert(element);
    if (!item) return wrong_type(key, element, wanted);
    value.push_back(*item);
  }
}

void TableReader::read(std::string_view key, std::vector<Milliseconds>& value, std::size_t most) {
  read_list(key, value, "a list of durations with units, like [\"20s\", \"60s\"]",
            [](const toml::node& node) -> std::optional<Milliseconds> {
              if (!node.is_string()) return std::nullopt;
              const auto parsed = parse_duration(node.as_string()->get());
              return parsed ? std::optional(*parsed) : std::nullopt;
            });
  if (value.size() > most) complain(key, fmt::format("must have at most {} entries", most));
}

void TableReader::read(std::string_view key, std::vector<double>& value, std::size_t length) {
  read_list(key, value, fmt::format("a list of {} numbers", length),
            [](const toml::node& node) -> std::optional<double> {
              return node.is_number() ? node.value<double>() : std::nullopt;
            });
  if (value.size() != length) complain(key, fmt::format("must be a list of {} numbers", length));
}

Status TableReader::finish() {
  if (table_ != nullptr && !error_) {
    for (const auto& [key, node] : *table_) {
      if (known_.contains(key.str())) continue;
      std::string choices;
      for (const std::string& name : known_) choices += (choices.empty() ? "" : ", ") + name;
      fail(key.str(), key.source(), fmt::format("unknown key; known here: {}", choices));
    }
  }
  if (error_) return tl::unexpected(*error_);
  return {};
}

}  // namespace maitred
