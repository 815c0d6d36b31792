// The output of doctor.
#pragma once

#include "maitred/ctl/doctor/finding.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {

// {"ok":…,"faults":…,"advice":…,"findings":[{"check":…,"subject":…,"verdict":…,"message":…,
// "cure":…}]} and a table for people; status 1 when there is a fault.
Answer findings_answer(const Findings& findings);

}  // namespace maitred
