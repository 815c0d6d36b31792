#include "maitred/ctl/doctor/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace maitred {
namespace {

// Beyond these limits a face is recognised clearly less often (models/README.md).
constexpr double kYawFrom = 0.35;
constexpr double kPitchFrom = 0.15;
constexpr double kDarkBelow = 60.0;
constexpr double kBrightFrom = 200.0;
constexpr double kBlurredBelow = 0.50;
// If at least this share of the people has a problem, the camera is the cause, not the people.
constexpr double kMany = 0.3;
constexpr std::size_t kEnoughPeople = 3;

// Returns how much more often a face of this quality is missed than a good photo. Measured with the
// quality bands of `maitredctl evaluate`.
double poorer(double quality) { return quality >= 0.6 ? 1.0 : 3.0; }

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class Value>
std::vector<double> all_of(const std::vector<PersonSeen>& people, Value value) {
  std::vector<double> values;
  for (const PersonSeen& person : people) values.push_back(value(person));
  return values;
}

template <class Test>
std::size_t count_of_people(const std::vector<PersonSeen>& people, Test test) {
  return static_cast<std::size_t>(std::count_if(people.begin(), people.end(), test));
}

// Adds a fault if at least the share kMany of the people is affected.
void add_if_many(Findings& findings, std::size_t so, std::size_t of, const std::string& what,
                 const std::string& cure) {
  if (of == 0 || static_cast<double>(so) < kMany * static_cast<double>(of)) return;
  findings.push_back(fault("placement", fmt::format("{} of {} {}", so, of, what), cure));
}

}  // namespace

Unseen why_unseen(const CameraSettings& camera, const PersonSeen& person) {
  const bool everywhere = camera.mode == CameraMode::kOpen;
  if (!everywhere && !person.in_zone) return Unseen::kNeverInZone;
  if (person.width_px < camera.min_face_px) return Unseen::kTooSmall;
  if (!everywhere && person.zone_time < camera.dwell) return Unseen::kTooShort;
  return Unseen::kNot;
}

double expected_misses(const CameraSettings& camera, const std::vector<PersonSeen>& people,
                       double miss_rate) {
  if (people.empty()) return 1.0;
  double sum = 0.0;
  for (const PersonSeen& person : people) {
    sum += why_unseen(camera, person) != Unseen::kNot
               ? 1.0
               : std::min(1.0, miss_rate * poorer(person.quality));
  }
  return sum / static_cast<double>(people.size());
}

Findings judge_people(const CameraSettings& camera, const std::vector<PersonSeen>& people,
                      double seconds, double miss_rate) {
  if (people.empty()) {
    return {fault(
        "placement", fmt::format("no face was detected in {:.0f} s", seconds),
        "let someone walk up to the camera during the check; if someone did, aim the camera at "
        "faces, mount it at eye height, and add light")};
  }
  Findings findings;
  const std::size_t all = people.size();
  const auto unseen = [&](Unseen why) {
    return count_of_people(
        people, [&](const PersonSeen& person) { return why_unseen(camera, person) == why; });
  };
  add_if_many(findings, unseen(Unseen::kNeverInZone), all, "people never entered the zone",
              "move the zone to where people stop and look up, or turn the camera towards them");
  std::vector<PersonSeen> inside;
  std::copy_if(
      people.begin(), people.end(), std::back_inserter(inside),
      [&](const PersonSeen& person) { return why_unseen(camera, person) != Unseen::kNeverInZone; });
  const double width = median(all_of(inside, [](const PersonSeen& one) { return one.width_px; }));
  add_if_many(findings, unseen(Unseen::kTooSmall), inside.size(),
              fmt::format("faces are narrower than min_face = {} px; the median is {:.0f}",
                          camera.min_face_px, width),
              width >= 24.0
                  ? fmt::format("move the camera closer, use a longer lens or a higher "
                                "resolution, or set min_face = {:.0f}",
                                std::max(24.0, std::floor(width * 0.8)))
                  : "move the camera closer, or use a longer lens or a higher resolution");
  add_if_many(findings, unseen(Unseen::kTooShort), inside.size(),
              fmt::format("people stayed in the zone for less than dwell = {}",
                          format_duration(camera.dwell)),
              "enlarge the zone, set a shorter dwell, or mount the camera where people wait");
  add_if_many(
      findings,
      count_of_people(inside, [](const PersonSeen& one) { return std::abs(one.yaw) > kYawFrom; }),
      inside.size(), "faces are seen from the side",
      "move the camera so that people walk towards it");
  const double pitch = median(all_of(inside, [](const PersonSeen& one) { return one.pitch; }));
  add_if_many(findings,
              count_of_people(
                  inside, [](const PersonSeen& one) { return std::abs(one.pitch) > kPitchFrom; }),
              inside.size(),
              pitch > 0.0 ? "faces are seen from above" : "faces are seen from below",
              pitch > 0.0 ? "mount the camera lower, closer to eye height"
                          : "mount the camera higher, closer to eye height");
  add_if_many(
      findings,
      count_of_people(inside, [](const PersonSeen& one) { return one.mean_light < kDarkBelow; }),
      inside.size(), "faces are dark",
      "put more light on the faces; turn the camera away from windows and lamps behind them");
  add_if_many(
      findings,
      count_of_people(inside, [](const PersonSeen& one) { return one.mean_light > kBrightFrom; }),
      inside.size(), "faces are overexposed",
      "reduce the light on the faces, or set a shorter exposure");
  add_if_many(
      findings,
      count_of_people(inside, [](const PersonSeen& one) { return one.sharpness < kBlurredBelow; }),
      inside.size(), "faces are blurred",
      "clean and focus the lens; add light, which allows a shorter exposure");
  const double misses = 100.0 * expected_misses(camera, people, miss_rate);
  const std::string figures = fmt::format(
      "{} people in {:.0f} s, median face width {:.0f} px; {:.0f} % of such visits would be missed",
      all, seconds, width, misses);
  if (all < kEnoughPeople) {
    findings.push_back(advice("placement", figures + " (rough estimate: few people were seen)",
                              "let more people walk up, or check longer with --seconds"));
  } else if (findings.empty()) {
    findings.push_back(good("placement", figures));
  } else {
    findings.push_back(advice("placement", figures, "correct the faults above and check again"));
  }
  return findings;
}

}  // namespace maitred
