// HTML pages that maitred writes to files: reports, evaluations, papers, receipts, exports. One
// style for all; no script, font or picture from elsewhere. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maitred {

// The text for the contents and attributes of HTML.
std::string escaped_html(std::string_view text);

// "12.34 %" for 0.1234.
std::string percent_text(double fraction);
// "12.34 % (10.00 % to 15.00 %)"
std::string percent_text(double fraction, double low, double high);

// A table. All texts are escaped.
class HtmlTable {
 public:
  enum class Kind {
    kPlain,
    kFields,  // two columns: names and their values
  };
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit HtmlTable(Kind kind) : kind_(kind) {}
  // A table with a head. A cell is aligned as its column.
  explicit HtmlTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  HtmlTable& caption(std::string text);
  // Requires as many cells as there are columns, if there are columns.
  HtmlTable& row(const std::vector<std::string>& cells);
  std::string html() const;

 private:
  Kind kind_ = Kind::kPlain;
  std::vector<Column> columns_;
  std::string caption_;
  std::string rows_;
};

// A page, from its title to its end. All texts are escaped, except in `markup`.
class HtmlPage {
 public:
  // A figure that stands out, and what it counts.
  using Figure = std::pair<std::string, std::string>;

  explicit HtmlPage(std::string_view title);

  HtmlPage& heading(std::string_view text);
  HtmlPage& paragraph(std::string_view text);
  HtmlPage& remark(std::string_view text);    // in a quiet colour
  HtmlPage& verbatim(std::string_view text);  // keeps line breaks
  HtmlPage& list(const std::vector<std::string>& points);
  HtmlPage& figures(const std::vector<Figure>& figures);
  HtmlPage& table(const HtmlTable& table);
  // HTML or SVG as it is. SVG may use the classes bar, line, grid and mark.
  HtmlPage& markup(std::string_view html);

  std::string html() const { return body_ + "</body></html>\n"; }

 private:
  HtmlPage& element(std::string_view open, std::string_view text, std::string_view close);

  std::string body_;
};

}  // namespace maitred
