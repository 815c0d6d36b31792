#include "maitred/base/net/host_port.h"

#include <fmt/format.h>

#include <charconv>

#include "maitred/base/json.h"

namespace maitred {

Result<HostPort> split_host_port(std::string_view text) {
  const auto bad = [&] {
    return input_error("bad_address",
                       fmt::format("\"{}\" is not an address; write it as 127.0.0.1:7433 or "
                                   "[::1]:7433",
                                   shown_text(text)));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_plain_line(text)) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();
  }
  HostPort out;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (host.empty() || digits.empty() || error != std::errc{} ||
      end != digits.data() + digits.size()) {
    return bad();
  }
  out.host = std::string(host);
  return out;
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

}  // namespace maitred
