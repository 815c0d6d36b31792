// Prometheus' text format, version 0.0.4. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace maitred {

// Builds one exposition: each family once, its samples after it. Thread-compatible.
class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // `type` is "counter", "gauge" or "histogram"; `help` is one line.
  void family(std::string_view name, std::string_view type, std::string_view help);
  // A sample of the family begun last; `suffix` is "" but for histograms.
  void sample(double value, Labels labels = {}, std::string_view suffix = {});

  const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
};

}  // namespace maitred
