#include "maitred/shop/visits/rules.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using namespace std::chrono_literals;

const WallTime kRulesNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 10h + 15min};

Ask ask(std::uint64_t number, std::string text, std::string item = "") {
  return {number, std::move(text), std::move(item), kRulesNow - 1000h + std::chrono::hours(number),
          true};
}
Purchase purchase(std::uint64_t number, std::string item, std::string status) {
  return {number, std::move(item), std::move(status),
          kRulesNow - 2000h + std::chrono::hours(number)};
}
Appointment appointment(WallTime at, std::string with) { return {1, at, std::move(with)}; }

TEST(Announce, AnyArrivalIsAnnounced) {
  const auto said = announce({}, {}, kRulesNow);
  EXPECT_EQ(said.reason, Reason::kArrival);
  EXPECT_EQ(said.headline, "A customer who asked to be recognised has arrived");
}

TEST(Announce, TheFirstReasonThatAppliesCounts) {
  CustomerView customer;
  customer.loyalty = "L-1";
  EXPECT_EQ(announce(customer, {}, kRulesNow).reason, Reason::kLoyalty);
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Loyalty customer has arrived");
  const std::vector<Appointment> booked = {appointment(kRulesNow + 15min, "Y")};
  EXPECT_EQ(announce(customer, booked, kRulesNow).reason, Reason::kAppointment);
  EXPECT_EQ(announce(customer, booked, kRulesNow).headline, "Appointment 10:30 with Y");
  EXPECT_EQ(announce(customer, booked, kRulesNow, std::chrono::hours{2}).headline,
            "Appointment 12:30 with Y");
  customer.asks.push_back(ask(1, "trail shoes, size 43"));
  EXPECT_EQ(announce(customer, booked, kRulesNow).reason, Reason::kAsk);
  EXPECT_EQ(announce(customer, booked, kRulesNow).headline, "Advisor needed: trail shoes, size 43");
}

TEST(Announce, SaysWhatWasOutOfStock) {
  CustomerView customer;
  customer.asks.push_back(ask(1, "trail shoes, size 43", "SKU-43"));
  customer.recent = {purchase(1, "sku-43", "out_of_stock")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline,
            "Advisor needed: trail shoes, size 43, were not in store last time");
  customer.recent = {purchase(1, "Trail shoes", "out_of_stock")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline,
            "Advisor needed: trail shoes, size 43, were not in store last time");
  for (const char* status : {"bought", "returned"}) {
    customer.recent = {purchase(2, "SKU-43", status), purchase(1, "SKU-43", "out_of_stock")};
    EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: trail shoes, size 43");
  }
  customer.recent = {purchase(1, "tent", "out_of_stock"), purchase(2, "", "out_of_stock")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: trail shoes, size 43");
}

TEST(Announce, WithoutHistoryNothingIsSaidOfIt) {
  CustomerView customer;  // no history scope: `recent` is empty
  customer.asks.push_back(ask(1, "trail shoes", "SKU-43"));
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: trail shoes");
}

TEST(Announce, AnAskForAMissingItemComesBeforeTheNewest) {
  CustomerView customer;
  customer.asks = {ask(1, "a tent", "T1"), ask(2, "trail shoes", "S1"), ask(3, "a rope", "R1")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: a rope");
  customer.recent = {purchase(1, "S1", "out_of_stock")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline,
            "Advisor needed: trail shoes, were not in store last time");
}

TEST(Announce, TheNewestAskComesFirstWhateverTheirOrder) {
  CustomerView customer;
  customer.asks = {ask(2, "trail shoes"), ask(1, "a tent")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: trail shoes");
  customer.asks[1].at = customer.asks[0].at;  // at once: the number decides
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: trail shoes");
  std::swap(customer.asks[0], customer.asks[1]);
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: trail shoes");
  customer.asks = {ask(1, "a tent", "T1"), ask(2, "a rope", "R1"), ask(3, "a lamp")};
  customer.recent = {purchase(1, "T1", "out_of_stock"), purchase(2, "R1", "out_of_stock")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline,
            "Advisor needed: a rope, were not in store last time");
}

TEST(Announce, TheLastPurchaseSaysWhatIsInStoreWhateverTheirOrder) {
  CustomerView customer;
  customer.asks = {ask(1, "trail shoes", "S1")};
  const std::string out = "Advisor needed: trail shoes, were not in store last time";
  customer.recent = {purchase(1, "S1", "bought"), purchase(2, "S1", "out_of_stock")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, out);
  customer.recent = {purchase(2, "S1", "out_of_stock"), purchase(1, "S1", "bought")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, out);
  for (Purchase& one : customer.recent) one.date = kRulesNow - 1h;  // at once: the number decides
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, out);
  std::swap(customer.recent[0], customer.recent[1]);
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, out);
  customer.asks = {ask(1, "trail shoes")};  // by its text, without an item
  customer.recent = {purchase(1, "rope", "out_of_stock"), purchase(2, "shoes", "out_of_stock")};
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, out);
}

