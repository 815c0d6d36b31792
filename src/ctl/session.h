// One invocation of maitredctl: its configuration, its access to the store, its output.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "maitred/admin/fields.h"
#include "maitred/base/result.h"
#include "maitred/settings/settings.h"
#include "maitred/shop/desk/key_access.h"
#include "maitred/shop/store/audit.h"

namespace maitred {

class Shop;

struct GlobalOptions {
  std::string settings_file;  // of -c
  bool json = false;
  bool quiet = false;
};

// The answer of a verb: the object that --json prints, the text for a person, the exit status.
struct Answer {
  nlohmann::json object = nlohmann::json::object();
  std::string text;
  int status = 0;
  bool coloured = false;  // the text has terminal colours
};

class Session {
 public:
  explicit Session(GlobalOptions options);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  const GlobalOptions& options() const { return options_; }
  // Reads the configuration at the first call.
  Result<const Settings*> settings();
  // Runs a verb of the core in the running daemon, or on the store itself if no daemon runs.
  Result<nlohmann::json> ask(std::string_view verb, const nlohmann::json& args);
  template <Described Args>
  Result<nlohmann::json> ask(std::string_view verb, const Args& args) {
    return ask(verb, json_of(args));
  }
  // Keeps a store that had to be opened open for the next question, for verbs that ask thousands.
  // No daemon can start meanwhile.
  void keep_store_open() { keep_open_ = true; }
  // The same, but does other work if no daemon runs.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
  using WithoutDaemon =
      std::function<Result<nlohmann::json>(const Settings& settings, std::string_view verb,
                                           const nlohmann::json& args, const Progress& progress)>;
  Result<nlohmann::json> ask(std::string_view verb, const nlohmann::json& args,
                             const WithoutDaemon& without_daemon);

 private:
  GlobalOptions options_;
  Result<nlohmann::json> ask_store(std::string_view verb, const nlohmann::json& args,
                                   const Progress& progress);

  std::unique_ptr<Settings> settings_;
  bool keep_open_ = false;
  std::unique_ptr<Shop> shop_;
};

// Who runs this program, now.
Actor this_actor();

// From the environment of this program.
KeySurroundings key_surroundings();

// Shows progress on a terminal, nothing in a pipe.
class ProgressBar {
 public:
  ProgressBar(std::string label, bool quiet);
  ~ProgressBar();
  void show(std::uint64_t done, std::uint64_t total);
  // Takes the bar away until it is shown again.
  void clear();

 private:
  std::string label_;
  bool visible_;
  bool drawn_ = false;
};

// Columns padded to the widest cell, separated by two blanks; each row ends with a line break.
std::string format_table(const std::vector<std::string>& head,
                         const std::vector<std::vector<std::string>>& rows);

}  // namespace maitred
