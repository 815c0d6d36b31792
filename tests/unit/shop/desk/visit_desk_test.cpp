// Visits and alerts with a real store: what staff are told, and what is on disk when they are.
#include "maitred/shop/desk/visit_desk.h"

#include "desk_fixture.h"

namespace maitred {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class VisitDeskTest : public DeskTest {
 protected:
  VisitDeskTest() { restart(kMorning); }

  // A desk over the same store, as after a restart at `now`.
  void restart(WallTime now) {
    desk_ = taken(VisitDesk::restore(store(), settings_.visits, now));
    desk_->set_clock([this] { return now_; });
    desk_->set_sink([this](const Alert& alert) {
      const auto stored = store().visits().alert(alert.visit);
      if (stored) {
        EXPECT_EQ(stored->alert.seq, alert.seq) << "published before it was on disk";
      }
      published_.push_back(alert);
    });
  }
  void arrive(const CustomerId& customer, WallTime at) {
    ASSERT_EQ(error_of(desk_->arrive(match_of(customer, at))), "");
  }
  Visit visit(const VisitId& id) { return taken(store().visits().find(id)); }

  std::unique_ptr<VisitDesk> desk_;
  std::vector<Alert> published_;
  WallTime now_ = kMorning;
};

TEST_F(VisitDeskTest, AnArrivalRaisesOneAlertAVisit) {
  const CustomerId one = enrol(1);
  arrive(one, kMorning);
  ASSERT_EQ(published_.size(), 1U);
  EXPECT_EQ(published_[0].state, AlertState::kNew);
  EXPECT_EQ(published_[0].seq, 1U);
  EXPECT_EQ(published_[0].customer.name, "Robin Sample");
  EXPECT_EQ(taken(store().visits().alert(published_[0].visit)).alert.seq, 1U);
  arrive(one, kMorning + hours{1});
  EXPECT_EQ(published_.size(), 1U) << "within the cooldown it is the same visit";
  EXPECT_EQ(visit(published_[0].visit).end, kMorning + hours{1});
  arrive(one, kMorning + hours{6});
  ASSERT_EQ(published_.size(), 2U);
  EXPECT_NE(published_[1].visit, published_[0].visit);
  EXPECT_EQ(taken(store().customers().find(one)).last_visit, kMorning + hours{6});
}

TEST_F(VisitDeskTest, AnUnclaimedAlertEscalatesAndExpires) {
  arrive(enrol(1), kMorning);
  EXPECT_EQ(desk_->next_deadline(), kMorning + seconds{20});
  ASSERT_EQ(error_of(desk_->tick(kMorning + seconds{19})), "");
  EXPECT_EQ(published_.size(), 1U);
  ASSERT_EQ(error_of(desk_->tick(kMorning + seconds{20})), "");
  ASSERT_EQ(error_of(desk_->tick(kMorning + seconds{60})), "");
  ASSERT_EQ(published_.size(), 3U);
  EXPECT_EQ(published_[1].state, AlertState::kEscalated);
  EXPECT_EQ(published_[1].escalation, 1);
  EXPECT_EQ(published_[2].escalation, 2);
  EXPECT_LT(published_[1].seq, published_[2].seq);
  ASSERT_EQ(error_of(desk_->tick(kMorning + minutes{10})), "");
  ASSERT_EQ(published_.size(), 4U);
  EXPECT_EQ(published_[3].state, AlertState::kExpired);
  EXPECT_EQ(visit(published_[0].visit).outcome, Outcome::kExpired);
  EXPECT_EQ(desk_->alerts_open(), 0U);
}

TEST_F(VisitDeskTest, TheFirstClaimWins) {
  arrive(enrol(1), kMorning);
  const VisitId id = published_.at(0).visit;
  const ClaimAnswer first = taken(desk_->claim(id, "Sam"));
  EXPECT_TRUE(first.won);
  ASSERT_TRUE(first.update);
  EXPECT_EQ(first.update->state, AlertState::kClaimed);
  const ClaimAnswer second = taken(desk_->claim(id, "Kim"));
  EXPECT_FALSE(second.won);
  EXPECT_EQ(second.by, "Sam");
  EXPECT_FALSE(second.update);
  EXPECT_EQ(error_of(desk_->claim(VisitId("nope"), "Sam")), "unknown_visit");
  ASSERT_EQ(error_of(desk_->tick(kMorning + minutes{1})), "");
  EXPECT_EQ(published_.size(), 1U) << "a claimed alert does not escalate";
}

TEST_F(VisitDeskTest, AServedVisitClosesTheOpenAsks) {
  const CustomerId one = enrol(1);
  Ask ask;
  ask.text = "trail shoes";
  ask.at = kMorning;
  taken(store().customers().add_ask(one, ask, kAdmin));
  arrive(one, kMorning);
  const VisitId id = published_.at(0).visit;
  std::vector<Outcome> closed;
  desk_->set_visit_closed([&](const Visit& over, const Actor&) {
    closed.push_back(over.outcome);
    return Status{};
  });
  now_ = kMorning + minutes{3};
  const Alert alert = taken(desk_->close(id, Outcome::kServed, "bought two", "Sam"));
  EXPECT_EQ(alert.state, AlertState::kClosed);
  EXPECT_EQ(alert.outcome, Outcome::kServed);
  EXPECT_EQ(closed, std::vector{Outcome::kServed});
  EXPECT_EQ(visit(id).note, "bought two");
  EXPECT_FALSE(taken(store().customers().find(one)).asks.at(0).open);
  EXPECT_EQ(error_of(desk_->close(id, Outcome::kServed, "", "Sam")), "already_closed");
  EXPECT_EQ(taken(store().audit().rows(0)).back().at, now_);
}

TEST_F(VisitDeskTest, AnAnswerThatCannotBeWrittenChangesNothing) {
  arrive(enrol(1), kMorning);
  const VisitId id = published_.at(0).visit;
  desk_->set_visit_closed(
      [](const Visit&, const Actor&) -> Status { return environment_error("made_up", "no"); });
  EXPECT_EQ(error_of(desk_->close(id, Outcome::kServed, "", "Sam")), "made_up");
  EXPECT_EQ(visit(id).outcome, Outcome::kOpen);
  EXPECT_EQ(taken(store().visits().alert(id)).alert.state, AlertState::kNew);
  EXPECT_EQ(desk_->alerts_open(), 1U);
}

TEST_F(VisitDeskTest, WithdrawalEndsTheAlertAndLaterArrivalsDoNothing) {
  const CustomerId one = enrol(1);
  arrive(one, kMorning);
  ASSERT_EQ(error_of(desk_->withdraw(one, {"uid:1000", kMorning + minutes{1}})), "");
  ASSERT_EQ(published_.size(), 2U);
  EXPECT_EQ(published_[1].state, AlertState::kWithdrawn);
  EXPECT_EQ(published_[1].visit, published_[0].visit);
  EXPECT_EQ(desk_->alerts_open(), 0U);
  arrive(one, kMorning + hours{9});
  EXPECT_EQ(published_.size(), 2U);
  EXPECT_EQ(taken(store().visits().list({})).size(), 1U);
  EXPECT_EQ(error_of(desk_->withdraw(one, kAdmin)), "consent_withdrawn");
}

TEST_F(VisitDeskTest, ErasureTellsStaffFirstAndLeavesNothing) {
  const CustomerId one = enrol(1);
  arrive(one, kMorning);
  const Receipt receipt = taken(desk_->forget(one, kAdmin));
  EXPECT_EQ(receipt.customer, one.value);
  EXPECT_EQ(error_of(verify_receipt(receipt_text(receipt), store().signing_key())), "");
  ASSERT_EQ(published_.size(), 2U);
  EXPECT_EQ(published_[1].state, AlertState::kWithdrawn);
  EXPECT_EQ(error_of(store().customers().find(one)), "unknown_customer");
  EXPECT_TRUE(taken(store().visits().list({})).empty());
  EXPECT_EQ(error_of(desk_->arrive(match_of(one, kMorning + hours{9}))), "unknown_customer");
}

TEST_F(VisitDeskTest, ARestartKeepsVisitsAlertsAndDeadlines) {
  const CustomerId one = enrol(1);
  arrive(one, kMorning);
  const VisitId id = published_.at(0).visit;
  restart(kMorning + seconds{30});
  EXPECT_EQ(desk_->alerts_open(), 1U);
  arrive(one, kMorning + seconds{31});
  EXPECT_EQ(published_.size(), 1U) << "the visit goes on";
  ASSERT_EQ(error_of(desk_->tick(kMorning + seconds{31})), "");
  ASSERT_EQ(published_.size(), 2U);
  EXPECT_EQ(published_[1].escalation, 1);
  EXPECT_TRUE(taken(desk_->claim(id, "Sam")).won);
  EXPECT_EQ(taken(desk_->open_alerts(0)).size(), 1U);
  EXPECT_TRUE(taken(desk_->open_alerts(99)).empty());
}

TEST_F(VisitDeskTest, TheEndOfAVisitIsWrittenWhenTheCustomerLeaves) {
  const CustomerId one = enrol(1);
  arrive(one, kMorning);
  const VisitId id = published_.at(0).visit;
  ASSERT_EQ(error_of(desk_->seen(one, kMorning + seconds{4})), "");
  EXPECT_EQ(visit(id).end, kMorning) << "not every frame is written";
  ASSERT_EQ(error_of(desk_->left(one)), "");
  EXPECT_EQ(visit(id).end, kMorning + seconds{4});
  ASSERT_EQ(error_of(desk_->seen(one, kMorning + seconds{15})), "");
  EXPECT_EQ(visit(id).end, kMorning + seconds{15}) << "written at least every 10 s";
}

TEST_F(VisitDeskTest, TokensAreAskedForOnceATerminalExists) {
  EXPECT_FALSE(desk_->tokens_required());
  desk_->always_require_tokens(true);
  EXPECT_TRUE(desk_->tokens_required());
  desk_->always_require_tokens(false);
  StaffMember system{"till-software"};
  system.system = true;
  const std::string program = taken(store().staff().add(system, kAdmin));
  EXPECT_FALSE(desk_->tokens_required()) << "a system is no terminal";
  EXPECT_FALSE(desk_->authenticate(program));
  StaffMember member{"front desk"};
  member.skills = {"shoes"};
  const std::string token = taken(store().staff().add(member, kAdmin));
  EXPECT_TRUE(desk_->tokens_required());
  const auto terminal = desk_->authenticate(token);
  ASSERT_TRUE(terminal);
  EXPECT_EQ(terminal->name, "front desk");
  EXPECT_EQ(terminal->skills, std::vector<std::string>{"shoes"});
  EXPECT_FALSE(desk_->authenticate("wrong"));
  ASSERT_EQ(error_of(store().staff().revoke("front desk", kAdmin)), "");
  EXPECT_FALSE(desk_->authenticate(token));
}

}  // namespace
}  // namespace maitred
