// Creates the first configuration: the shipped file with its comments, with the answers filled in.
// Pure.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

struct FirstCamera {
  std::string name = "entrance";
  std::string source;
  std::string zone = "[0.2, 0.1, 0.8, 1.0]";  // TOML text
};

struct FirstAnswers {
  std::vector<FirstCamera> cameras;
  std::string false_alerts = "1 per 1000 visitors";
  // If true, store, key and models lie beside the file; if false, in the installed folders.
  bool beside_file = false;
};

// Returns the text of config/maitred.toml, which is built into the program.
std::string_view shipped_configuration();

// Returns the text to write to `file`; `file` itself is used only in error messages. Requires at
// least one camera. Error: config_invalid (kInput) if an answer is not a valid setting.
Result<std::string> first_configuration(const FirstAnswers& answers,
                                        const std::filesystem::path& file);

}  // namespace maitred
