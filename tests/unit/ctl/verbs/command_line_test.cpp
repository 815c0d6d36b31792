// The command line of maitredctl on a real store, without a daemon: arguments, output, exit status.
#include "src/ctl/command_line.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "maitred/shop/store/store.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

struct Ran {
  int status = 0;
  std::string out, err;
};

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    std::ofstream(settings_) << "[store]\npath = \"store.db\"\nkey = \"file:store.key\"\n";
  }

  Ran run(std::vector<std::string> words) {
    words.insert(words.begin(), {"maitredctl", "-c", settings_.string()});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Ran ran;
    ran.status = run_command_line(static_cast<int>(words.size()), arguments.data());
    ran.out = testing::internal::GetCapturedStdout();
    ran.err = testing::internal::GetCapturedStderr();
    return ran;
  }
  json run_json(std::vector<std::string> words, int status = 0) {
    words.push_back("--json");
    const Ran ran = run(std::move(words));
    EXPECT_EQ(ran.status, status) << ran.out << ran.err;
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << ran.out;
    return json::parse(ran.out, nullptr, false);
  }
  // Puts a customer into the store as an enrolment would.
  std::string enrol(const std::string& name) {
    KeyAccess key;
    key.source = {KeyKind::kFile, (folder_.path() / "store.key").string()};
    auto store = Store::open(folder_.path() / "store.db", key);
    NewCustomer customer;
    customer.profile.name = name;
    customer.consent.version = "v1";
    customer.consent.reference = "form 1";
    customer.consent.scopes = {Scope::kRecognition};
    customer.consent.granted = *parse_time("2026-11-01");
    customer.templates.emplace_back("retail", std::vector<float>(256, 1.0F));
    return store->customers().enrol(customer, {"uid:0", *parse_time("2026-11-01")})->value;
  }

  TemporaryFolder folder_;
  const std::filesystem::path settings_ = folder_.path() / "maitred.toml";
};

TEST_F(CommandLineTest, WrongUsageSaysWhatIsWrongOnOneLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{}, "subcommand"},
      {{"dance"}, "'dance'"},
      {{"list", "--frobnicate"}, "--frobnicate"},
      {{"show"}, "ID"},
      {{"list", "--limit", "many"}, "--limit"},
      {{"list", "--limit", "0"}, "--limit"},
      {{"feedback", "v1", "--rating", "11"}, "--rating"},
      {{"purchase", "c1", "--item", "x", "--status", "lost"}, "--status"},
      {{"enroll", "--name", "A"}, "--photo"},
      {{"enroll", "--name", "A", "--photo", "a", "--camera", "b"}, "--camera"},
      {{"update", "c1", "--keep-photos"}, "--photo"},
      {{"resume"}, ""},
      {{"key"}, "subcommand"},
      {{"backup", "f", "--key", "k", "--to-key", "p"}, "--to-key"}};
  for (const auto& [words, named] : wrong) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.status, 2) << testing::PrintToString(words) << ran.out;
    EXPECT_THAT(ran.err, HasSubstr("maitredctl: "));
    EXPECT_THAT(ran.err, HasSubstr(named));
    EXPECT_THAT(ran.err, HasSubstr("--help"));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_THAT(ran.out, IsEmpty());
  }
}

TEST_F(CommandLineTest, WithJsonAFailureIsOneObject) {
  const json usage = run_json({"dance"}, 2);
  EXPECT_EQ(usage["error"]["code"], "bad_usage");
  EXPECT_THAT(usage["error"]["message"].get<std::string>(), HasSubstr("'dance'"));
  EXPECT_EQ(run_json({"list"}, 3)["error"]["code"], "store_missing");
}

TEST_F(CommandLineTest, HelpAndVersionEndWithStatusZero) {
  EXPECT_EQ(run({"--help"}).status, 0);
  EXPECT_THAT(run({"enroll", "--help"}).out, HasSubstr("--consent-version"));
  EXPECT_THAT(run({"--version"}).out, HasSubstr("maitredctl "));
}

TEST_F(CommandLineTest, TheExitStatusTellsInputFromEnvironmentFromNo) {
  EXPECT_EQ(run({"list"}).status, 3);  // no store
  EXPECT_EQ(run({"init"}).status, 0);
  EXPECT_EQ(run({"init"}).status, 2);  // refuses to touch it
  EXPECT_EQ(run({"show", "nobody"}).status, 2);
  EXPECT_EQ(run({"visits", "--since", "soon"}).status, 2);
  EXPECT_EQ(run({"resume", "--camera", "entrance"}).status, 1);  // nothing to do
  std::filesystem::remove(folder_.path() / "store.key");
  EXPECT_EQ(run({"list"}).status, 3);  // no key
  std::ofstream(settings_) << "[store]\npath = 7\n";
  EXPECT_EQ(run({"list"}).status, 2);
}

