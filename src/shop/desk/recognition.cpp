#include "maitred/shop/desk/recognition.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/models/manifest.h"
#include "maitred/shop/consent/consent.h"

namespace maitred {
namespace {

// The template of a visit that nobody has answered by then is dropped.
constexpr Milliseconds kVisitTemplateKept = std::chrono::hours{4};

DecisionRules rules_of(const Settings& settings) {
  DecisionRules rules;
  rules.fpir = settings.false_alert_rate;
  return rules;
}

}  // namespace

Result<Calibration> calibration_of(const ModelEngine& engine) {
  std::vector<CalibrationRow> rows;
  for (const CalibrationPoint& point : engine.calibration) {
    rows.push_back({static_cast<float>(point.threshold), point.fmr, point.fnmr});
  }
  auto calibration = Calibration::from_rows(std::move(rows));
  if (!calibration) {
    return environment_error(
        "engine_uncalibrated",
        fmt::format("engine '{}' has no calibration, so no threshold can be derived from "
                    "false_alerts; use engine = \"retail\"",
                    engine.name));
  }
  return calibration;
}

Recognition::Recognition(const Store& store, const Settings& settings, std::string engine,
                         std::size_t template_length, Calibration calibration)
    : store_(store),
      calibration_(std::move(calibration)),
      rules_(rules_of(settings)),
      gallery_(std::move(engine), template_length),
      policy_(DecisionPolicy::derive(calibration_, rules_, 0)) {}

Result<std::unique_ptr<Recognition>> Recognition::load(const Store& store, const Settings& settings,
                                                       WallTime now) {
  MAITRED_ASSIGN(const ModelEngine* engine, Manifest::built_in().engine(settings.engine));
  MAITRED_ASSIGN(Calibration calibration, calibration_of(*engine));
  std::unique_ptr<Recognition> recognition(
      new Recognition(store, settings, engine->name,
                      static_cast<std::size_t>(engine->template_length), std::move(calibration)));
  MAITRED_TRY(recognition->fill(now));
  return recognition;
}

Status Recognition::fill(WallTime now) {
  MAITRED_ASSIGN(const std::uint64_t customers, store_.customers().count());
  // Reserving first avoids copies: templates are secret, and large galleries fill much locked
  // memory.
  gallery_.reserve(customers);
  members_.reserve(customers);
  MAITRED_TRY(store_.customers().for_each_with_templates(
      gallery_.engine(), [&](Customer&& customer, std::vector<Template>&& templates) -> Status {
        if (!may(customer.consent, Scope::kRecognition, now)) return {};
        MAITRED_TRY(gallery_.put(customer.id, templates, customer.caution.steps));
        members_.insert_or_assign(customer.id, member_of(customer, now));
        return {};
      }));
  gallery_.settle_some(gallery_.rows());
  follow_gallery();
  return {};
}

Recognition::Member Recognition::member_of(const Customer& customer, WallTime now) {
  return {customer.consent.expires, customer.caution,
          may(customer.consent, Scope::kTemplateImprovement, now)};
}

// The customer's templates of the gallery's engine.
Result<std::vector<Template>> Recognition::templates_of(const CustomerId& id) const {
  std::vector<Template> templates;
  MAITRED_ASSIGN(auto stored, store_.customers().templates(id));
  for (Template& one : stored) {
    if (one.engine() == gallery_.engine()) templates.push_back(std::move(one));
  }
  return templates;
}

bool Recognition::settle_some() {
  constexpr std::size_t kRowsAtOnce = 4096;  // about 20 ms
  return gallery_.settle_some(kRowsAtOnce);
}

void Recognition::follow_gallery() {
  settle_some();
  policy_ = DecisionPolicy::derive(calibration_, rules_, gallery_.rows());
}

Status Recognition::set_caution(const CustomerId& id, const Caution& caution) {
  const auto member = members_.find(id);
  if (member == members_.end()) return {};
  member->second.caution = caution;
  gallery_.set_caution(id, caution.steps);
  return {};
}

bool Recognition::suspended(const CustomerId& id) const {
  const auto member = members_.find(id);
  return member != members_.end() && member->second.caution.suspended.has_value();
}

std::vector<std::pair<CustomerId, Caution>> Recognition::cautious() const {
  std::vector<std::pair<CustomerId, Caution>> cautious;
  for (const auto& [id, member] : members_) {
    if (!member.caution.none()) cautious.emplace_back(id, member.caution);
  }
  std::sort(cautious.begin(), cautious.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return cautious;
}

void Recognition::retune(const Settings& settings) {
  rules_ = rules_of(settings);
  policy_ = DecisionPolicy::derive(calibration_, rules_, gallery_.rows());
}

Status Recognition::refresh(const CustomerId& id, WallTime now) {
  // Memory forgets the customer before the store is read, so that an error does not leave an old
  // consent.
  members_.erase(id);
  visit_templates_.erase(id);
  const auto customer = store_.customers().find(id);
  if (!customer && customer.error().code != "unknown_customer") {
    return tl::unexpected(customer.error());
  }
  if (customer && may(customer->consent, Scope::kRecognition, now)) {
    members_[id] = member_of(*customer, now);
    MAITRED_ASSIGN(const auto templates, templates_of(id));
    MAITRED_TRY(gallery_.put(id, templates, customer->caution.steps));
  } else {
    gallery_.remove(id);
    decider_.forget(id);
  }
  follow_gallery();
  return {};
}

// Keeps the best template of a visit. High confidence is required, so that nobody else's template
// is learned under this name.
void Recognition::keep_visit_template(const std::string& camera, const Sighting& rotated) {
  const auto customer = decider_.decided(camera, rotated.track);
  if (!customer) return;
  const auto member = members_.find(*customer);
  if (member == members_.end() || !member->second.improves) return;
  const auto score = gallery_.score(*customer, rotated.probe);
  if (!score || policy_.confidence(*score) != Confidence::kHigh) return;
  const auto kept = visit_templates_.find(*customer);
  const bool fresh =
      kept == visit_templates_.end() || rotated.at - kept->second.at > kVisitTemplateKept;
  if (!fresh && rotated.quality <= kept->second.quality) return;
  visit_templates_.insert_or_assign(
      *customer, VisitTemplate{rotated.probe.clone(), rotated.quality, rotated.at});
}

std::optional<Template> Recognition::take_visit_template(const CustomerId& id) {
  auto kept = visit_templates_.extract(id);
  if (kept.empty()) return std::nullopt;
  const VisitTemplate& best = kept.mapped();
  return Template(best.rotated.engine(), best.rotated.values(), best.quality);
}

Status Recognition::drop_expired(WallTime now) {
  std::erase_if(visit_templates_,
                [now](const auto& one) { return now - one.second.at > kVisitTemplateKept; });
  std::vector<CustomerId> expired;
  for (const auto& [id, member] : members_) {
    if (member.expires && *member.expires <= now) expired.push_back(id);
  }
  if (expired.empty()) return {};
  for (const CustomerId& id : expired) {
    members_.erase(id);
    gallery_.remove(id);
    decider_.forget(id);
  }
  follow_gallery();
  return {};
}

std::vector<Template> Recognition::rotate(const std::vector<Template>& plain) const {
  std::vector<Template> rotated;
  for (const Template& photo : plain) rotated.push_back(store_.rotation().rotate(photo));
  return rotated;
}

Result<std::vector<Match>> Recognition::observe(const std::string& camera,
                                                const Sighting& sighting) {
  // The store keeps rotated templates only, so every probe is rotated before it is compared or
  // kept.
  Sighting rotated = {
      sighting.track,    sighting.first_seen, sighting.at,
      sighting.position, sighting.from_file,  sighting.box,
      sighting.quality,  sighting.frames,     store_.rotation().rotate(sighting.probe)};
  auto matches = decider_.observe(camera, rotated, gallery_, policy_);
  if (matches) keep_visit_template(camera, rotated);
  return matches;
}

std::vector<Match> Recognition::end_track(const std::string& camera, TrackId track) {
  return decider_.end_track(camera, track, policy_);
}

Result<std::optional<Identified>> Recognition::identify(const std::vector<Template>& photos) const {
  return maitred::identify(gallery_, policy_, rotate(photos));
}

Result<bool> Recognition::verify(const CustomerId& id, const std::vector<Template>& photos) const {
  if (!gallery_.holds(id)) {
    MAITRED_TRY(store_.customers().find(id));
    return input_error("consent_missing",
                       fmt::format("customer {} may not be matched: consent has ended, or no "
                                   "template of engine {}",
                                   id.value, gallery_.engine()));
  }
  return maitred::verify(gallery_, calibration_, id, rotate(photos));
}

Result<std::optional<std::size_t>> Recognition::outlier_of(
    const std::vector<Template>& photos) const {
  return find_outlier(calibration_, photos);
}

Result<std::optional<CustomerId>> Recognition::duplicate_of(
    const std::vector<Template>& photos) const {
  return find_duplicate(gallery_, calibration_, rotate(photos));
}

Result<std::vector<CustomerId>> Recognition::lookalikes_of(
    const std::vector<Template>& photos) const {
  return find_lookalikes(gallery_, calibration_, rotate(photos));
}

}  // namespace maitred
