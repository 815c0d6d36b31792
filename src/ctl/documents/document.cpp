#include "document.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/html.h"
#include "maitred/base/json.h"

namespace maitred {
namespace {

constexpr std::size_t kLineWidth = 88;
constexpr const char* kFillIn = "........................";

// Breaks lines at blanks. The first line begins with `first`, the others with `rest`.
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
  HtmlPage page(title_);
  for (auto part = parts_.begin(); part != parts_.end();) {
    const auto next = std::find_if(part, parts_.end(),
                                   [part](const Part& one) { return one.kind != part->kind; });
    add_parts(page, {part, next});
    part = next;
  }
  return page.html();
}

// Requires parts of one kind.
void Document::add_parts(HtmlPage& page, std::span<const Part> parts) {
  std::vector<std::string> points;
  HtmlTable fields(HtmlTable::Kind::kFields);
  for (const Part& part : parts) {
    switch (part.kind) {
      case Kind::kSection:
        page.heading(part.text);
        break;
      case Kind::kParagraph:
        page.paragraph(part.text);
        break;
      case Kind::kPoint:
        points.push_back(part.text);
        break;
      case Kind::kField:
        fields.row({part.text, part.value.empty() ? kFillIn : part.value});
        break;
      case Kind::kVerbatim:
        page.verbatim(part.text);
        break;
    }
  }
  if (!points.empty()) page.list(points);
  if (parts.front().kind == Kind::kField) page.table(fields);
}

}  // namespace maitred