TEST_F(CommandLineTest, ACustomerIsListedNotedShownAndForgotten) {
  ASSERT_EQ(run({"init"}).status, 0);
  EXPECT_THAT(run({"list"}).out, HasSubstr("No customer is enrolled"));
  const std::string id = enrol("Ada Example");
  EXPECT_THAT(run({"list"}).out, HasSubstr("Ada Example"));
  EXPECT_EQ(run_json({"list"})["customers"].at(0)["id"], id);
  EXPECT_EQ(run_json({"ask", id, "trail shoes"})["number"], 1);
  EXPECT_EQ(run_json({"purchase", id, "--item", "TS", "--status", "bought"})["number"], 1);
  EXPECT_EQ(run_json({"appointment", id, "--at", "2026-12-01T10:00Z", "--with", "Kim"})["number"],
            1);
  EXPECT_EQ(run_json({"update", id, "--loyalty", "L1", "--preference", "shoe=43"})["loyalty"],
            "L1");
  const json shown = run_json({"show", "loyalty:L1"});
  EXPECT_EQ(shown["id"], id);
  EXPECT_EQ(shown["asks"].at(0)["text"], "trail shoes");
  EXPECT_EQ(shown["preferences"], (json{{"shoe", "43"}}));
  EXPECT_THAT(run({"show", id}).out, HasSubstr("Kim"));
  EXPECT_THAT(run({"show", id, "--quiet"}).out, IsEmpty());
  const std::string receipt = (folder_.path() / "receipt.json").string();
  EXPECT_EQ(run_json({"forget", id, "--receipt", receipt})["erased"], true);
  EXPECT_EQ(run({"receipt", "verify", receipt}).status, 0);
  EXPECT_EQ(run({"show", id}).status, 2);
}

TEST_F(CommandLineTest, ABackupIsTakenAndPutBackWithoutADaemon) {
  ASSERT_EQ(run({"init"}).status, 0);
  enrol("Ada Example");
  const std::string backup = (folder_.path() / "a.backup").string();
  EXPECT_EQ(run_json({"backup", backup})["sealed_for"], "store");
  std::filesystem::remove(folder_.path() / "store.db");
  const json restored = run_json({"restore", backup});
  EXPECT_EQ(restored["customers"], 1);
  EXPECT_EQ(run_json({"list"})["customers"].at(0)["name"], "Ada Example");
  EXPECT_EQ(run({"restore", (folder_.path() / "none").string()}).status, 2);
}

// Verbs refuse fields that they do not know: what maitredctl sends is what they take.
TEST_F(CommandLineTest, EveryVerbTakesWhatItsCommandSends) {
  ASSERT_EQ(run({"init"}).status, 0);
  const std::string id = enrol("Ada Example");
  const std::string text = (folder_.path() / "text.txt").string();
  const std::string second = (folder_.path() / "second.key").string();
  std::ofstream(text) << "I agree.\n";
  const std::vector<std::vector<std::string>> commands = {
      {"status"},
      {"list", "--limit", "1", "--after", "0"},
      {"update", id, "--name", "Ada", "--loyalty", "L", "--tier", "gold", "--note", "n",
       "--external-id", "e", "--preference", "a=b", "--drop-preference", "c", "--forget-learned",
       "--reset-threshold"},
      {"ask", id, "shoes", "--item", "TS", "--external-id", "e1"},
      {"purchase", id, "--item", "TS", "--status", "bought", "--date", "2026-11-01"},
      {"appointment", id, "--at", "2026-12-01T10:00Z", "--with", "Kim"},
      {"consent", id, "show"},
      {"consent", id, "receipt"},
      {"consent", "text", "add", "v1", text},
      {"consent", "text", "list"},
      {"consent", "text", "show", "v1"},
      {"consent", id, "renew", "--consent-version", "v1", "--consent-ref", "r", "--scope",
       "history,feedback", "--expires", "2099-01-01"},
      {"export", id},
      {"visits", "--since", "2026-01-01", "--customer", id},
      {"alerts", "--since", "2026-01-01", "--open"},
      {"audit", "--limit", "3"},
      {"audit", "verify"},
      {"report", "--from", "2020-01-01", "--to", "2099-01-01", "--names", "--html",
       (folder_.path() / "report.html").string()},
      {"rule", "list"},
      {"staff", "add", "Sam", "--skill", "shoes", "--zone", "east", "--manager"},
      {"staff", "list"},
      {"staff", "revoke", "Sam"},
      {"key", "slot", "list"},
      {"key", "slot", "add", "--file", second, "--label", "spare"},
      {"key", "slot", "remove", "2"},
      {"key", "rotate", "--keep-key"},
      {"retention", "run"},
      {"consent", id, "withdraw"}};
  for (std::vector<std::string> words : commands) {
    words.push_back("--json");
    const Ran ran = run(words);
    EXPECT_EQ(ran.status, 0) << testing::PrintToString(words) << ran.out;
  }
  EXPECT_EQ(run({"rule", "test", id, "--at", "2026-12-01T10:00Z", "--camera", "c"}).status, 1);
  EXPECT_EQ(run({"resume", "--customer", id}).status, 1);
  EXPECT_EQ(run_json({"feedback", "nobody", "--rating", "9"}, 2)["error"]["code"], "unknown_visit");
}

TEST_F(CommandLineTest, AnImportOfNotesReportsEachRow) {
  ASSERT_EQ(run({"init"}).status, 0);
  const std::string id = enrol("Ada Example");
  const std::string file = (folder_.path() / "notes.csv").string();
  std::ofstream(file) << "customer,text,status,item,date\n"
                      << id << ",trail shoes,,,\n"
                      << id << ",,bought,TS,soon\n"
                      << "nobody,x,,,\n";
  const json done = run_json({"import", file});
  EXPECT_EQ(done["noted"], 1);
  ASSERT_EQ(done["rejected"].size(), 2U);
  EXPECT_EQ(done["rejected"][0]["row"], 2);
  EXPECT_EQ(run_json({"import", file})["unchanged"], 1);
  EXPECT_EQ(run({"import", file, "--strict"}).status, 2);
}

}  // namespace
}  // namespace maitred
