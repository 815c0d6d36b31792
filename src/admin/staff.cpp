#include "maitred/admin/staff.h"

namespace maitred::verbs {

Result<StaffAddAnswer> staff_add(Shop& shop, const StaffAddArgs& args, const Actor& actor) {
  if (args.system && (args.manager || !args.skills.empty() || !args.zones.empty())) {
    return input_error("bad_usage", "a system has no skill, zone or role: it gets no alerts");
  }
  StaffMember member{args.name};
  member.skills = args.skills;
  member.zones = args.zones;
  member.manager = args.manager;
  member.system = args.system;
  MAITRED_ASSIGN(const std::string token, shop.store().staff().add(std::move(member), actor));
  return StaffAddAnswer{args.name, token};
}

Result<StaffRevokeAnswer> staff_revoke(Shop& shop, const StaffRevokeArgs& args,
                                       const Actor& actor) {
  MAITRED_TRY(shop.store().staff().revoke(args.name, actor));
  return StaffRevokeAnswer{args.name};
}

Result<StaffListAnswer> staff_list(Shop& shop, const NoArgs&, const Actor&) {
  MAITRED_ASSIGN(const auto members, shop.store().staff().list());
  StaffListAnswer answer;
  for (const StaffMember& member : members) {
    answer.staff.push_back(
        {member.name, member.added, member.skills, member.zones, member.manager, member.system});
  }
  return answer;
}

std::vector<Verb> staff_verbs() {
  return {at_once<StaffAddArgs>("staff_add", staff_add),
          at_once<StaffRevokeArgs>("staff_revoke", staff_revoke),
          at_once<NoArgs>("staff_list", staff_list)};
}

}  // namespace maitred::verbs
