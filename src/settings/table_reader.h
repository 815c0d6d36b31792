// Reads the keys of one TOML table, each once, and reports unknown keys.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred {

// The error config_invalid (kInput) "FILE:LINE: what", in one line whatever the file contains.
Error config_error(const std::filesystem::path& file, const toml::source_region& where,
                   std::string_view what);

// Keeps the first error; later reads do nothing. Thread-compatible.
class TableReader {
 public:
  // `table` may be null: an absent section gives all defaults. `section` is for messages.
  TableReader(const std::filesystem::path& file, const toml::table* table, std::string section)
      : file_(file), table_(table), section_(std::move(section)) {}

  void read(std::string_view key, std::string& value);
  void read(std::string_view key, bool& value);
  void read(std::string_view key, double& value, double least, double most);
  void read(std::string_view key, int& value, int least, int most);
  void read(std::string_view key, Milliseconds& value);
  void read(std::string_view key, std::vector<Milliseconds>& value, std::size_t most);
  void read(std::string_view key, std::vector<double>& value, std::size_t length);

  bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }
  // Reports an error about the value of `key`.
  void complain(std::string_view key, std::string_view what);
  // Reports unknown keys as errors. Call it last.
  Status finish();

 private:
  const toml::node* find(std::string_view key);
  void wrong_type(std::string_view key, const toml::node& node, std::string_view wanted);
  void fail(std::string_view key, const toml::source_region& where, std::string_view what);
  template <class T, class Convert>
  void read_list(std::string_view key, std::vector<T>& value, std::string_view wanted,
                 Convert convert);

  const std::filesystem::path& file_;
  const toml::table* table_;
  std::string section_;
  std::set<std::string, std::less<>> known_;
  std::optional<Error> error_;
};

}  // namespace maitred
