// Fields of a control request, read with a clear error. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/import_file.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/types/customer.h"
#include "maitred/types/template.h"

namespace maitred {

// Errors of all: bad_usage (kInput), naming the field.
Result<std::string> text_field(const nlohmann::json& args, const char* key);  // "" when absent
Result<std::string> needed_text(const nlohmann::json& args, const char* key);
Result<CustomerId> id_field(const nlohmann::json& args);
Result<std::optional<WallTime>> time_field(const nlohmann::json& args, const char* key);
Result<std::vector<std::string>> list_field(const nlohmann::json& args, const char* key);
Result<std::map<std::string, std::string>> map_field(const nlohmann::json& args, const char* key);
Result<std::set<Scope>> scopes_field(const nlohmann::json& args);  // empty when absent
// The templates of "photos": reports of maitred-eye. Error: template_mismatch for another engine.
Result<std::vector<Template>> templates_field(const nlohmann::json& args, const std::string& engine,
                                              std::size_t length);

}  // namespace maitred
