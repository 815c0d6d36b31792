// "127.0.0.1:7433", "[::1]:7433", "till.example:7433". Internal to wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred::wire {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

// Error: bad_address (kInput).
Result<HostPort> split_host_port(std::string_view text);

}  // namespace maitred::wire
