#include "maitred/doors/outbound/cloud_event.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>

#include "maitred/base/file.h"

namespace maitred {

std::string cloud_event_text(const ShopEvent& event) {
  nlohmann::ordered_json data = nlohmann::ordered_json::object();
  for (const auto& [key, value] : event.data) data[key] = value;
  if (event.seq > 0) data["seq"] = event.seq;
  const nlohmann::ordered_json object = {{"specversion", "1.0"},
                                         {"id", event.id},
                                         {"source", event.source},
                                         {"type", event.type},
                                         {"subject", event.subject},
                                         {"time", format_time(event.at)},
                                         {"datacontenttype", "application/json"},
                                         {"data", std::move(data)}};
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string event_signature(std::string_view secret, WallTime now, std::string_view body) {
  const std::string time = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> code{};
  crypto_auth_hmacsha256_state state;
  const auto add = [&state](std::string_view text) {
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(text.data()),
                                  text.size());
  };
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()),
                              secret.size());
  add(time);
  add(".");
  add(body);
  crypto_auth_hmacsha256_final(&state, code.data());
  return fmt::format("t={},v1={}", time, to_hex(code));
}

}  // namespace maitred
