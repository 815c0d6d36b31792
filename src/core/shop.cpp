#include "maitred/core/shop.h"

namespace maitred {

WallTime wall_now() { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

Result<std::unique_ptr<Shop>> Shop::open(const Settings& settings, const KeyAccess& key) {
  MAITRED_ASSIGN(Store store, Store::open(settings.store_path, key));
  std::unique_ptr<Shop> shop(new Shop(settings, std::move(store)));
  MAITRED_ASSIGN(shop->desk_, VisitDesk::restore(shop->store_, settings.visits, wall_now(), settings.rules));
  return shop;
}

Status Shop::reload(const Settings& fresh) {
  MAITRED_TRY(desk_->reload(fresh.visits, fresh.rules));
  if (recognition_) recognition_->retune(fresh);
  settings_ = fresh;
  return {};
}

Result<Recognition*> Shop::recognition() {
  if (!recognition_) {
    MAITRED_ASSIGN(recognition_, Recognition::load(store_, settings_, wall_now()));
  }
  return recognition_.get();
}

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
    MAITRED_TRY(store_.customers().for_each([&ids](Customer&& customer) {
      ids.set(customer.id, customer.profile.external);
    }));
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
