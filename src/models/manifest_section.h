// Reads the keys of one TOML table with their types and ranges, and reports unknown keys.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// manifest_malformed (kInput) at the line of `node`.
tl::unexpected<Error> malformed(const toml::node& node, std::string_view key,
                                std::string_view what);

// Borrows the table. Thread-compatible.
class ManifestSection {
 public:
  // `name` precedes the keys in error messages: "engine", "file".
  ManifestSection(const toml::table& table, std::string name)
      : table_(table), name_(std::move(name)) {}

  // Not empty, at most 500 bytes, no control characters.
  Result<std::string> text(std::string_view key);
  // The same, or empty if the key is absent.
  Result<std::string> optional_text(std::string_view key);
  // A text that is one of `words`.
  Result<std::string> word(std::string_view key, std::initializer_list<std::string_view> words);
  // Exactly this number of lower-case hexadecimal digits, or empty if the key is absent.
  Result<std::string> optional_hex(std::string_view key, std::size_t digits);
  Result<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
  Result<bool> optional_flag(std::string_view key);
  Result<const toml::array*> array(std::string_view key);
  Result<const toml::table*> table(std::string_view key);
  bool has(std::string_view key) const { return table_.contains(key); }

  // Error for a key that no function above has read.
  Status finish() const;

  const toml::table& toml() const { return table_; }
  // "engine.name"
  std::string full_key(std::string_view key) const;

 private:
  const toml::node* find(std::string_view key);
  tl::unexpected<Error> missing(std::string_view key) const;

  const toml::table& table_;
  std::string name_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace maitred
