// Formats the findings of doctor.
#pragma once

#include "maitred/ctl/doctor/finding.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {

// Returns {"ok":…,"faults":…,"advice":…,"findings":[{"check":…,"subject":…,"verdict":…,
// "message":…,"cure":…}]} and a readable table; status 1 if there is a fault.
Answer findings_answer(const Findings& findings);

}  // namespace maitred
