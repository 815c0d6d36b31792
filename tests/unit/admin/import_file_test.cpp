#include "maitred/admin/import_file.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

constexpr const char* kHead = "name,photo,consent-version,consent-ref,scope,preference,loyalty\n";

std::vector<ImportRow> csv(const std::string& text) {
  auto rows = read_import(text, ImportFormat::kCsv);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? std::move(*rows) : std::vector<ImportRow>{};
}

std::vector<ImportRow> lines(const std::string& text) {
  auto rows = read_import(text, ImportFormat::kJsonLines);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? std::move(*rows) : std::vector<ImportRow>{};
}

TEST(ImportFile, ACsvRowBecomesAnEnrolment) {
  const auto rows =
      csv(std::string(kHead) +
          "Ada Example,a.jpg; b.jpg,v1,form 17,history;photos,shoe=43; likes = tea,L1\n");
  ASSERT_EQ(rows.size(), 1U);
  ASSERT_TRUE(rows[0].entry) << rows[0].reason;
  const ImportEntry& entry = *rows[0].entry;
  EXPECT_EQ(rows[0].row, 1U);
  EXPECT_EQ(rows[0].line, 2U);
  EXPECT_EQ(entry.photos, (std::vector<std::string>{"a.jpg", "b.jpg"}));
  EXPECT_EQ(entry.args.name, "Ada Example");
  EXPECT_EQ(entry.args.consent.version, "v1");
  EXPECT_EQ(entry.args.consent.reference, "form 17");
  EXPECT_EQ(entry.args.consent.scopes, (std::set{Scope::kHistory, Scope::kPhotos}));
  EXPECT_EQ(entry.args.preferences,
            (std::map<std::string, std::string>{{"likes", "tea"}, {"shoe", "43"}}));
  EXPECT_EQ(entry.args.loyalty, "L1");
}

TEST(ImportFile, AJsonLineIsTheSame) {
  const auto rows = lines(
      R"({"name":"Ada Example","photo":["a.jpg","b.jpg"],"consent-version":"v1",)"
      R"("consent-ref":"form 17","scope":"history","preference":{"shoe":"43"},"loyalty":17,)"
      R"("external-id":"crm-1","allow-duplicate":true})"
      "\n\n"
      R"({"name":"B","photo":"b.jpg","consent-version":"v1","consent-ref":"f","preference":"a=b;c=d"})");
  ASSERT_EQ(rows.size(), 2U);
  ASSERT_TRUE(rows[0].entry) << rows[0].reason;
  EXPECT_EQ(rows[0].entry->photos.size(), 2U);
  EXPECT_EQ(rows[0].entry->args.loyalty, "17");
  EXPECT_EQ(rows[0].entry->args.external, "crm-1");
  EXPECT_TRUE(rows[0].entry->args.allow_duplicate);
  EXPECT_EQ(rows[1].line, 3U);
  EXPECT_EQ(rows[1].entry->args.preferences.at("c"), "d");
}

TEST(ImportFile, ARowIsKnownAgainByWhatIsInIt) {
  const std::string row = "Ada,a.jpg,v1,f,,,L1\n";
  const auto first = csv(kHead + row);
  const auto again = csv(kHead + std::string("Bea,b.jpg,v1,f,,,L2\n") + row);
  const auto changed = csv(kHead + std::string("Ada,a.jpg,v1,f,,,L3\n"));
  const auto key = [](const ImportRow& one) { return one.entry->args.external; };
  EXPECT_EQ(key(first[0]), key(again[1]));
  EXPECT_NE(key(first[0]), key(again[0]));
  EXPECT_NE(key(first[0]), key(changed[0]));
}

// Customers of earlier imports stand in stores under these keys.
TEST(ImportFile, TheKeyOfARowStaysTheSameOverVersions) {
  const auto rows = csv(std::string(kHead) + "Ada,a.jpg,v1,f,\"photos,history\",shoe=43,L1\n");
  ASSERT_TRUE(rows.at(0).entry) << rows[0].reason;
  EXPECT_EQ(rows[0].entry->args.external, "row:e17a986dfa8746ac12ccff869a52c6eb");
}

TEST(ImportFile, ABadTimeOrScopeIsRefusedInItsRowOnOneLine) {
  const auto rows = lines(
      R"({"name":"A","photo":"a","consent-version":"v","consent-ref":"f","expires":"soon\n"})"
      "\n"
      R"({"name":"A","photo":"a","consent-version":"v","consent-ref":"f","scope":"all\nof it"})");
  ASSERT_EQ(rows.size(), 2U);
  for (const ImportRow& row : rows) {
    EXPECT_FALSE(row.entry);
    EXPECT_EQ(row.reason.find('\n'), std::string::npos) << row.reason;
  }
  EXPECT_NE(rows[1].reason.find("is not a scope"), std::string::npos) << rows[1].reason;
}

TEST(ImportFile, ABadRowSaysWhyAndDoesNotAffectOtherRows) {
  const auto rows = csv(std::string(kHead) +
                        "A,a.jpg,v1,f,,,\n"
                        "B,,v1,f,,,\n"
                        "C,c.jpg,v1,f,,shoe,\n"
                        "D,d.jpg,v1\n"
                        "E \"x\",e.jpg,v1,f,,,\n"
                        "F,f.jpg,v1,f,,,\n");
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_TRUE(rows[0].entry);
  EXPECT_EQ(rows[1].reason, "it has no photo");
  EXPECT_EQ(rows[2].reason, "the preference 'shoe' is not of the form KEY=VALUE");
  EXPECT_EQ(rows[3].reason, "it has 3 fields, the head has 7 columns");
  EXPECT_FALSE(rows[4].entry);
  EXPECT_TRUE(rows[5].entry);
  EXPECT_EQ(rows[5].row, 6U);

  const auto objects = lines("{\"name\":\"A\"\n[1]\n{\"nom\":\"A\"}\n{\"name\":{}}\n");
  ASSERT_EQ(objects.size(), 4U);
  for (const ImportRow& one : objects) {
    EXPECT_FALSE(one.entry);
    EXPECT_FALSE(one.reason.empty());
  }
  EXPECT_NE(objects[2].reason.find("'nom'"), std::string::npos);
}

TEST(ImportFile, TheHeadMustBeKnown) {
  const auto code = [](const std::string& text) {
    const auto rows = read_import(text, ImportFormat::kCsv);
    return rows ? std::string("ok") : rows.error().message;
  };
  EXPECT_NE(code("name,foto\nA,b\n").find("'foto'"), std::string::npos);
  EXPECT_NE(code("name,photo,consent-version\n").find("'consent-ref' is missing"),
            std::string::npos);
  EXPECT_NE(code("name,name\n").find("twice"), std::string::npos);
  EXPECT_NE(code(std::string("\xff\xfen\0", 4)).find("UTF-16"), std::string::npos);
  EXPECT_NE(code("").find("empty"), std::string::npos);
  EXPECT_EQ(code("Name,Photo,Consent_Version,Consent_Ref\nA,a.jpg,v1,f\n"), "ok");
  EXPECT_EQ(read_import(kHead, ImportFormat::kCsv).error().fault, Fault::kNo);
}

TEST(ImportFile, TheFormatIsInTheName) {
  EXPECT_EQ(*import_format_of("x/CUSTOMERS.CSV"), ImportFormat::kCsv);
  EXPECT_EQ(*import_format_of("a.jsonl"), ImportFormat::kJsonLines);
  EXPECT_EQ(import_format_of("a.xlsx").error().code, "bad_usage");
}

}  // namespace
}  // namespace maitred
