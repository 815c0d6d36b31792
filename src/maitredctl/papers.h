// Papers a shop must have, filled in from the configuration. Pure. They save typing, not advice.
#pragma once

#include <optional>
#include <string_view>

#include "document.h"
#include "maitred/settings/settings.h"

namespace maitred {

enum class Paper { kImpactAssessment, kRecords, kSignage };

// "dpia", "records", "signage".
std::optional<Paper> paper_from_word(std::string_view word);

Document write_paper(Paper paper, const Settings& settings);

}  // namespace maitred
