// What other systems are told, and that it is told once.
#include "maitred/doors/outbound/shop_events.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace maitred {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ShopEvents : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "maitred-events-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    settings_.store_path = folder_ / "store.db";
    KeyAccess key;
    key.source = {KeyKind::kFile, (folder_ / "key").string()};
    ASSERT_TRUE(Store::create(settings_.store_path, key, actor(now_ - hours{1})));
    auto shop = Shop::open(settings_, key);
    ASSERT_TRUE(shop) << shop.error().message;
    shop_ = std::move(*shop);
    shop_->desk().set_clock([this] { return now_; });
    source_ = std::make_unique<EventSource>(*shop_);
    cursor_ = *source_->present();
  }
  void TearDown() override {
    shop_.reset();
    std::filesystem::remove_all(folder_);
  }

  static Actor actor(WallTime at) { return {"uid:0", at}; }

  CustomerId customer(std::set<Scope> scopes = {Scope::kRecognition, Scope::kFeedback}) {
    NewCustomer fresh;
    fresh.profile.name = "Robin Sample";
    fresh.consent.version = "v1";
    fresh.consent.reference = "form";
    fresh.consent.granted = now_ - hours{1};
    fresh.consent.expires = now_ + hours{1000};
    fresh.consent.scopes = std::move(scopes);
    const auto made = shop_->store().customers().enrol(fresh, actor(now_));
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  VisitId arrive(const CustomerId& who) {
    Match match;
    match.customer = who;
    match.camera = "entrance";
    match.first_seen = match.at = now_;
    EXPECT_TRUE(shop_->desk().arrive(match));
    return shop_->store().visits().list({})->front().id;
  }
  // Takes everything, as a system that answers; what it was told.
  std::vector<std::string> take() {
    std::vector<std::string> told;
    for (;;) {
      const auto parcels = source_->after(cursor_, now_);
      EXPECT_TRUE(parcels) << parcels.error().message;
      if (!parcels || parcels->empty()) return told;
      for (const Parcel& parcel : *parcels) {
        cursor_ = *EventCursor::parse(parcel.after.text());
        if (parcel.event)
          told.push_back(parcel.event->type.substr(8) + " " + parcel.event->subject);
      }
    }
  }

  std::filesystem::path folder_;
  Settings settings_;
  WallTime now_ = wall_now();
  std::unique_ptr<Shop> shop_;
  std::unique_ptr<EventSource> source_;
  EventCursor cursor_;
};

TEST_F(ShopEvents, AVisitIsToldFromItsAlertToItsFeedback) {
  const VisitId visit = arrive(customer());
  EXPECT_EQ(take(), std::vector<std::string>{"alert.new " + visit.value});
  ASSERT_TRUE(shop_->desk().claim(visit, "Sam"));
  ASSERT_TRUE(shop_->desk().close(visit, Outcome::kServed, "", "Sam"));
  EXPECT_EQ(take(),
            (std::vector<std::string>{"alert.claimed " + visit.value, "alert.closed " + visit.value,
                                      "feedback_due " + visit.value}));
  EXPECT_TRUE(take().empty());
  now_ += hours{1};
  EXPECT_TRUE(take().empty());
}

TEST_F(ShopEvents, FeedbackIsAskedForWhereTheVisitIsOverAndTheCustomerAgreed) {
  const VisitId wrong = arrive(customer());
  const VisitId silent = arrive(customer({Scope::kRecognition}));
  const VisitId open = arrive(customer());
  const VisitId answered = arrive(customer());
  const VisitId due = arrive(customer());
  take();
  for (const VisitId& visit : {wrong, silent, answered, due}) {
    ASSERT_TRUE(shop_->desk().claim(visit, "Sam"));
  }
  ASSERT_TRUE(shop_->store().visits().add_feedback({answered, 9, "", now_}, actor(now_)));
  ASSERT_TRUE(shop_->desk().close(wrong, Outcome::kWrongPerson, "", "Sam"));
  for (const VisitId& visit : {silent, answered, due}) {
    ASSERT_TRUE(shop_->desk().close(visit, Outcome::kServed, "", "Sam"));
  }
  const auto asks_for_feedback = [](const std::vector<std::string>& told) {
    std::vector<std::string> visits;
    for (const std::string& one : told) {
      if (one.starts_with("feedback_due ")) visits.push_back(one.substr(13));
    }
    return visits;
  };
  EXPECT_EQ(asks_for_feedback(take()), std::vector<std::string>{due.value});
  // The one whose alert runs out is over then, though a later one was told of before it.
  now_ += minutes{11};
  ASSERT_TRUE(shop_->desk().tick(now_));
  EXPECT_EQ(asks_for_feedback(take()), std::vector<std::string>{open.value});
  now_ += hours{72};
  EXPECT_TRUE(take().empty());
}

TEST_F(ShopEvents, WhoIsForgottenIsToldOfNoMore) {
  const CustomerId gone = customer();
  const VisitId visit = arrive(gone);
  ASSERT_TRUE(shop_->desk().forget(gone, actor(now_)));
  EXPECT_TRUE(take().empty());
  const VisitId next = arrive(customer());
  ASSERT_TRUE(shop_->desk().claim(next, "Sam"));
  ASSERT_TRUE(shop_->desk().close(next, Outcome::kDeclined, "", "Sam"));
  EXPECT_EQ(take().back(), "feedback_due " + next.value);
  EXPECT_NE(visit, next);
}

TEST(EventCursorText, IsReadAsItWasWritten) {
  const EventCursor cursor{42, 7, {9, 12}};
  EXPECT_EQ(EventCursor::parse(cursor.text()), cursor);
  for (const char* bad : {"", "[]", "{", "7"}) EXPECT_FALSE(EventCursor::parse(bad)) << bad;
}

}  // namespace
}  // namespace maitred
