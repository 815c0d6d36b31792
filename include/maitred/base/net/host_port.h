// Addresses as users write them: "127.0.0.1:7433", "[::1]:7433", "till.example:7433". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

// Error: bad_address (kInput).
Result<HostPort> split_host_port(std::string_view text);

// True if only this machine can reach `address` (in numbers, without a port).
bool is_loopback(std::string_view address);

}  // namespace maitred
