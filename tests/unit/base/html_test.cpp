#include "maitred/base/html.h"

#include <gmock/gmock.h>

namespace maitred {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Html, TextIsEscaped) {
  EXPECT_EQ(escaped_html("<a href=\"x\">&'</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;'&lt;/a&gt;");
  EXPECT_EQ(escaped_html(""), "");
}

TEST(Html, EveryPartOfAPageEscapesItsText) {
  const std::string evil = "<script>";
  HtmlTable table({{evil}, {evil, HtmlTable::Align::kRight}});
  table.caption(evil).row({evil, evil});
  const std::string page = HtmlPage(evil)
                               .heading(evil)
                               .paragraph(evil)
                               .remark(evil)
                               .verbatim(evil)
                               .list({evil})
                               .figures({{evil, evil}})
                               .table(table)
                               .html();
  EXPECT_THAT(page, Not(HasSubstr(evil)));
  std::size_t found = 0;
  for (auto at = page.find("&lt;script&gt;"); at != std::string::npos;
       at = page.find("&lt;script&gt;", at + 1)) {
    ++found;
  }
  EXPECT_EQ(found, 14U);  // the title stands twice
}

TEST(Html, APageStandsAlone) {
  const std::string page = HtmlPage("Title").markup("<svg></svg>").html();
  EXPECT_THAT(page, StartsWith("<!doctype html>\n<html lang=\"en\">"));
  EXPECT_THAT(page, HasSubstr("<title>Title</title>"));
  EXPECT_THAT(page, HasSubstr("<h1>Title</h1>"));
  EXPECT_THAT(page, HasSubstr("<svg></svg>"));
  EXPECT_TRUE(page.ends_with("</body></html>\n"));
  for (const char* outside : {"http", "src=", "@import", "url(", "<script"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(Html, NumbersAreAlignedWithTheirHead) {
  HtmlTable table({{"Camera"}, {"Visits", HtmlTable::Align::kRight}});
  table.row({"door", "7"});
  EXPECT_EQ(
      table.html(),
      "<table>\n<tr><th scope=\"col\">Camera</th><th scope=\"col\" class=\"n\">Visits</th></tr>\n"
      "<tr><td>door</td><td class=\"n\">7</td></tr>\n</table>\n");
  HtmlTable fields(HtmlTable::Kind::kFields);
  fields.row({"Name", "Ada"});
  EXPECT_EQ(fields.html(),
            "<table class=\"fields\">\n<tr><td>Name</td><td>Ada</td></tr>\n</table>\n");
}

TEST(Html, Percents) {
  EXPECT_EQ(percent_text(0.12345), "12.35 %");
  EXPECT_EQ(percent_text(0.5, 0.25, 1.0), "50.00 % (25.00 % to 100.00 %)");
}

}  // namespace
}  // namespace maitred
