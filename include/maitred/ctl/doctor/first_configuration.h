// The first configuration of a box: the shipped file with its comments, with the answers filled in.
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
  std::string zone = "[0.2, 0.1, 0.8, 1.0]";  // as in the file
};

struct FirstAnswers {
  std::vector<FirstCamera> cameras;
  std::string false_alerts = "1 per 1000 visitors";
  // Store, key and models beside the file instead of in the folders of an installation.
  bool beside_file = false;
};

// config/maitred.toml, built into the program.
std::string_view shipped_configuration();

// The text to be written to `file`, which is only named in errors. Requires at least one camera.
// Error: config_invalid (kInput) when an answer is none that a configuration may hold.
Result<std::string> first_configuration(const FirstAnswers& answers,
                                        const std::filesystem::path& file);

}  // namespace maitred
