#include "maitred/admin/note_file.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

std::vector<NoteRow> notes(const std::string& text, ImportFormat format = ImportFormat::kCsv) {
  EXPECT_TRUE(is_note_file(text, format));
  auto rows = read_notes(text, format);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? std::move(*rows) : std::vector<NoteRow>{};
}

TEST(NoteFile, WhatIsThereSaysWhatKindOfNoteItIs) {
  const auto rows = notes(
      "Customer,Item,Status,Date,Text,At,With,External_ID\n"
      "loyalty:L-1,TS-43,out_of_stock,2026-11-01,,,,r-1\n"
      "c1,TS-43,,,\"trail shoes, size 43\",,,r-2\n"
      "external:crm-7,,,,,2026-11-22T10:30Z,Kim,\n");
  ASSERT_EQ(rows.size(), 3U);
  for (const NoteRow& row : rows) ASSERT_TRUE(row.args) << row.reason;
  EXPECT_EQ(json_of(*rows[0].args), (nlohmann::json{{"customer", "loyalty:L-1"},
                                                    {"kind", "purchase"},
                                                    {"item", "TS-43"},
                                                    {"status", "out_of_stock"},
                                                    {"date", "2026-11-01T00:00:00.000Z"},
                                                    {"external", "r-1"},
                                                    {"text", ""},
                                                    {"with", ""},
                                                    {"at", nullptr}}));
  EXPECT_EQ(rows[1].args->kind, "ask");
  EXPECT_EQ(rows[1].args->text, "trail shoes, size 43");
  EXPECT_EQ(rows[2].args->kind, "appointment");
  EXPECT_EQ(rows[2].line, 4U);
}

TEST(NoteFile, ARowWithoutAnIdIsKnownByWhatIsInIt) {
  const char* head = "customer,item,status,date\n";
  const auto first = notes(std::string(head) + "c1,TS-43,bought,2026-11-01\n");
  const auto again = notes(std::string(head) + " c1 , TS-43,bought,2026-11-01\n");
  const auto other = notes(std::string(head) + "c1,TS-43,bought,2026-11-02\n");
  ASSERT_TRUE(first[0].args && again[0].args && other[0].args);
  EXPECT_EQ(first[0].args->external, again[0].args->external);
  EXPECT_NE(first[0].args->external, other[0].args->external);
}

TEST(NoteFile, ABadRowSaysWhyAndCostsNoOther) {
  const auto rows = notes(
      "{\"customer\":\"c1\",\"item\":4711,\"status\":\"bought\"}\n"
      "{\"customer\":\"c1\",\"kind\":\"gift\"}\n"
      "{\"customer\":\"c1\",\"status\":\"bought\",\"with\":\"Kim\"}\n"
      "{\"item\":\"x\",\"status\":\"bought\"}\n"
      "{\"customer\":\"c1\",\"price\":3}\n"
      "{\"customer\":\"c1\",\"status\":\"bought\",\"external-id\":\"row:1\"}\n"
      "[]\n",
      ImportFormat::kJsonLines);
  ASSERT_EQ(rows.size(), 7U);
  EXPECT_EQ(rows[0].args->item, "4711");
  const char* reasons[] = {"gift", "with", "customer", "price", "row:", "object"};
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_FALSE(rows[i].args);
    EXPECT_NE(rows[i].reason.find(reasons[i - 1]), std::string::npos) << rows[i].reason;
  }
}

TEST(NoteFile, CustomersToEnrolAreNoNotes) {
  EXPECT_FALSE(is_note_file("name,photo,consent-version,consent-ref\n", ImportFormat::kCsv));
  EXPECT_FALSE(is_note_file("", ImportFormat::kCsv));
  EXPECT_FALSE(is_note_file("{\"name\":\"Ada Example\"}\n", ImportFormat::kJsonLines));
  EXPECT_FALSE(read_notes("customer,price\n", ImportFormat::kCsv));
  EXPECT_FALSE(read_notes("customer,item\n", ImportFormat::kCsv));
}

}  // namespace
}  // namespace maitred
