#include "maitred/admin/admin_task.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace maitred {

using nlohmann::json;

namespace {

using StepResult = Result<std::unique_ptr<json>>;

StepResult more() { return std::unique_ptr<json>(); }
StepResult answered(json object) { return std::make_unique<json>(std::move(object)); }

class BackupTask : public AdminTask {
 public:
  BackupTask(Shop& shop, WallTime begun, std::unique_ptr<Backup> backup, BackupPlace place)
      : shop_(shop), begun_(begun), backup_(std::move(backup)), place_(std::move(place)) {
    if (place_.to_be_fetched) backup_->leave_in_part();
  }

  StepResult step() override {
    MAITRED_ASSIGN(const StepProgress progress, backup_->step());
    done = progress.done;
    total = progress.total;
    if (!progress.finished) return more();
    if (!place_.to_be_fetched) MAITRED_TRY(shop_.note_backup(begun_));
    json object = {{"backup", place_.target.string()},
                   {"bytes", backup_->size_bytes()},
                   {"verified", true},
                   {"resumed_bytes", backup_->resumed_bytes()}};
    if (!backup_->why_anew().empty()) object["begun_anew"] = backup_->why_anew();
    return answered(std::move(object));
  }

 private:
  Shop& shop_;
  WallTime begun_;
  std::unique_ptr<Backup> backup_;
  BackupPlace place_;
};

class RotationTask : public AdminTask {
 public:
  RotationTask(Shop& shop, Actor actor, bool resumed)
      : shop_(shop), actor_(std::move(actor)), resumed_(resumed) {}

  StepResult step() override {
    constexpr std::size_t kCustomersPerStep = 32;
    MAITRED_ASSIGN(const RotationProgress progress,
                   shop_.store().keys().rotate_some(shop_.key(), kCustomersPerStep, actor_));
    done = progress.done;
    total = progress.total;
    if (!progress.finished) return more();
    return answered({{"rotated", true},
                     {"epoch", shop_.store().epoch()},
                     {"customers", progress.total},
                     {"resumed", resumed_}});
  }

 private:
  Shop& shop_;
  Actor actor_;
  bool resumed_;
};

class RetentionTask : public AdminTask {
 public:
  RetentionTask(Shop& shop, Actor actor) : shop_(shop), actor_(std::move(actor)) {}

  StepResult step() override { return looked_at_all_ ? erase_some() : look_at_some(); }

 private:
  StepResult look_at_some() {
    constexpr std::size_t kLookedAtPerStep = 500;
    MAITRED_ASSIGN(const auto some, shop_.store().customers().list({last_row_, kLookedAtPerStep}));
    for (const CustomerSummary& customer : some) {
      if (is_due(customer, actor_.at, terms())) due_.push_back(customer.id);
      last_row_ = customer.row;
    }
    looked_at_all_ = some.size() < kLookedAtPerStep;
    total = due_.size();
    return more();
  }

  RetentionTerms terms() const {
    return {shop_.settings().visits.retention, shop_.privacy().after_withdrawal};
  }

  // Others were served since that customer was looked at.
  Result<bool> still_due(const CustomerId& id) const {
    const auto customer = shop_.store().customers().find(id);
    if (!customer && customer.error().code == "unknown_customer") return false;
    MAITRED_TRY(customer);
    CustomerSummary summary;
    summary.enrolled = customer->enrolled;
    summary.last_visit = customer->last_visit;
    summary.expires = customer->consent.expires;
    summary.withdrawn = customer->consent.withdrawn;
    return is_due(summary, actor_.at, terms());
  }

  StepResult erase_some() {
    // One epoch for several, but so few that arrivals hardly wait.
    constexpr std::size_t kErasedPerStep = 8;
    const auto begin = due_.begin() + static_cast<std::ptrdiff_t>(done);
    const auto count = std::min<std::size_t>(kErasedPerStep, due_.size() - done);
    std::vector<CustomerId> now;
    for (auto id = begin; id != begin + static_cast<std::ptrdiff_t>(count); ++id) {
      MAITRED_ASSIGN(const bool due, still_due(*id));
      if (due) now.push_back(*id);
    }
    done += count;
    if (!now.empty()) {
      const auto receipts = shop_.desk().forget_all(now, actor_);
      // The gallery follows even when only the log of the database could not be emptied.
      for (const CustomerId& id : now) {
        MAITRED_TRY(shop_.customer_changed(id));
        erased_.push_back(id.value);
      }
      MAITRED_TRY(receipts);
      for (const Receipt& receipt : *receipts) {
        receipts_.push_back(json::parse(receipt_text(receipt)));
      }
    }
    if (done < total) return more();
    MAITRED_ASSIGN(const bool shrinking, shop_.store().shrink_some());
    if (shrinking) return more();
    MAITRED_TRY(shop_.note_retention(actor_.at));
    return answered({{"erased", erased_}, {"receipts", receipts_}});
  }

  Shop& shop_;
  Actor actor_;
  std::uint64_t last_row_ = 0;
  bool looked_at_all_ = false;
  std::vector<CustomerId> due_;
  json erased_ = json::array();
  json receipts_ = json::array();
};

}  // namespace

Result<std::unique_ptr<AdminTask>> begin_backup(Shop& shop, const BackupPlace& place,
                                                const std::optional<KeyAccess>& key,
                                                const Actor& actor) {
  MAITRED_ASSIGN(auto backup, Backup::begin(shop.store(), place.target, key, actor));
  return std::make_unique<BackupTask>(shop, actor.at, std::move(backup), place);
}

Result<std::unique_ptr<AdminTask>> begin_rotation(Shop& shop, bool keep_key, const Actor& actor) {
  Keys& keys = shop.store().keys();
  const bool resumed = keys.rotating();
  MAITRED_TRY(keys.begin_rotation(shop.key(), keep_key, actor));
  return std::make_unique<RotationTask>(shop, actor, resumed);
}

Result<std::unique_ptr<AdminTask>> begin_retention(Shop& shop, const Actor& actor) {
  return std::make_unique<RetentionTask>(shop, actor);
}

}  // namespace maitred
