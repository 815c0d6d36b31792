#include "maitred/core/admin_task.h"

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
  BackupTask(std::unique_ptr<Backup> backup, const std::filesystem::path& target)
      : backup_(std::move(backup)), target_(target) {}

  StepResult step() override {
    MAITRED_ASSIGN(const StepProgress progress, backup_->step());
    done = progress.done;
    total = progress.total;
    if (!progress.finished) return more();
    return answered(
        {{"backup", target_.string()}, {"bytes", backup_->size_bytes()}, {"verified", true}});
  }

 private:
  std::unique_ptr<Backup> backup_;
  std::filesystem::path target_;
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
  RetentionTask(Shop& shop, Actor actor, std::vector<CustomerId> due)
      : shop_(shop), actor_(std::move(actor)), due_(std::move(due)) {
    total = due_.size();
  }

  StepResult step() override {
    // One epoch for several: each costs the wrapping of everyone's key.
    constexpr std::size_t kErasedPerStep = 50;
    const auto begin = due_.begin() + static_cast<std::ptrdiff_t>(done);
    const auto count = std::min<std::size_t>(kErasedPerStep, due_.size() - done);
    const std::vector<CustomerId> now(begin, begin + static_cast<std::ptrdiff_t>(count));
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
      done += now.size();
    }
    if (done < total) return more();
    MAITRED_TRY(shop_.note_retention(actor_.at));
    return answered({{"erased", erased_}, {"receipts", receipts_}});
  }

 private:
  Shop& shop_;
  Actor actor_;
  std::vector<CustomerId> due_;
  json erased_ = json::array();
  json receipts_ = json::array();
};

}  // namespace

Result<std::unique_ptr<AdminTask>> begin_backup(Shop& shop, const std::filesystem::path& target,
                                                const std::optional<KeyAccess>& key,
                                                const Actor& actor) {
  MAITRED_ASSIGN(auto backup, Backup::begin(shop.store(), target, key, actor));
  return std::make_unique<BackupTask>(std::move(backup), target);
}

Result<std::unique_ptr<AdminTask>> begin_rotation(Shop& shop, bool keep_key, const Actor& actor) {
  Keys& keys = shop.store().keys();
  const bool resumed = keys.rotating();
  MAITRED_TRY(keys.begin_rotation(shop.key(), keep_key, actor));
  return std::make_unique<RotationTask>(shop, actor, resumed);
}

Result<std::unique_ptr<AdminTask>> begin_retention(Shop& shop, const Actor& actor) {
  MAITRED_ASSIGN(auto due,
                 shop.store().customers().past_retention(actor.at, shop.settings().visits.retention,
                                                         shop.privacy().after_withdrawal));
  return std::make_unique<RetentionTask>(shop, actor, std::move(due));
}

}  // namespace maitred
