// Papers a shop must have, filled in from the configuration. Pure. They save typing, not advice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "document.h"
#include "maitred/base/time.h"
#include "maitred/settings/settings.h"

namespace maitred {

enum class Paper { kImpactAssessment, kRecords, kSignage };

// "dpia", "records", "signage".
std::optional<Paper> paper_from_word(std::string_view word);

// "3 years" for what the configuration calls "3y".
std::string duration_in_words(Milliseconds duration);

Document write_paper(Paper paper, const Settings& settings);

}  // namespace maitred
