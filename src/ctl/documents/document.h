// A short document, as text for a terminal or as a web page to print. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maitred {

class Document {
 public:
  explicit Document(std::string title) : title_(std::move(title)) {}

  Document& section(std::string heading);
  Document& paragraph(std::string text);
  Document& point(std::string text);
  // A name and its value; an empty value is a line to be filled in by hand.
  Document& field(std::string name, std::string value);
  // Somebody's own words: kept as they are, line by line.
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
  std::string title_;
  std::vector<Part> parts_;
};

}  // namespace maitred
