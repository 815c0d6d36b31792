// Every registered verb, with good, missing and wrong arguments, on a real store.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "shop_fixture.h"

namespace maitred {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Case {
  json good;                     // "ID" and "VISIT" stand for the enrolled customer and the visit
  std::set<std::string> needed;  // fields that may not be missing
  std::set<std::string> keys;    // of the answer
  std::string code{};            // the error that is right in a shop with one customer
};

const std::set<std::string> kShown = {"id",
                                      "name",
                                      "loyalty",
                                      "tier",
                                      "note",
                                      "external",
                                      "enrolled",
                                      "last_visit",
                                      "consent",
                                      "preferences",
                                      "asks",
                                      "purchases",
                                      "appointments",
                                      "templates",
                                      "photos_kept",
                                      "templates_learned",
                                      "threshold_steps",
                                      "wrong_answers",
                                      "suspended"};

std::map<std::string, Case> cases(const std::filesystem::path& folder) {
  const std::string backup = (folder / "a.backup").string();
  const json consent = {{"version", "v1"}, {"reference", "r"}, {"expires", ""}};
  const json photos = {photo_of(7)};
  const std::set<std::string> noted = {"id", "number"};
  return {
      {"check_enrolment",
       {{{"name", "B"}, {"consent", consent}, {"external", "x"}, {"resume", true}}, {"name"}, {}}},
      {"enroll",
       {{{"name", "B"},
         {"consent", consent},
         {"preferences", {{"shoe", "43"}}},
         {"photos", photos},
         {"allow_duplicate", false}},
        {"name"},
        {"id", "templates", "quality", "lookalikes", "warnings"}}},
      {"list", {{{"after", 0}, {"limit", 1}}, {}, {"customers", "next"}}},
      {"show", {{{"id", "ID"}}, {"id"}, kShown}},
      {"update",
       {{{"id", "ID"},
         {"name", "C"},
         {"loyalty", "L"},
         {"tier", "gold"},
         {"note", "n"},
         {"external", "e"},
         {"preferences", {{"a", "b"}}},
         {"drop_preferences", {"a"}},
         {"photos", photos},
         {"reset_threshold", true},
         {"forget_learned", true}},
        {"id"},
        kShown}},
      {"resume", {{{"camera", ""}, {"id", "ID"}}, {"id"}, {}, "not_suspended"}},
      {"ask",
       {{{"id", "ID"}, {"text", "t"}, {"item", "i"}, {"external", "e"}}, {"id", "text"}, noted}},
      {"purchase",
       {{{"id", "ID"}, {"item", "i"}, {"status", "bought"}, {"date", "2026-11-01"}},
        {"id", "item", "status"},
        noted}},
      {"appointment",
       {{{"id", "ID"}, {"at", "2026-11-22T10:30Z"}, {"with", "Kim"}}, {"id", "at", "with"}, noted}},
      {"note",
       {{{"customer", "ID"}, {"kind", "ask"}, {"text", "t"}}, {"customer", "kind", "text"}, noted}},
      {"identify", {{{"photos", photos}}, {}, {"match"}}},
      {"verify", {{{"id", "ID"}, {"photos", photos}}, {"id"}, {"verified", "live"}}},
      {"consent_show", {{{"id", "ID"}}, {"id"}, {"id", "consent", "history"}}},
      {"consent_renew",
       {{{"id", "ID"},
         {"version", "v2"},
         {"reference", "r"},
         {"scopes", {"history"}},
         {"expires", "2099-01-01"}},
        {"id"},
        {"id", "consent", "warnings"}}},
      {"consent_withdraw", {{{"id", "ID"}}, {"id"}, {"id", "consent", "erased_by"}}},
      {"consent_receipt",
       {{{"id", "ID"}},
        {"id"},
        {"id", "name", "store", "issued", "controller", "contact", "retention", "consent",
         "text"}}},
      {"consent_text_add",
       {{{"version", "v1"}, {"text", "t"}}, {"version", "text"}, {"version", "added"}}},
      {"consent_text_list", {json::object(), {}, {"texts"}}},
      {"consent_text_show", {{{"version", "v9"}}, {"version"}, {}, "unknown_text"}},
      {"forget", {{{"id", "ID"}}, {"id"}, {"erased", "id", "receipt"}}},
      {"receipt", {{{"id", "ID"}}, {"id"}, {}, "not_erased"}},
      {"export",
       {{{"id", "ID"}},
        {"id"},
        {"id",
         "name",
         "loyalty",
         "tier",
         "note",
         "external",
         "preferences",
         "enrolled",
         "last_visit",
         "consent",
         "consent_history",
         "asks",
         "purchases",
         "appointments",
         "visits",
         "alerts",
         "feedback",
         "templates",
         "templates_learned",
         "template_data",
         "photos_kept",
         "photos",
         "threshold_steps",
         "wrong_answers",
         "wrong_answer_times",
         "suspended"}}},
      {"retention", {json::object(), {}, {"erased", "receipts"}}},
      {"visits", {{{"since", "2026-01-01"}, {"id", "ID"}}, {}, {"visits"}}},
      {"alerts", {{{"since", ""}, {"open", true}}, {}, {"alerts"}}},
      {"feedback",
       {{{"visit", "VISIT"}, {"rating", 9}, {"comment", "c"}},
        {"visit", "rating"},
        {"visit", "rating"}}},
      {"report",
       {{{"from", "2020-01-01"}, {"to", "2099-01-01"}, {"names", true}, {"html", true}},
        {},
        {"from",
         "to",
         "visits",
         "customers",
         "alerts",
         "claimed",
         "to_claim",
         "to_serve",
         "outcomes",
         "answered",
         "wrong_person_rate",
         "arms",
         "rating_gain",
         "effect",
         "answers_needed",
         "answers_still_needed",
         "by_hour_utc",
         "cameras",
         "by_name",
         "html"}}},
      {"audit", {{{"limit", 2}}, {}, {"audit"}}},
      {"audit_verify", {json::object(), {}, {"ok", "rows"}}},
      {"backup",
       {{{"file", backup},
         {"to_be_fetched", false},
         {"key", "file:" + (folder / "backup.key").string()}},
        {"file"},
        {"backup", "bytes", "verified", "resumed_bytes", "signed_by"}}},
      {"backup_fetched", {{{"file", backup}}, {"file"}, {}, "backup_outdated"}},
      {"restore",
       {{{"file", backup}, {"key", "file:" + backup}, {"erasures", ""}, {"replace", false}},
        {"file"},
        {},
        "backup_missing"}},
      {"key_rotate", {{{"keep_key", true}}, {}, {"rotated", "epoch", "customers", "resumed"}}},
      {"key_slots", {json::object(), {}, {"slots", "rotating"}}},
      {"key_slot_add",
       {{{"key", "file:" + (folder / "second.key").string()}, {"label", "l"}}, {}, {"slot"}}},
      {"key_slot_remove", {{{"slot", 99}}, {"slot"}, {}, "unknown_slot"}},
      {"staff_add",
       {{{"name", "Sam"},
         {"skills", {"shoes"}},
         {"zones", {"east"}},
         {"manager", true},
         {"system", false}},
        {"name"},
        {"name", "token"}}},
      {"staff_revoke", {{{"name", "Sam"}}, {"name"}, {}, "unknown_staff"}},
      {"staff_list", {json::object(), {}, {"staff"}}},
      {"rule_list", {json::object(), {}, {"rules"}}},
      {"rule_test",
       {{{"id", "ID"}, {"at", "2026-11-22T10:30Z"}, {"camera", "entrance"}},
        {"id"},
        {"id", "at", "alert", "rules"}}},
      {"engine_members", {{{"engine", "retail"}}, {"engine"}, {"members"}}},
      {"kept_photos", {{{"id", "ID"}, {"engine", "retail"}}, {"id", "engine"}, {"photos"}}},
      {"reembed",
       {{{"id", "ID"}, {"engine", "retail"}, {"photos", photos}},
        {"id", "engine"},
        {"id", "templates"}}},
      {"status",
       {json::object(),
        {},
        {"running", "engine", "customers", "matchable", "threshold",
         "expected_false_alerts_per_1000", "expected_miss_rate", "cameras", "staff_connected",
         "retention", "last_backup", "key_rotation", "suspended", "raised_thresholds",
         "false_alerts"}}}};
}

class VerbsTest : public ShopTest {
 protected:
  VerbsTest() {
    id_ = enrol("Ada", 1);
    Match match;
    match.customer = CustomerId(id_);
    match.camera = "entrance";
    match.first_seen = match.at = wall_now();
    EXPECT_TRUE(shop_->desk().arrive(match));
    visit_ = answer("visits", json::object())["visits"].at(0)["visit"];
  }

