#include "maitred/shop/desk/shop.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "maitred/base/log.h"
#include "maitred/shop/consent/consent.h"

namespace maitred {
namespace {

// Maximum number of templates of confirmed visits for one customer: those of the photos must keep
// their weight.
constexpr std::size_t kMostLearned = 3;

// A clock that was set back would make expired consents valid again.
Status check_clock(const Store& store) {
  const WallTime now = wall_now();
  MAITRED_ASSIGN(const auto ahead, entry_ahead(store, now));
  if (!ahead) return {};
  return environment_error(
      "clock_behind", fmt::format("the clock says {}, but the store's newest entry is of {}: set "
                                  "the clock of this machine; if it was wrong then and is right "
                                  "now, run: maitredctl audit accept",
                                  format_time(now), format_time(*ahead)));
}

}  // namespace

Result<std::optional<WallTime>> entry_ahead(const Store& store, WallTime now) {
  MAITRED_ASSIGN(const auto rows, store.audit().rows(1));
  // A recording that is read faster than real time may be ahead of this clock.
  if (rows.empty() || rows.back().at <= now + kFurthestAhead) return std::nullopt;
  return rows.back().at;
}

Result<std::unique_ptr<Shop>> Shop::open(const Settings& settings, const KeyAccess& key) {
  MAITRED_ASSIGN(Store store, Store::open(settings.store_path, key));
  MAITRED_TRY(check_clock(store));
  // On the heap, because desk and handlers refer to it.
  std::unique_ptr<Shop> shop(new Shop(settings, std::move(store), copy_of(key)));
  MAITRED_ASSIGN(shop->desk_,
                 VisitDesk::restore(shop->store_, settings.visits, wall_now(), settings.rules));
  MAITRED_ASSIGN(shop->vigilance_, Vigilance::load(shop->store_));
  shop->desk_->set_visit_closed([raw = shop.get()](const Visit& visit, const Actor& actor) {
    return raw->on_visit_closed(visit, actor);
  });
  return shop;
}

Status Shop::reload(const Settings& fresh) {
  MAITRED_TRY(desk_->reload(fresh.visits, fresh.rules));
  if (recognition_) recognition_->retune(fresh);
  settings_ = fresh;
  return {};
}

Status Shop::use_engine(const std::string& engine) {
  Settings fresh = settings_;
  fresh.engine = engine;
  MAITRED_ASSIGN(recognition_, Recognition::load(store_, fresh, wall_now()));
  settings_ = std::move(fresh);
  return {};
}

Result<Recognition*> Shop::recognition() {
  if (!recognition_) {
    MAITRED_ASSIGN(recognition_, Recognition::load(store_, settings_, wall_now()));
  }
  return recognition_.get();
}

Status Shop::arrive(const Match& match) {
  if (vigilance_->suspended(match.camera) || recognition_->suspended(match.customer)) {
    journal().debug("camera {}: no alert: suspended after wrong-person reports", match.camera);
    return {};
  }
  return desk_->arrive(match);
}

Result<AlertTarget> Shop::alert_target() {
  MAITRED_ASSIGN(const Recognition* current, recognition());
  return AlertTarget{settings_.false_alert_rate, current->customers()};
}

Status Shop::on_visit_closed(const Visit& visit, const Actor& actor) {
  if (visit.outcome == Outcome::kServed) return learn_visit_template(visit.customer, actor);
  if (recognition_) recognition_->drop_visit_template(visit.customer);
  if (visit.outcome != Outcome::kWrongPerson) return {};
  MAITRED_ASSIGN(const AlertTarget target, alert_target());
  MAITRED_ASSIGN(const auto result, vigilance_->wrong_person(visit, actor, target));
  if (result.customer_suspended) {
    journal().warn(
        "customer {0}: alerts suspended after {1} wrong-person reports, although the threshold was "
        "raised; enrol better photos ('maitredctl update {0} --photo ...'), then resume: "
        "maitredctl resume --customer {0}",
        visit.customer.value, result.caution.wrong.size());
  }
  if (result.camera_suspended) {
    journal().warn(
        "camera {0}: alerts suspended after more wrong-person reports than false_alerts allows; "
        "see "
        "'maitredctl doctor --camera {0}', then resume: maitredctl resume --camera {0}",
        visit.camera);
  }
  return recognition_->set_caution(visit.customer, result.caution);
}

// Staff have served the person whom the camera saw, which confirms that it was this customer.
Status Shop::learn_visit_template(const CustomerId& id, const Actor& actor) {
  if (!recognition_) return {};
  const auto seen = recognition_->take_visit_template(id);
  if (!seen) return {};
  MAITRED_ASSIGN(const Customer customer, store_.customers().find(id));
  if (!may(customer.consent, Scope::kTemplateImprovement, actor.at)) return {};
  MAITRED_TRY(store_.customers().learn_template(id, *seen, kMostLearned, actor));
  return recognition_->refresh(id, actor.at);
}

Result<CustomerId> Shop::customer_named(const std::string& reference) {
  const auto unknown = [] { return input_error("unknown_customer", "there is no such customer"); };
  const auto colon = reference.find(':');
  if (colon == std::string::npos) return CustomerId(reference);
  const std::string kind = reference.substr(0, colon);
  const std::string id = reference.substr(colon + 1);
  if (id.empty()) return unknown();
  std::optional<CustomerId> found;
  if (kind == "external") {
    MAITRED_ASSIGN(found, by_external(id));
  } else if (kind == "loyalty") {
    MAITRED_ASSIGN(found, store_.customers().by_loyalty(id));
  }
  if (!found) return unknown();
  return *found;
}

Result<std::unique_ptr<Restore>> Shop::begin_restore(RestoreOptions options, const Actor& actor) {
  return Restore::begin(std::move(options), &store_, actor);
}

Result<StepProgress> Shop::restore_step(Restore& restore, const Actor& actor) {
  if (!restore.replaces_next()) return restore.step();
  MAITRED_ASSIGN(const std::vector<Alert> shown, desk_->open_alerts(0));
  MAITRED_ASSIGN(const StepProgress progress, restore.step());
  MAITRED_TRY(desk_->read_back(wall_now()));
  MAITRED_TRY(desk_->follow_up(shown, actor));
  MAITRED_ASSIGN(vigilance_, Vigilance::load(store_));
  external_ids_.reset();
  if (recognition_) {
    recognition_.reset();
    MAITRED_TRY(recognition());
  }
  return progress;
}

std::optional<WallTime> Shop::last_retention() const {
  return store_.last_upkeep(Upkeep::kRetention).value_or(std::nullopt);
}
Status Shop::note_retention(WallTime at) { return store_.note_upkeep(Upkeep::kRetention, at); }
std::optional<WallTime> Shop::last_backup() const {
  return store_.last_upkeep(Upkeep::kBackup).value_or(std::nullopt);
}
Status Shop::note_backup(WallTime at) { return store_.note_upkeep(Upkeep::kBackup, at); }

Status Shop::customer_changed(const CustomerId& id) {
  if (external_ids_) {
    const auto customer = store_.customers().find(id);
    external_ids_->set(id, customer ? customer->profile.external : std::string());
  }
  return recognition_ ? recognition_->refresh(id, wall_now()) : Status{};
}

Result<std::optional<CustomerId>> Shop::by_external(const std::string& external) {
  if (!external_ids_) {
    ExternalIds ids;
    MAITRED_TRY(store_.customers().for_each(
        [&ids](Customer&& customer) { ids.set(customer.id, customer.profile.external); }));
    external_ids_ = std::move(ids);
  }
  return external_ids_->find(external);
}

void ExternalIds::set(const CustomerId& id, const std::string& external) {
  const auto before = externals_.find(id);
  if (before != externals_.end()) {
    customers_.erase(before->second);
    externals_.erase(before);
  }
  if (external.empty()) return;
  customers_[external] = id;
  externals_[id] = external;
}

std::optional<CustomerId> ExternalIds::find(const std::string& external) const {
  const auto found = customers_.find(external);
  if (found == customers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace maitred
