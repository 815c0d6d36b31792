// Which terminal an alert is for. Pure. Internal to doors/staff.
#pragma once

#include "maitred/doors/staff/staff_server.h"
#include "maitred/types/visit.h"

namespace maitred::staff {

// Whether the alert, at the level of escalation it has, is for this terminal:
//   level 0  terminals with the skill and in the zone that the audience names; managers only when
//            it names them
//   level 1  all terminals but managers
//   level 2  all terminals
inline bool is_for(const Alert& alert, const StaffTerminal& terminal) {
  const auto holds = [](const std::vector<std::string>& words, const std::string& word) {
    for (const std::string& one : words) {
      if (one == word) return true;
    }
    return word.empty();
  };
  const Audience& audience = alert.audience;
  if (alert.escalation >= 2) return true;
  if (terminal.manager) return audience.managers;
  if (alert.escalation == 1) return true;
  const bool managers_only = audience.managers && audience.skill.empty() && audience.zone.empty();
  return !managers_only && holds(terminal.skills, audience.skill) &&
         holds(terminal.zones, audience.zone);
}

}  // namespace maitred::staff
