// A staff client's line: parsed or refused, and what is parsed survives being written again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "maitred/doors/staff/staff_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto request = maitred::parse_request(line)) {
    const auto again = maitred::parse_request(maitred::request_line(*request));
    if (!again || again->index() != request->index()) std::abort();
  }
  const auto answer = maitred::parse_server_line(line);
  if (answer && std::holds_alternative<maitred::StaffAlert>(*answer)) {
    const auto& alert = std::get<maitred::StaffAlert>(*answer).alert;
    if (maitred::alert_line(alert).size() > maitred::kStaffLineLimitBytes) std::abort();
    (void)maitred::update_line(alert);
  }
  return 0;
}
