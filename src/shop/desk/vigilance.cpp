#include "maitred/shop/desk/vigilance.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "maitred/base/json.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr const char* kAnswersKey = "answers";
constexpr std::size_t kAnswersLimitBytes = std::size_t{1} << 20;

json days_json(const AnswerRecord& record) {
  json days = json::array();
  for (const AnswerRecord::Day& day : record.days()) {
    days.push_back({day.day, day.tally.visitors, day.tally.wrong});
  }
  return days;
}

AnswerRecord days_of(const json& list) {
  std::vector<AnswerRecord::Day> days;
  for (const json& day : list) {
    days.push_back({day.at(0).get<std::int64_t>(),
                    {day.at(1).get<std::uint64_t>(), day.at(2).get<std::uint64_t>()}});
  }
  std::sort(days.begin(), days.end(), [](const auto& a, const auto& b) { return a.day < b.day; });
  return AnswerRecord(std::move(days));
}

tl::unexpected<Error> nothing_to_lift(const std::string& what) {
  return clean_no("not_suspended", fmt::format("{} is not suspended: see maitredctl status", what));
}

}  // namespace

Result<Vigilance> Vigilance::load(Store& store) {
  Vigilance vigilance(store);
  MAITRED_ASSIGN(const auto kept, store.setting(kAnswersKey));
  if (!kept) return vigilance;
  const std::string text(kept->begin(), kept->end());
  const auto object = parse_json(text, JsonLimits{kAnswersLimitBytes, 8});
  if (!object || !object->is_object()) return vigilance;
  try {
    for (const auto& [name, fields] : object->items()) {
      Camera& camera = vigilance.cameras_[name];
      camera.answers = days_of(fields.at("days"));
      if (fields.contains("suspended")) {
        camera.suspended = WallTime(Milliseconds(fields["suspended"].get<std::int64_t>()));
      }
    }
  } catch (const json::exception&) {
    vigilance.cameras_.clear();  // damaged counts restart at 0
  }
  return vigilance;
}

void Vigilance::visitor(const std::string& camera, WallTime at) {
  cameras_[camera].answers.visitor(at);
  unsaved_ = true;
}

std::uint64_t Vigilance::visitors(WallTime now) const {
  std::uint64_t sum = 0;
  for (const auto& [name, camera] : cameras_) sum += camera.answers.tally(now).visitors;
  return sum;
}

Result<Vigilance::Consequence> Vigilance::wrong_person(const Visit& visit, const Actor& actor,
                                                       const AlertTarget& target) {
  MAITRED_ASSIGN(const Customer customer, store_->customers().find(visit.customer));
  Consequence result{customer.caution, false, false};
  note_wrong_answer(result.caution, actor.at);
  std::string detail = fmt::format("wrong person: threshold raised to step {} of {}",
                                   result.caution.steps, kMostCaution);
  if (!result.caution.suspended && customer_exceeds(result.caution, actor.at, visitors(actor.at),
                                                    target.rate, target.customers)) {
    result.caution.suspended = actor.at;
    result.customer_suspended = true;
    detail += "; suspended";
  }
  MAITRED_TRY(store_->customers().set_caution(visit.customer, result.caution, actor, detail));

  Camera& camera = cameras_[visit.camera];
  camera.answers.wrong(actor.at);
  unsaved_ = true;
  const AnswerTally tally = camera.answers.tally(actor.at);
  if (!camera.suspended && camera_exceeds(tally, target.rate)) {
    camera.suspended = actor.at;
    result.camera_suspended = true;
    MAITRED_TRY(store_->audit().append(
        actor, "suspend", "",
        fmt::format("camera {}: {} false alerts, {:.2f} expected", visit.camera, tally.wrong,
                    expected_wrong(tally, target.rate))));
  }
  MAITRED_TRY(save());
  return result;
}

bool Vigilance::suspended(const std::string& camera) const {
  const auto found = cameras_.find(camera);
  return found != cameras_.end() && found->second.suspended.has_value();
}

std::size_t Vigilance::suspended_cameras() const {
  return static_cast<std::size_t>(
      std::count_if(cameras_.begin(), cameras_.end(),
                    [](const auto& camera) { return camera.second.suspended.has_value(); }));
}

Status Vigilance::lift_camera(const std::string& camera, const Actor& actor) {
  if (!suspended(camera)) return nothing_to_lift(fmt::format("camera '{}'", camera.substr(0, 64)));
  cameras_[camera] = Camera{};
  unsaved_ = true;
  MAITRED_TRY(store_->audit().append(actor, "resume", "", fmt::format("camera {}", camera)));
  return save();
}

Status Vigilance::lift_customer(const CustomerId& id, const Actor& actor) {
  MAITRED_ASSIGN(const Customer customer, store_->customers().find(id));
  if (!customer.caution.suspended) return nothing_to_lift("customer " + id.value);
  Caution caution;
  caution.steps = customer.caution.steps;
  return store_->customers().set_caution(id, caution, actor, "resumed");
}

Status Vigilance::reset_threshold(const CustomerId& id, const Actor& actor) {
  MAITRED_ASSIGN(const Customer customer, store_->customers().find(id));
  Caution caution = customer.caution;
  caution.steps = 0;
  caution.wrong.clear();
  return store_->customers().set_caution(id, caution, actor, "threshold reset");
}

Status Vigilance::save() {
  if (!unsaved_) return {};
  json object = json::object();
  for (const auto& [name, camera] : cameras_) {
    object[name] = {{"days", days_json(camera.answers)}};
    if (camera.suspended) object[name]["suspended"] = camera.suspended->time_since_epoch().count();
  }
  const std::string text = json_text(object);
  MAITRED_TRY(store_->set_setting(
      kAnswersKey, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  unsaved_ = false;
  return {};
}

json Vigilance::report(const AlertTarget& target,
                       const std::vector<std::pair<CustomerId, Caution>>& cautious,
                       WallTime now) const {
  AnswerTally all;
  json suspended = json::array();
  for (const auto& [name, camera] : cameras_) {
    const AnswerTally tally = camera.answers.tally(now);
    all.visitors += tally.visitors;
    all.wrong += tally.wrong;
    if (!camera.suspended) continue;
    suspended.push_back({{"camera", name},
                         {"since", format_time(*camera.suspended)},
                         {"wrong", tally.wrong},
                         {"expected", expected_wrong(tally, target.rate)}});
  }
  std::size_t raised = 0;
  for (const auto& [id, caution] : cautious) {
    if (caution.steps > 0) ++raised;
    if (!caution.suspended) continue;
    suspended.push_back({{"customer", id.value},
                         {"since", format_time(*caution.suspended)},
                         {"wrong", caution.wrong.size()}});
  }
  return {{"suspended", std::move(suspended)},
          {"raised_thresholds", raised},
          {"false_alerts",
           {{"days", std::chrono::duration_cast<std::chrono::days>(kAnswersCount).count()},
            {"visitors", all.visitors},
            {"wrong", all.wrong},
            {"expected", expected_wrong(all, target.rate)}}}};
}

}  // namespace maitred
