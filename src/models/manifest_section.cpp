#include "manifest_section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "maitred/base/one_line.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestText_bytes = 500;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

tl::unexpected<Error> malformed(const toml::node& node, std::string_view key,
                                std::string_view what) {
  return input_error("manifest_malformed",
                     one_line(fmt::format("models manifest, line {}, {}: {}",
                                          node.source().begin.line, key, what)));
}

std::string ManifestSection::full_key(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

const toml::node* ManifestSection::find(std::string_view key) {
  asked_.emplace(key);
  return table_.get(key);
}

tl::unexpected<Error> ManifestSection::missing(std::string_view key) const {
  return malformed(table_, full_key(key), "is missing");
}

Result<std::string> ManifestSection::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return missing(key);
  const auto* value = node->as_string();
  if (value == nullptr) return malformed(*node, full_key(key), "must be a text");
  const std::string& text = value->get();
  if (text.empty() || text.size() > kLongestText_bytes) {
    return malformed(*node, full_key(key),
                     fmt::format("must have 1 to {} bytes", kLongestText_bytes));
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return malformed(*node, full_key(key), "must have no control characters");
  }
  return text;
}

Result<std::string> ManifestSection::optional_text(std::string_view key) {
  if (!has(key)) return std::string();
  return text(key);
}

Result<std::string> ManifestSection::word(std::string_view key,
                                          std::initializer_list<std::string_view> words) {
  MAITRED_ASSIGN(std::string value, text(key));
  if (std::find(words.begin(), words.end(), value) == words.end()) {
    return malformed(*table_.get(key), full_key(key),
                     fmt::format("must be one of: {}", fmt::join(words, ", ")));
  }
  return value;
}

Result<std::string> ManifestSection::optional_hex(std::string_view key, std::size_t digits) {
  if (!has(key)) return std::string();
  MAITRED_ASSIGN(std::string value, text(key));
  if (value.size() != digits || !is_hex(value)) {
    return malformed(*table_.get(key), full_key(key),
                     fmt::format("must be {} digits of lower-case hexadecimal", digits));
  }
  return value;
}

Result<std::int64_t> ManifestSection::integer(std::string_view key, std::int64_t least,
                                              std::int64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return missing(key);
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < least || value->get() > most) {
    return malformed(*node, full_key(key),
                     fmt::format("must be a whole number from {} to {}", least, most));
  }
  return value->get();
}

Result<bool> ManifestSection::optional_flag(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto* value = node->as_boolean();
  if (value == nullptr) return malformed(*node, full_key(key), "must be true or false");
  return value->get();
}

Result<const toml::array*> ManifestSection::array(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return missing(key);
  const auto* value = node->as_array();
  if (value == nullptr) return malformed(*node, full_key(key), "must be an array");
  return value;
}

Result<const toml::table*> ManifestSection::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return missing(key);
  const auto* value = node->as_table();
  if (value == nullptr) return malformed(*node, full_key(key), "must be a table");
  return value;
}

Status ManifestSection::finish() const {
  for (const auto& [key, node] : table_) {
    if (!asked_.contains(key.str())) return malformed(node, full_key(key.str()), "is not known");
  }
  return {};
}

}  // namespace maitred
