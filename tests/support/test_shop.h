// A shop with a store of its own in a temporary folder, and a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>

#include "maitred/shop/desk/shop.h"
#include "tests/support/temporary_folder.h"

namespace maitred {

class TestShop {
 public:
  TestShop() { open(); }
  explicit TestShop(const Settings& wanted) : settings(wanted) { open(); }

  Actor actor() const { return {"uid:0", now}; }

  CustomerId customer(const std::string& name) {
    NewCustomer fresh;
    fresh.profile.name = name;
    fresh.consent.version = "v1";
    fresh.consent.reference = "form";
    fresh.consent.granted = now - std::chrono::hours{1};
    fresh.consent.expires = now + std::chrono::hours{1000};
    fresh.consent.scopes = {Scope::kRecognition, Scope::kFeedback};
    const auto made = shop->store().customers().enrol(fresh, actor());
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }

  // A customer walks in: one alert.
  VisitId arrive(const std::string& name = "Robin Sample") {
    Match match;
    match.customer = customer(name);
    match.camera = "entrance";
    match.first_seen = match.at = now;
    EXPECT_TRUE(shop->desk().arrive(match));
    return shop->store().visits().list({})->front().id;
  }

  TemporaryFolder folder;
  Settings settings;
  WallTime now = wall_now();
  std::unique_ptr<Shop> shop;

 private:
  void open() {
    settings.file = folder.path() / "maitred.toml";
    settings.store_path = folder.path() / "store.db";
    KeyAccess key;
    key.source = {KeyKind::kFile, (folder.path() / "key").string()};
    EXPECT_TRUE(Store::create(settings.store_path, key, actor()));
    auto opened = Shop::open(settings, key);
    EXPECT_TRUE(opened) << opened.error().message;
    shop = std::move(*opened);
    shop->desk().set_clock([this] { return now; });
  }
};

}  // namespace maitred
