#include "maitred/base/csv.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(std::string_view text) {
  CsvReader reader(text);
  Rows rows;
  while (const auto row = reader.next()) {
    EXPECT_FALSE(row->fault) << *row->fault;
    rows.push_back(row->fields);
  }
  return rows;
}

std::vector<std::string> faults_of(std::string_view text, CsvLimits limits = {}) {
  CsvReader reader(text, limits);
  std::vector<std::string> faults;
  while (const auto row = reader.next()) faults.push_back(row->fault.value_or(""));
  return faults;
}

TEST(Csv, ReadsWhatRfc4180Allows) {
  EXPECT_EQ(rows_of("a,b\nc,d\n"), (Rows{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(rows_of("a,b\r\nc,d"), (Rows{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(rows_of("a,,\n,,\n"), (Rows{{"a", "", ""}, {"", "", ""}}));
  EXPECT_EQ(rows_of("\"x, y\",\"say \"\"so\"\"\",\"\"\n"), (Rows{{"x, y", "say \"so\"", ""}}));
  EXPECT_EQ(rows_of("\"two\r\nlines\",b\r\n"), (Rows{{"two\r\nlines", "b"}}));
  EXPECT_EQ(rows_of("\xef\xbb\xbfname\n\n\r\nx\n"), (Rows{{"name"}, {"x"}}));
  EXPECT_EQ(rows_of(""), Rows{});
  EXPECT_EQ(rows_of("\n\n"), Rows{});
}

TEST(Csv, TakesTheSeparatorOfTheFirstLine) {
  EXPECT_EQ(rows_of("a;b\n1,5;2\n"), (Rows{{"a", "b"}, {"1,5", "2"}}));
  EXPECT_EQ(rows_of("a\tb\nx;y\tz\n"), (Rows{{"a", "b"}, {"x;y", "z"}}));
  EXPECT_EQ(rows_of("a,b;c\n1,2;3\n"), (Rows{{"a", "b;c"}, {"1", "2;3"}}));
}

TEST(Csv, CountsLinesThroughQuotes) {
  CsvReader reader("a,b\n\"1\n2\n3\",x\nc,d\n");
  EXPECT_EQ(reader.next()->line, 1U);
  EXPECT_EQ(reader.next()->line, 2U);
  EXPECT_EQ(reader.next()->line, 5U);
  EXPECT_FALSE(reader.next());
}

TEST(Csv, AFaultCostsItsOwnRowOnly) {
  EXPECT_EQ(faults_of("a,b\nx\"y,z\nc,d\n").at(1).substr(0, 31), "a field without quotes contains");
  EXPECT_EQ(faults_of("a,b\n\"x\"y,z\nc,d\n"),
            (std::vector<std::string>{"", "text follows the closing quote of a field", ""}));
  EXPECT_EQ(faults_of("a,b\n\"x,z\nc,d\n"),
            (std::vector<std::string>{"", "its quote is never closed"}));
  EXPECT_EQ(faults_of("a\n\xff\xfe\nb\n"), (std::vector<std::string>{"", "it is not UTF-8", ""}));
}

TEST(Csv, HasLimits) {
  const CsvLimits limits{.fields = 3, .field_bytes = 5};
  EXPECT_EQ(faults_of("1,2,3\n1,2,3,4\n12345,2,3\n123456,2\n\"1234567\",2\n", limits),
            (std::vector<std::string>{"", "it has too many fields", "", "a field is too long",
                                      "a field is too long"}));
}

}  // namespace
}  // namespace maitred
