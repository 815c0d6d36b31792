#include "src/ctl/documents/document.h"

#include <gmock/gmock.h>

#include <sstream>

namespace maitred {
namespace {

using testing::HasSubstr;
using testing::Not;

Document sample() {
  Document document("Receipt <1>");
  document.field("Name", "Ada")
      .field("Signature", "")
      .section("Terms")
      .paragraph("One thought.")
      .point("first")
      .point("second")
      .field("Ends", "never")
      .verbatim("I agree.\nTo <b>this</b>.");
  return document;
}

TEST(Document, TheTextHasItsPartsInOrder) {
  EXPECT_EQ(sample().text(),
            "Receipt <1>\n===========\n\n"
            "Name                        Ada\n"
            "Signature                   ........................\n\n"
            "Terms\n-----\n\n"
            "One thought.\n\n"
            "- first\n- second\n\n"
            "Ends                        never\n\n"
            "I agree.\nTo <b>this</b>.\n");
}

TEST(Document, LongLinesAreBroken) {
  std::string words;
  for (int i = 0; i < 40; ++i) words += "word ";
  Document document("T");
  document.point(words + std::string(100, 'x'));
  std::istringstream lines(document.text());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    if (line.find("xxx") == std::string::npos) {
      EXPECT_LE(line.size(), 88U) << line;
    }
  }
  EXPECT_EQ(count, 7);  // title, rule, blank, three lines of words, the long word
}

TEST(Document, ControlCharactersDoNotReachTheTerminal) {
  Document document("T");
  document.paragraph("a\x1b[2Jb");
  EXPECT_THAT(document.text(), HasSubstr("a?[2Jb"));
}

TEST(Document, ThePageHasOneTableOrListForEachRun) {
  const std::string page = sample().html();
  EXPECT_THAT(page, HasSubstr("<h1>Receipt &lt;1&gt;</h1>\n"
                              "<table class=\"fields\">\n"
                              "<tr><td>Name</td><td>Ada</td></tr>\n"
                              "<tr><td>Signature</td><td>........................</td></tr>\n"
                              "</table>\n"
                              "<h2>Terms</h2>\n"
                              "<p>One thought.</p>\n"
                              "<ul>\n<li>first</li>\n<li>second</li>\n</ul>\n"
                              "<table class=\"fields\">\n"
                              "<tr><td>Ends</td><td>never</td></tr>\n"
                              "</table>\n"
                              "<pre>I agree.\nTo &lt;b&gt;this&lt;/b&gt;.</pre>\n"
                              "</body></html>\n"));
  EXPECT_THAT(Document("Empty").html(), Not(HasSubstr("<table")));
}

}  // namespace
}  // namespace maitred
