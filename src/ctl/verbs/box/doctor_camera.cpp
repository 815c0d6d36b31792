#include "doctor_camera.h"

#include <algorithm>

#include "doctor_text.h"
#include "maitred/admin/verb.h"
#include "maitred/ctl/doctor/cameras.h"
#include "maitred/ctl/doctor/placement.h"
#include "src/ctl/verbs/photos/camera_pause.h"
#include "src/ctl/verbs/photos/eye_report.h"

namespace maitred {
namespace {

using nlohmann::json;

PersonSeen person_of(const json& seen) {
  PersonSeen person;
  person.in_zone = seen.value("in_zone", false);
  person.zone_time = Milliseconds{seen.value("zone_ms", std::int64_t{0})};
  person.width_px = seen.value("width_px", 0.0);
  person.sharpness = seen.value("sharpness", 0.0);
  person.mean_light = seen.value("mean_light", 0.0);
  person.yaw = seen.value("yaw", 0.0);
  person.pitch = seen.value("pitch", 0.0);
  person.quality = seen.value("quality", 0.0);
  return person;
}

}  // namespace

Result<Answer> report_placement(Session& session, const std::string& name, double seconds) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_ASSIGN(const CameraSettings* camera, settings->named_camera(name));
  // Without a store, assume the miss rate of an empty gallery.
  const auto status = session.ask("status", NoArgs());
  const double miss_rate = status ? status->value("expected_miss_rate", 0.02) : 0.02;
  json seen;
  {
    const CameraPause pause(session, *camera, seconds);
    MAITRED_TRY(pause.status());
    ProgressBar bar("watching", session.options().quiet);
    MAITRED_ASSIGN(seen, watch_placement(settings->file, name, seconds, [&](const json& progress) {
                     const double left = progress.value("seconds_left", 0.0);
                     bar.show(static_cast<std::uint64_t>(std::max(0.0, seconds - left) * 10.0),
                              static_cast<std::uint64_t>(seconds * 10.0));
                   }));
  }
  std::vector<PersonSeen> people;
  for (const json& one : seen.at("people")) people.push_back(person_of(one));
  Findings findings;
  add(findings, judge_placement(*camera, seen.value("width", 0)), name);
  add(findings, judge_people(*camera, people, seen.value("seconds", 0.0), miss_rate), name);
  Answer answer = findings_answer(findings);
  answer.object["people"] = std::move(seen["people"]);
  answer.object["expected_misses"] = expected_misses(*camera, people, miss_rate);
  return answer;
}

}  // namespace maitred
