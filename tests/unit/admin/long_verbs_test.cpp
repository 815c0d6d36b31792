// Verbs in steps: to the end, with progress, and the shop works meanwhile.
#include <gmock/gmock.h>

#include "maitred/admin/erasure.h"
#include "maitred/admin/keys.h"
#include "shop_fixture.h"

namespace maitred {
namespace {

class LongVerbsTest : public ShopTest {
 protected:
  std::string backup() {
    const std::string target = file("a.backup").string();
    answer("backup", {{"file", target}});
    return target;
  }
  std::unique_ptr<Task> begin(std::string_view verb, const json& args) {
    const Verb* found = must(verbs_.find(verb));
    EXPECT_EQ(found->length, Length::kSteps);
    return must(found->begin(*shop_, args, actor_));
  }
  std::set<std::string> names() {
    std::set<std::string> all;
    const json list = answer("list", json::object());
    for (const json& one : list["customers"]) all.insert(one["name"]);
    return all;
  }
};

TEST_F(LongVerbsTest, TheLongVerbsAreThese) {
  std::set<std::string> steps;
  for (const std::string& name : verbs_.names()) {
    if (must(verbs_.find(name))->length == Length::kSteps) steps.insert(name);
  }
  EXPECT_EQ(steps, (std::set<std::string>{"backup", "key_rotate", "restore", "retention"}));
}

TEST_F(LongVerbsTest, ProgressGrowsToItsTotal) {
  for (unsigned i = 0; i < 40; ++i) enrol("Customer " + std::to_string(i), i);
  for (const auto& [verb, args] :
       std::vector<std::pair<std::string, json>>{{"backup", {{"file", file("b").string()}}},
                                                 {"key_rotate", json::object()},
                                                 {"restore", {{"file", file("b").string()}}},
                                                 {"retention", json::object()}}) {
    std::uint64_t before = 0;
    int steps = 0;
    const auto result =
        verbs_.run(verb, *shop_, args, actor_, [&](std::uint64_t done, std::uint64_t total) {
          EXPECT_LE(done, total) << verb;
          EXPECT_GE(done, before) << verb;
          before = done;
          ++steps;
        });
    ASSERT_TRUE(result) << verb << ": " << result.error().message;
    EXPECT_GE(steps, 1) << verb;
  }
  EXPECT_EQ(names().size(), 40U);
}

TEST_F(LongVerbsTest, TheShopWorksBetweenTheStepsOfARestore) {
  const std::string ada = enrol("Ada", 1);
  const std::string bea = enrol("Bea", 2);
  const std::string target = backup();
  enrol("Cleo", 3);
  const auto task = begin("restore", {{"file", target}});
  ASSERT_FALSE(must(task->step()));
  EXPECT_EQ(names(), (std::set<std::string>{"Ada", "Bea", "Cleo"}));
  EXPECT_EQ(answer("identify", {{"photos", {photo_of(2)}}})["id"], bea);
  // An erasure and a withdrawal after the restore has begun must hold.
  answer("forget", {{"id", ada}});
  answer("consent_withdraw", {{"id", bea}});
  ASSERT_TRUE(finish(*task));
  const json done = task->answer_json();
  EXPECT_EQ(done["restored"], true);
  EXPECT_EQ(done["erasures_replayed"], 1);
  EXPECT_EQ(done["withdrawals_replayed"], 1);
  EXPECT_EQ(done["customers"], 1);
  EXPECT_EQ(names(), (std::set<std::string>{"Bea"}));
  EXPECT_EQ(answer("identify", {{"photos", {photo_of(2)}}})["match"], false);
  reopen();
  EXPECT_EQ(names(), (std::set<std::string>{"Bea"}));
}

TEST_F(LongVerbsTest, ARestoreThatIsGivenUpChangesNothing) {
  enrol("Ada", 1);
  const std::string target = backup();
  enrol("Bea", 2);
  {
    const auto task = begin("restore", {{"file", target}});
    ASSERT_FALSE(must(task->step()));
    ASSERT_FALSE(must(task->step()));
    EXPECT_TRUE(std::filesystem::exists(settings_.store_path.string() + ".restoring"));
  }
  EXPECT_FALSE(std::filesystem::exists(settings_.store_path.string() + ".restoring"));
  reopen();
  EXPECT_EQ(names(), (std::set<std::string>{"Ada", "Bea"}));
}

TEST_F(LongVerbsTest, ARestoreWithoutAnOpenStoreGivesTheSameAnswer) {
  enrol("Ada", 1);
  const std::string target = backup();
  json online = answer("restore", {{"file", target}});
  shop_.reset();
  verbs::RestoreArgs args;
  args.file = target;
  const auto task = must(verbs::begin_restore(settings_, copy_of(key_), args, actor_));
  ASSERT_TRUE(finish(*task));
  EXPECT_EQ(task->answer_json(), online);
  args.file = "relative.backup";
  EXPECT_EQ(verbs::begin_restore(settings_, copy_of(key_), args, actor_).error().code, "bad_usage");
}

TEST_F(LongVerbsTest, ADamagedBackupIsRefusedAndTheStoreStays) {
  enrol("Ada", 1);
  const std::string target = backup();
  std::filesystem::resize_file(target, std::filesystem::file_size(target) - 100);
  EXPECT_EQ(code("restore", {{"file", target}}), "backup_invalid");
  EXPECT_EQ(names(), (std::set<std::string>{"Ada"}));
}

TEST_F(LongVerbsTest, RetentionErasesWhoIsDue) {
  const std::string ada = enrol("Ada", 1);
  json brief = enrolment("Bea", 2);
  brief["consent"]["expires"] = format_time(actor_.at + std::chrono::hours{1});
  const std::string bea = answer("enroll", brief)["id"];
  const Actor later{"uid:1000", actor_.at + std::chrono::hours{24 * 400}};
  settings_.visits.retention = std::chrono::hours{24 * 3650};
  reopen();
  const auto task = must(verbs::begin_retention(*shop_, {}, later));
  ASSERT_TRUE(finish(*task));
  ASSERT_EQ(task->answer.erased, std::vector{CustomerId(bea)});
  EXPECT_EQ(task->answer.receipts.at(0)["customer"], bea);
  EXPECT_EQ(names(), (std::set<std::string>{"Ada"}));
}

// An eye that was taken over, or a clock that was wrong, has left a visit in 2099.
TEST_F(LongVerbsTest, RetentionErasesWhoseLastVisitLiesInTheFuture) {
  const CustomerId ada{enrol("Ada", 1)};
  settings_.visits.retention = std::chrono::hours{24 * 10};
  reopen();
  Arrival arrival;
  arrival.visit.id = VisitId{"v1"};
  arrival.visit.customer = ada;
  arrival.visit.camera = "entrance";
  arrival.visit.start = arrival.visit.end = actor_.at + std::chrono::hours{24 * 365 * 73};
  must(shop_->store().visits().commit_arrival(
      arrival, [](const Customer&) { return true; }, actor_));
  const auto run_at = [&](int days) {
    const auto task = must(verbs::begin_retention(
        *shop_, {}, Actor{"maitred", actor_.at + std::chrono::hours{24 * days}}));
    EXPECT_TRUE(finish(*task));
    return task->answer.erased.size();
  };
  const auto last_visit = [&] {
    return must(shop_->store().customers().find(ada)).last_visit.value();
  };
  EXPECT_EQ(run_at(-400), 0U);  // by a clock that was set back, everything lies in the future
  EXPECT_EQ(last_visit(), arrival.visit.end);
  EXPECT_EQ(run_at(1), 0U);  // counts from now
  EXPECT_EQ(last_visit(), actor_.at + std::chrono::hours{24});
  EXPECT_EQ(run_at(10), 0U);
  EXPECT_EQ(run_at(12), 1U);
  EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace maitred
