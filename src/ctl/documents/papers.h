// Papers that the law asks of a shop, filled in from the configuration. They do not replace legal
// advice. Pure.
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
