#include "document.h"

#include <fmt/format.h>

#include "maitred/base/json.h"
#include "maitred/base/text.h"

namespace maitred {
namespace {

constexpr std::size_t kLineWidth = 88;
constexpr const char* kFillIn = "........................";

// Breaks at blanks; later lines are indented.
std::string wrapped(const std::string& text, const std::string& first, const std::string& rest) {
  std::string out;
  std::string line = first;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find(' ', begin);
    if (end == std::string::npos) end = text.size();
    const std::string word = text.substr(begin, end - begin);
    if (line.size() + word.size() > kLineWidth && line != first && line != rest) {
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line = rest;
    }
    line += word + " ";
    begin = end + 1;
  }
  return out + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

Document& Document::section(std::string heading) {
  parts_.push_back({Kind::kSection, std::move(heading), {}});
  return *this;
}
Document& Document::paragraph(std::string text) {
  parts_.push_back({Kind::kParagraph, std::move(text), {}});
  return *this;
}
Document& Document::point(std::string text) {
  parts_.push_back({Kind::kPoint, std::move(text), {}});
  return *this;
}
Document& Document::field(std::string name, std::string value) {
  parts_.push_back({Kind::kField, std::move(name), std::move(value)});
  return *this;
}
Document& Document::verbatim(std::string text) {
  parts_.push_back({Kind::kVerbatim, std::move(text), {}});
  return *this;
}

std::string Document::text() const {
  std::string out = title_ + "\n" + std::string(title_.size(), '=') + "\n";
  Kind before = Kind::kParagraph;
  for (const Part& part : parts_) {
    const bool list = part.kind == Kind::kPoint || part.kind == Kind::kField;
    if (!list || before != part.kind) out += "\n";
    before = part.kind;
    switch (part.kind) {
      case Kind::kSection:
        out += part.text + "\n" + std::string(part.text.size(), '-') + "\n";
        break;
      case Kind::kParagraph:
        out += wrapped(part.text, "", "");
        break;
      case Kind::kPoint:
        out += wrapped(part.text, "- ", "  ");
        break;
      case Kind::kField:
        out += wrapped(part.value.empty() ? kFillIn : part.value, fmt::format("{:<28}", part.text),
                       std::string(28, ' '));
        break;
      case Kind::kVerbatim:
        out += part.text + "\n";
        break;
    }
  }
  return shown_text(out);
}

std::string Document::html() const {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\n"
      "<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 "
      "1em}}h1{{font-size:1.6em}}h2{{font-size:1.15em;margin-top:1.6em}}table{{border-collapse:"
      "collapse;width:100%}}td{{border-bottom:1px solid #ccc;padding:.3em .6em .3em 0;"
      "vertical-align:top}}td:first-child{{width:14em;color:#444}}pre{{white-space:pre-wrap;"
      "font:inherit;border-left:3px solid #ccc;padding-left:1em}}</style></head>\n"
      "<body>\n<h1>{0}</h1>\n",
      escaped_html(title_));
  Kind open = Kind::kSection;
  const auto close = [&] {
    if (open == Kind::kPoint) out += "</ul>\n";
    if (open == Kind::kField) out += "</table>\n";
    open = Kind::kSection;
  };
  for (const Part& part : parts_) {
    const bool list = part.kind == Kind::kPoint || part.kind == Kind::kField;
    if (!list || open != part.kind) close();
    if (list && open != part.kind) out += part.kind == Kind::kPoint ? "<ul>\n" : "<table>\n";
    if (list) open = part.kind;
    const std::string text = escaped_html(part.text);
    switch (part.kind) {
      case Kind::kSection:
        out += fmt::format("<h2>{}</h2>\n", text);
        break;
      case Kind::kParagraph:
        out += fmt::format("<p>{}</p>\n", text);
        break;
      case Kind::kPoint:
        out += fmt::format("<li>{}</li>\n", text);
        break;
      case Kind::kField:
        out += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", text,
                           part.value.empty() ? kFillIn : escaped_html(part.value));
        break;
      case Kind::kVerbatim:
        out += fmt::format("<pre>{}</pre>\n", text);
        break;
    }
  }
  close();
  return out + "</body></html>\n";
}

}  // namespace maitred
