// Turns answers of the core into text for a person. Pure.
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

// Returns the time by the clock of this machine, like "10:30".
std::string local_clock(WallTime at);

// Returns the field as text, or "-" if it is null, absent or empty. Control characters are
// replaced, because entered text may hold control sequences for the terminal.
std::string cell(const nlohmann::json& object, const char* key);

}  // namespace maitred
