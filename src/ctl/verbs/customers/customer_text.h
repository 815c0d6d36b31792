// What a person reads of the objects the core answers. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "maitred/base/time.h"

namespace maitred {

std::string customers_text(const nlohmann::json& list);
std::string customer_text(const nlohmann::json& customer);
std::string visits_text(const nlohmann::json& visits);
std::string alerts_text(const nlohmann::json& alerts);
std::string status_text(const nlohmann::json& status);
std::string audit_text(const nlohmann::json& rows);

// "10:30" by the clock of this machine.
std::string local_clock(WallTime at);

// A text or "-" for null, absent and empty; control characters become blanks, so that what
// somebody entered cannot play with the terminal.
std::string cell(const nlohmann::json& object, const char* key);

}  // namespace maitred
