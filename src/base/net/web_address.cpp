#include "maitred/base/net/web_address.h"

#include <algorithm>

namespace maitred {

Result<WebAddress> parse_web_address(std::string_view url) {
  const auto bad = [&] {
    return input_error("bad_url",
                       "an address is written as https://host.example/path, with a port "
                       "where it is not the usual one");
  };
  WebAddress address;
  address.secure = url.starts_with("https://");
  if (!address.secure && !url.starts_with("http://")) return bad();
  url.remove_prefix(address.secure ? 8 : 7);
  const std::size_t slash = std::min(url.find_first_of("/?"), url.size());
  std::string_view place = url.substr(0, slash);
  address.target = std::string(url.substr(slash));
  if (!address.target.starts_with('/')) address.target.insert(0, "/");
  if (place.find('@') != std::string_view::npos) return bad();
  std::size_t colon = place.rfind(':');
  if (place.starts_with('[')) {
    const std::size_t end = place.find(']');
    if (end == std::string_view::npos) return bad();
    address.host = std::string(place.substr(1, end - 1));
    colon = end + 1 < place.size() && place[end + 1] == ':' ? end + 1 : std::string_view::npos;
  } else {
    address.host = std::string(place.substr(0, colon));
  }
  address.port = colon == std::string_view::npos ? (address.secure ? "443" : "80")
                                                 : std::string(place.substr(colon + 1));
  const auto plain = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  const bool digits = !address.port.empty() && address.port.size() <= 5 &&
                      address.port.find_first_not_of("0123456789") == std::string::npos;
  if (address.host.empty() || !digits ||
      !std::all_of(address.host.begin(), address.host.end(), plain) ||
      !std::all_of(address.target.begin(), address.target.end(), plain)) {
    return bad();
  }
  return address;
}

}  // namespace maitred
