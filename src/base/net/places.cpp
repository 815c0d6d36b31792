#include "maitred/base/net/places.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <map>
#include <tuple>

namespace maitred {

Admission admit_newcomer(const std::vector<Place>& places, const PlaceLimits& limits,
                         std::string_view origin, Timestamp now) {
  std::map<std::string_view, std::size_t> taken;
  for (const Place& place : places) {
    if (!place.claim.authenticated) ++taken[place.origin];
  }
  const bool own_full = !origin.empty() && taken[origin] >= limits.places_of_origin;
  if (!own_full && places.size() < limits.places) return {};

  const auto order = [&](const Place& place) {
    return std::tuple(place.claim.asked, -static_cast<std::ptrdiff_t>(taken[place.origin]),
                      *place.claim.since, place.id);
  };
  const Place* first = nullptr;
  for (const Place& place : places) {
    if (place.claim.authenticated || !place.claim.since) continue;
    if (own_full && place.origin != origin) continue;
    if (now - *place.claim.since < limits.grace) continue;
    if (first == nullptr || order(place) < order(*first)) first = &place;
  }
  if (first == nullptr) return {.full = true};
  return {.evicted = first->id};
}

std::string origin_of(std::string_view address) {
  namespace ip = boost::asio::ip;
  boost::system::error_code error;
  const std::string text(address.substr(0, address.find('%')));
  ip::address parsed = ip::make_address(text, error);
  if (error) return "";
  if (parsed.is_v6() && parsed.to_v6().is_v4_mapped()) {
    parsed = ip::make_address_v4(ip::v4_mapped, parsed.to_v6());
  }
  if (parsed.is_loopback()) return "";
  if (parsed.is_v4()) return parsed.to_string();
  auto bytes = parsed.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes).to_string() + "/64";
}

}  // namespace maitred
