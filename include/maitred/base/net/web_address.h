// The address of something that speaks HTTP, as users write it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "maitred/base/result.h"

namespace maitred {

// "http://127.0.0.1:8080/hook", "https://crm.example/hook"
struct WebAddress {
  bool secure = false;
  std::string host;
  std::string port;
  std::string target;  // "/hook?x=1"
};
// Error: bad_url (kInput).
Result<WebAddress> parse_web_address(std::string_view url);

}  // namespace maitred
