#include "maitred/admin/verb.h"

#include "maitred/admin/consent.h"
#include "maitred/admin/enrolment.h"
#include "maitred/admin/erasure.h"
#include "maitred/admin/keys.h"
#include "maitred/admin/notes.h"
#include "maitred/admin/photos.h"
#include "maitred/admin/recognition.h"
#include "maitred/admin/records.h"
#include "maitred/admin/reports.h"
#include "maitred/admin/rules.h"
#include "maitred/admin/staff.h"
#include "maitred/admin/status.h"

namespace maitred {

Verbs::Verbs() {
  using namespace verbs;
  for (auto subject :
       {enrolment_verbs, note_verbs, recognition_verbs, consent_verbs, erasure_verbs, record_verbs,
        report_verbs, rule_verbs, key_verbs, photo_verbs, staff_verbs, status_verbs}) {
    for (Verb& verb : subject()) add(std::move(verb));
  }
}

void Verbs::add(Verb verb) {
  std::string name = verb.name;
  verbs_.insert_or_assign(std::move(name), std::move(verb));
}

Result<const Verb*> Verbs::find(std::string_view name) const {
  const auto found = verbs_.find(name);
  if (found != verbs_.end()) return &found->second;
  return input_error("bad_usage",
                     "the daemon does not know this verb; are both programs of one version?");
}

std::vector<std::string> Verbs::names() const {
  std::vector<std::string> names;
  for (const auto& [name, verb] : verbs_) names.push_back(name);
  return names;
}

Result<nlohmann::json> Verbs::run(std::string_view name, Shop& shop, const nlohmann::json& args,
                                  const Actor& actor, const Progress& progress) const {
  MAITRED_ASSIGN(const Verb* verb, find(name));
  if (verb->length == Length::kAtOnce) return verb->answer(shop, args, actor);
  MAITRED_ASSIGN(const auto task, verb->begin(shop, args, actor));
  MAITRED_TRY(finish(*task, progress));
  return task->answer_json();
}

Status finish(Task& task, const Verbs::Progress& progress) {
  for (;;) {
    MAITRED_ASSIGN(const bool done, task.step());
    if (done) return {};
    if (progress) progress(task.done, task.total);
  }
}

}  // namespace maitred
