// What the process that decodes photos writes: read as a report with every field in its range, or
// refused by an error that can be shown.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "maitred/base/json.h"
#include "maitred/link/photo_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto report = maitred::read_photo_line(line);
  if (!report) {
    if (!maitred::is_plain_line(report.error().code)) std::abort();
    if (maitred::shown_text(report.error().message) != report.error().message) std::abort();
    return 0;
  }
  const auto& live = report->at("live");
  if (!live.is_null() && !live.is_boolean()) std::abort();
  const double overall = report->at("quality").at("overall").get<double>();
  if (!(overall >= 0.0 && overall <= 1.0)) std::abort();
  if (!maitred::read_photo_line(maitred::json_text(*report))) std::abort();
  return 0;
}
