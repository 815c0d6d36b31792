// Who is held out stays held out: over visits, restarts and a larger share.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "maitred/shop/desk/shop.h"

namespace maitred {
namespace {

constexpr int kCustomers = 150;

class Holdout : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "maitred-arms-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    settings_.store_path = folder_ / "store.db";
    key_.source = {KeyKind::kFile, (folder_ / "key").string()};
    ASSERT_TRUE(Store::create(settings_.store_path, key_, Actor{"uid:0", wall_now()}));
    reopen(0.0);
    for (int i = 0; i < kCustomers; ++i) {
      NewCustomer customer;
      customer.profile.name = "Robin Sample";
      customer.consent = {"v1", "form", {Scope::kRecognition}, "", wall_now(), {}, {}};
      const auto made = shop_->store().customers().enrol(customer, Actor{"uid:0", wall_now()});
      ASSERT_TRUE(made) << made.error().message;
      customers_.push_back(*made);
    }
  }
  void TearDown() override {
    shop_.reset();
    std::filesystem::remove_all(folder_);
  }

  void reopen(double share) {
    shop_.reset();
    settings_.visits.holdout = share;
    settings_.visits.cooldown = Milliseconds{0};
    auto shop = Shop::open(settings_, key_);
    ASSERT_TRUE(shop) << shop.error().message;
    shop_ = std::move(*shop);
  }

  // Everyone comes in; who has a visit without an alert.
  std::set<CustomerId> held_out() {
    now_ += std::chrono::hours{5};
    for (const CustomerId& customer : customers_) {
      Match match;
      match.customer = customer;
      match.camera = "entrance";
      match.first_seen = match.at = now_;
      EXPECT_TRUE(shop_->desk().arrive(match));
    }
    std::set<CustomerId> held;
    VisitQuery query;
    query.since = now_;
    const auto visits = shop_->store().visits().list(query);
    EXPECT_TRUE(visits);
    for (const Visit& visit : *visits) {
      EXPECT_EQ(visit.holdout, !shop_->store().visits().alert(visit.id).has_value());
      if (visit.holdout) held.insert(visit.customer);
    }
    return held;
  }

  std::filesystem::path folder_;
  Settings settings_;
  KeyAccess key_;
  std::unique_ptr<Shop> shop_;
  std::vector<CustomerId> customers_;
  WallTime now_ = wall_now();
};

TEST_F(Holdout, ACustomerStaysInTheArm) {
  EXPECT_TRUE(held_out().empty());
  reopen(0.3);
  const std::set<CustomerId> first = held_out();
  // Six standard deviations either way.
  EXPECT_GT(first.size(), 0.3 * kCustomers - 34);
  EXPECT_LT(first.size(), 0.3 * kCustomers + 34);
  EXPECT_EQ(held_out(), first);
  reopen(0.3);
  EXPECT_EQ(held_out(), first);
  reopen(0.6);
  const std::set<CustomerId> more = held_out();
  EXPECT_GT(more.size(), first.size());
  EXPECT_TRUE(std::includes(more.begin(), more.end(), first.begin(), first.end()));
  reopen(1.0);
  EXPECT_EQ(held_out().size(), customers_.size());
}

}  // namespace
}  // namespace maitred
