#include "maitred/core/shop.h"

namespace maitred {

WallTime wall_now() { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

Result<std::unique_ptr<Shop>> Shop::open(const Settings& settings, const KeyAccess& key) {
  MAITRED_ASSIGN(Store store, Store::open(settings.store_path, key));
  std::unique_ptr<Shop> shop(new Shop(settings, std::move(store)));
  MAITRED_ASSIGN(shop->desk_, VisitDesk::restore(shop->store_, settings.visits, wall_now()));
  return shop;
}

Result<Recognition*> Shop::recognition() {
  if (!recognition_) {
    MAITRED_ASSIGN(recognition_, Recognition::load(store_, settings_, wall_now()));
  }
  return recognition_.get();
}

Status Shop::customer_changed(const CustomerId& id) {
  return recognition_ ? recognition_->refresh(id, wall_now()) : Status{};
}

}  // namespace maitred
