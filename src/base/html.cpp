#include "maitred/base/html.h"

#include <fmt/format.h>

#include "maitred/base/check.h"

namespace maitred {
namespace {

constexpr const char* kStyle = R"css(
:root{color-scheme:light dark;--ink:#1b1d20;--quiet:#55595f;--line:#d9d6cd;--mark:#0b5c4a;--ground:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#f1f1ee;--quiet:#b3b7bd;--line:#363a40;--mark:#7fd8bd;--ground:#15171a}}
@media print{:root{color-scheme:light;--ink:#000;--quiet:#444;--line:#ccc;--mark:#0b5c4a;--ground:#fff}}
body{font:16px/1.5 system-ui,"DejaVu Sans",sans-serif;color:var(--ink);background:var(--ground);max-width:56rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.5rem 0}
.quiet,caption,th{color:var(--quiet);font-weight:400}caption{text-align:left}
table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.fields td:first-child{width:14rem;color:var(--quiet)}
pre{white-space:pre-wrap;font:inherit;border-left:3px solid var(--line);padding-left:1rem}
.figures{display:flex;flex-wrap:wrap;gap:1.5rem;margin:1rem 0}.figures div{min-width:7rem}.figures b{display:block;font-size:1.7rem;line-height:1.2}
svg{width:100%;height:auto;display:block}svg text{fill:var(--quiet);font-size:11px}svg .bar{fill:var(--mark)}
svg .grid{stroke:var(--line)}svg .line{fill:none;stroke:var(--mark);stroke-width:2}svg .mark{stroke:var(--mark);fill:var(--mark)}
)css";

}  // namespace

std::string escaped_html(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

std::string percent_text(double fraction) { return fmt::format("{:.2f} %", fraction * 100.0); }

std::string percent_text(double fraction, double low, double high) {
  return fmt::format("{} ({} to {})", percent_text(fraction), percent_text(low),
                     percent_text(high));
}

HtmlTable& HtmlTable::caption(std::string text) {
  caption_ = std::move(text);
  return *this;
}

HtmlTable& HtmlTable::row(const std::vector<std::string>& cells) {
  MAITRED_CHECK(columns_.empty() || cells.size() == columns_.size());
  rows_ += "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool right = i < columns_.size() && columns_[i].align == Align::kRight;
    rows_ += fmt::format("<td{}>{}</td>", right ? " class=\"n\"" : "", escaped_html(cells[i]));
  }
  rows_ += "</tr>\n";
  return *this;
}

std::string HtmlTable::html() const {
  std::string out = kind_ == Kind::kFields ? "<table class=\"fields\">" : "<table>";
  if (!caption_.empty()) out += fmt::format("<caption>{}</caption>", escaped_html(caption_));
  if (!columns_.empty()) out += "\n<tr>";
  for (const Column& column : columns_) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>",
                       column.align == Align::kRight ? " class=\"n\"" : "",
                       escaped_html(column.title));
  }
  if (!columns_.empty()) out += "</tr>";
  return out + "\n" + rows_ + "</table>\n";
}

HtmlPage::HtmlPage(std::string_view title)
    : body_(fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                        "<meta name=\"viewport\" content=\"width=device-width\">"
                        "<title>{0}</title>\n<style>{1}</style></head>\n<body>\n<h1>{0}</h1>\n",
                        escaped_html(title), kStyle)) {}

HtmlPage& HtmlPage::element(std::string_view open, std::string_view text, std::string_view close) {
  body_ += fmt::format("<{}>{}</{}>\n", open, escaped_html(text), close);
  return *this;
}

HtmlPage& HtmlPage::heading(std::string_view text) { return element("h2", text, "h2"); }
HtmlPage& HtmlPage::paragraph(std::string_view text) { return element("p", text, "p"); }
HtmlPage& HtmlPage::remark(std::string_view text) {
  return element("p class=\"quiet\"", text, "p");
}
HtmlPage& HtmlPage::verbatim(std::string_view text) { return element("pre", text, "pre"); }

HtmlPage& HtmlPage::list(const std::vector<std::string>& points) {
  body_ += "<ul>\n";
  for (const std::string& point : points) element("li", point, "li");
  body_ += "</ul>\n";
  return *this;
}

HtmlPage& HtmlPage::figures(const std::vector<Figure>& figures) {
  body_ += "<div class=\"figures\">";
  for (const auto& [figure, what] : figures) {
    body_ += fmt::format("<div><b>{}</b>{}</div>", escaped_html(figure), escaped_html(what));
  }
  body_ += "</div>\n";
  return *this;
}

HtmlPage& HtmlPage::table(const HtmlTable& table) { return markup(table.html()); }

HtmlPage& HtmlPage::markup(std::string_view html) {
  body_ += html;
  return *this;
}

}  // namespace maitred
