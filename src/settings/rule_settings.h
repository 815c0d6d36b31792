// The [[rule]] tables. Internal to settings.
#pragma once

#include <filesystem>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/alert_rule.h"
#include "table_reader.h"

namespace maitred {

// Reads the rules in the order of the file. Error: config_invalid.
Result<std::vector<AlertRule>> read_rules(const toml::table& root,
                                          const std::filesystem::path& file);

}  // namespace maitred