TEST(Announce, ClosedAndEmptyAsksDoNotCount) {
  CustomerView customer;
  customer.asks = {ask(1, "a tent"), ask(2, "")};
  customer.asks[0].open = false;
  EXPECT_EQ(announce(customer, {}, kRulesNow).reason, Reason::kArrival);
  customer.asks[1].item = "SKU-9";
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline, "Advisor needed: SKU-9");
}

TEST(Announce, OnlyAnAppointmentOfNowCounts) {
  const auto reason = [](WallTime at) {
    const std::vector<Appointment> booked = {appointment(at, "Y")};
    return announce({}, booked, kRulesNow).reason;
  };
  EXPECT_EQ(reason(kRulesNow + 2h), Reason::kAppointment);
  EXPECT_EQ(reason(kRulesNow - 2h), Reason::kAppointment);
  EXPECT_EQ(reason(kRulesNow + 2h + 1ms), Reason::kArrival);
  EXPECT_EQ(reason(kRulesNow - 2h - 1ms), Reason::kArrival);
  const std::vector<Appointment> several = {appointment(kRulesNow - 90min, "early"),
                                            appointment(kRulesNow - 10min, ""),
                                            appointment(kRulesNow + 1h, "late")};
  EXPECT_EQ(announce({}, several, kRulesNow).headline, "Appointment 10:05");
}

TEST(Announce, AHeadlineIsOneShortLineOfWholeCharacters) {
  for (std::size_t length = 150; length < 260; ++length) {
    CustomerView customer;
    std::string text(length % 3, 'x');
    while (text.size() < length) text += "\xE2\x82\xAC";  // three bytes each
    customer.asks.push_back(ask(1, text, "S1"));
    customer.recent = {purchase(1, "S1", "out_of_stock")};
    const std::string headline = announce(customer, {}, kRulesNow).headline;
    EXPECT_LE(headline.size(), kHeadlineBytes);
    EXPECT_TRUE(headline.ends_with(", were not in store last time"));
    std::size_t open = 0;  // bytes a character still needs
    for (const char letter : headline) {
      const auto byte = static_cast<unsigned char>(letter);
      if (open > 0) {
        ASSERT_EQ(byte & 0xC0U, 0x80U) << "cut within a character";
        --open;
      } else {
        ASSERT_NE(byte & 0xC0U, 0x80U);
        open = byte == 0xE2 ? 2 : 0;
      }
    }
    EXPECT_EQ(open, 0U);
  }
  CustomerView customer;
  customer.asks.push_back(ask(1, "two\nlines\tand \x1b[31m red"));
  EXPECT_EQ(announce(customer, {}, kRulesNow).headline.find_first_of("\n\t\x1b"),
            std::string::npos);
}

}  // namespace
}  // namespace maitred
