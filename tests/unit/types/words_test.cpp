#include <gtest/gtest.h>

#include <set>

#include "maitred/types/customer.h"
#include "maitred/types/face.h"
#include "maitred/types/ids.h"
#include "maitred/types/visit.h"

namespace maitred {
namespace {

TEST(Words, AreThoseOfTheContract) {
  EXPECT_EQ(word(AlertState::kNew), "new");
  EXPECT_EQ(word(AlertState::kEscalated), "escalated");
  EXPECT_EQ(word(AlertState::kClaimed), "claimed");
  EXPECT_EQ(word(AlertState::kClosed), "closed");
  EXPECT_EQ(word(AlertState::kExpired), "expired");
  EXPECT_EQ(word(AlertState::kWithdrawn), "withdrawn");
  EXPECT_EQ(word(Reason::kAsk), "ask");
  EXPECT_EQ(word(Reason::kAppointment), "appointment");
  EXPECT_EQ(word(Reason::kLoyalty), "loyalty");
  EXPECT_EQ(word(Reason::kArrival), "arrival");
  EXPECT_EQ(word(Confidence::kHigh), "high");
  EXPECT_EQ(word(Confidence::kMedium), "medium");
  EXPECT_EQ(outcome_from_word("served"), Outcome::kServed);
  EXPECT_EQ(outcome_from_word("declined"), Outcome::kDeclined);
  EXPECT_EQ(outcome_from_word("wrong_person"), Outcome::kWrongPerson);
  EXPECT_EQ(outcome_from_word("not_found"), Outcome::kNotFound);
}

TEST(Words, AreReadBack) {
  for (int i = 0; i < 6; ++i) {
    const auto state = static_cast<AlertState>(i);
    EXPECT_EQ(alert_state_from_word(word(state)), state);
    const auto scope = static_cast<Scope>(i);
    EXPECT_EQ(scope_from_name(scope_name(scope)), scope);
  }
  for (int i = 0; i < 7; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_EQ(outcome_from_word(word(outcome)), outcome);
  }
  for (int i = 0; i < 4; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_EQ(reason_from_word(word(reason)), reason);
  }
  for (const Priority priority : {Priority::kLow, Priority::kNormal, Priority::kHigh}) {
    EXPECT_EQ(priority_from_word(word(priority)), priority);
  }
  for (int i = 0; i < 2; ++i) {
    const auto confidence = static_cast<Confidence>(i);
    EXPECT_EQ(confidence_from_word(word(confidence)), confidence);
  }
  EXPECT_FALSE(outcome_from_word("Served"));
  EXPECT_FALSE(outcome_from_word(""));
  EXPECT_FALSE(scope_from_name("everything"));
  EXPECT_FALSE(alert_state_from_word("open"));
  EXPECT_FALSE(reason_from_word("why"));
  EXPECT_FALSE(confidence_from_word("low"));
}

TEST(RandomId, IsPrintableAndNotRepeated) {
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::string id = random_id(8);
    EXPECT_EQ(id.size(), 8U);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(Overlap, IsOfAreas) {
  const Box box{0.0F, 0.0F, 10.0F, 10.0F};
  EXPECT_FLOAT_EQ(overlap(box, box), 1.0F);
  EXPECT_FLOAT_EQ(overlap(box, {5.0F, 0.0F, 10.0F, 10.0F}), 1.0F / 3.0F);
  EXPECT_EQ(overlap(box, {10.0F, 0.0F, 10.0F, 10.0F}), 0.0F);
  EXPECT_EQ(overlap(box, {20.0F, 20.0F, 5.0F, 5.0F}), 0.0F);
  EXPECT_EQ(overlap({0.0F, 0.0F, 0.0F, 0.0F}, {0.0F, 0.0F, 0.0F, 0.0F}), 0.0F);
  EXPECT_FLOAT_EQ(overlap(box, {2.0F, 2.0F, 5.0F, 5.0F}), 0.25F);
}

}  // namespace
}  // namespace maitred