  json filled(json args) const {
    for (auto& [name, value] : args.items()) {
      if (value == "ID") value = id_;
      if (value == "VISIT") value = visit_;
    }
    return args;
  }
  void expect_bad_usage(const std::string& verb, const json& args, const std::string& field) {
    const auto result = run(verb, args);
    ASSERT_FALSE(result) << verb << " took " << args.dump();
    EXPECT_EQ(result.error().code, "bad_usage") << verb << ": " << result.error().message;
    EXPECT_EQ(result.error().fault, Fault::kInput);
    EXPECT_THAT(result.error().message, HasSubstr("'" + field + "'")) << verb;
  }

  std::string id_, visit_;
};

TEST_F(VerbsTest, TheListOfCasesIsTheListOfVerbs) {
  std::vector<std::string> names;
  for (const auto& [name, one] : cases(folder_.path())) names.push_back(name);
  EXPECT_EQ(names, verbs_.names());
}

TEST_F(VerbsTest, AFieldThatIsMissingUnknownOrOfTheWrongTypeIsNamed) {
  for (const auto& [verb, one] : cases(folder_.path())) {
    const json good = filled(one.good);
    for (const std::string& field : one.needed) {
      json args = good;
      args.erase(field);
      expect_bad_usage(verb, args, field);
      args[field] = "";
      expect_bad_usage(verb, args, field);
      args[field] = nullptr;
      expect_bad_usage(verb, args, field);
    }
    for (const auto& [field, value] : good.items()) {
      json args = good;
      args[field] = json::array({json::array({1})});
      expect_bad_usage(verb, args, field);
    }
    json args = good;
    args["frobnicate"] = 1;
    expect_bad_usage(verb, args, "frobnicate");
    EXPECT_EQ(code(verb, json::array()), "bad_usage") << verb;
  }
  // None of them had an effect.
  EXPECT_EQ(answer("list", json::object())["customers"].size(), 1U);
  EXPECT_EQ(answer("show", {{"id", id_}})["name"], "Ada");
}

class EachVerbTest : public VerbsTest, public testing::WithParamInterface<std::string> {};

TEST_P(EachVerbTest, GoodArgumentsGiveTheFieldsOfTheAnswer) {
  const Case one = cases(folder_.path()).at(GetParam());
  const auto result = run(GetParam(), filled(one.good));
  ASSERT_EQ(result ? "" : result.error().code, one.code)
      << (result ? result->dump() : result.error().message);
  if (!result) return;
  std::set<std::string> keys;
  for (const auto& [key, value] : result->items()) keys.insert(key);
  EXPECT_EQ(keys, one.keys);
}

INSTANTIATE_TEST_SUITE_P(All, EachVerbTest, testing::ValuesIn(Verbs().names()),
                         [](const auto& one) { return one.param; });

TEST_F(VerbsTest, AnUnknownVerbIsRefused) {
  EXPECT_EQ(code("dance", json::object()), "bad_usage");
  EXPECT_FALSE(verbs_.find("camera_pause"));  // the daemon has it
}

TEST_F(VerbsTest, AVerbThatIsAddedReplacesTheOneOfItsName) {
  verbs_.add(at_once<NoArgs>("status", [](Shop&, const NoArgs&, const Actor&) {
    return Result<verbs::CheckEnrolmentAnswer>(verbs::CheckEnrolmentAnswer{CustomerId("c1")});
  }));
  EXPECT_EQ(answer("status", json::object()), (json{{"known", "c1"}}));
}

TEST_F(VerbsTest, WhatIsSentTwiceWithOneExternalIdIsNotedOnce) {
  const json args = {{"id", id_}, {"text", "shoes"}, {"external", "e1"}};
  EXPECT_EQ(answer("ask", args), (json{{"id", id_}, {"number", 1}}));
  EXPECT_EQ(answer("ask", args), (json{{"id", id_}, {"number", 1}, {"known", true}}));
  EXPECT_EQ(answer("show", {{"id", id_}})["asks"].size(), 1U);
  EXPECT_EQ(answer("note", {{"customer", id_}, {"kind", "ask"}, {"text", "x"}, {"external", "e1"}})
                .value("known", false),
            true);
}

TEST_F(VerbsTest, UpdateChangesOnlyWhatIsNamed) {
  answer("update", {{"id", id_}, {"loyalty", "L1"}, {"preferences", {{"a", "1"}, {"b", "2"}}}});
  const json shown =
      answer("update", {{"id", id_}, {"preferences", {{"a", "3"}}}, {"drop_preferences", {"b"}}});
  EXPECT_EQ(shown["name"], "Ada");
  EXPECT_EQ(shown["loyalty"], "L1");
  EXPECT_EQ(shown["preferences"], (json{{"a", "3"}}));
  EXPECT_EQ(answer("update", {{"id", id_}, {"loyalty", nullptr}})["loyalty"], "");
}

TEST_F(VerbsTest, AFaceIsIdentifiedAndVerifiedFromItsPhoto) {
  const json found = answer("identify", {{"photos", {photo_of(1)}}});
  EXPECT_EQ(found["match"], true);
  EXPECT_EQ(found["id"], id_);
  EXPECT_EQ(found["name"], "Ada");
  EXPECT_TRUE(found["live"].is_null());
  EXPECT_EQ(answer("verify", {{"id", id_}, {"photos", {photo_of(1)}}})["verified"], true);
  EXPECT_EQ(answer("verify", {{"id", id_}, {"photos", {photo_of(2)}}})["verified"], false);
  json picture = photo_of(1);
  picture["live"] = false;
  EXPECT_EQ(answer("identify", {{"photos", {picture}}}), (json{{"match", false}, {"live", false}}));
  EXPECT_EQ(answer("verify", {{"id", id_}, {"photos", {picture}}}),
            (json{{"verified", false}, {"live", false}}));
}

TEST_F(VerbsTest, WhereLivenessCanBeJudgedAPhotoThatWasNotIsNotCompared) {
  const auto models = file("models");
  std::filesystem::create_directory(models);
  std::ofstream(models / "2.7_80x80_MiniFASNetV2.onnx") << "present";
  settings_.models_dir = models;
  reopen();
  const json unjudged = {{"id", id_}, {"photos", {photo_of(1)}}};
  EXPECT_EQ(code("identify", {{"photos", {photo_of(1)}}}), "liveness_not_judged");
  EXPECT_EQ(code("verify", unjudged), "liveness_not_judged");
  json live = photo_of(1);
  live["live"] = true;
  EXPECT_EQ(answer("identify", {{"photos", {live}}})["match"], true);
  EXPECT_EQ(code("identify", {{"photos", {live, photo_of(1)}}}), "liveness_not_judged");

  settings_.liveness_at_desk = false;
  reopen();
  EXPECT_EQ(answer("verify", unjudged)["verified"], true);
}

TEST_F(VerbsTest, PhotosAreCheckedBeforeTheyAreUsed) {
  EXPECT_EQ(code("identify", json::object()), "no_photo");
  json other = photo_of(1);
  other["engine"] = "dlib";
  EXPECT_EQ(code("identify", {{"photos", {other}}}), "template_mismatch");
  for (const float value : {0.0F, 1e30F}) {  // no direction: of length 0, or infinite
    const std::vector<float> same(256, value);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(same.data());
    json odd = photo_of(1);
    odd["template"] = to_base64({bytes, same.size() * sizeof(float)});
    EXPECT_EQ(code("identify", {{"photos", {odd}}}), "bad_usage") << value;
  }
  json graded = photo_of(1);
  graded["quality"] = "high";
  EXPECT_EQ(code("identify", {{"photos", {graded}}}), "bad_usage");
  json cut = photo_of(1);
  cut["template"] = "AAAA";
  EXPECT_EQ(code("identify", {{"photos", {cut}}}), "bad_usage");
  json many = json::array();
  for (unsigned i = 0; i < 11; ++i) many.push_back(photo_of(i));
  EXPECT_EQ(code("identify", {{"photos", many}}), "too_many_photos");
  EXPECT_EQ(code("enroll", enrolment("Twin", 1)), "face_enrolled");
}

}  // namespace
}  // namespace maitred
