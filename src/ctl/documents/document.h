// A short document that is written as text for a terminal or as a web page to print. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maitred {

class HtmlPage;

class Document {
 public:
  explicit Document(std::string title) : title_(std::move(title)) {}

  Document& section(std::string heading);
  Document& paragraph(std::string text);
  Document& point(std::string text);
  // A name and its value. An empty value becomes a line to fill in by hand.
  Document& field(std::string name, std::string value);
  // Somebody's own words. Line breaks are kept.
  Document& verbatim(std::string text);

  std::string text() const;
  std::string html() const;

 private:
  enum class Kind { kSection, kParagraph, kPoint, kField, kVerbatim };
  struct Part {
    Kind kind;
    std::string text;
    std::string value;
  };
  static void add_parts(HtmlPage& page, std::span<const Part> parts);

  std::string title_;
  std::vector<Part> parts_;
};

}  // namespace maitred
