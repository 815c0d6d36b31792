#include "name_lookup.h"

#include <netdb.h>

#include <boost/asio/post.hpp>
#include <thread>

namespace maitred::web {
namespace {

using boost::asio::ip::tcp;

Endpoints addresses_of(const std::string& host, const std::string& port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  Endpoints found;
  if (::getaddrinfo(host.c_str(), port.c_str(), &wanted, &list) != 0) return found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                reinterpret_cast<char*>(endpoint.data()));
    endpoint.resize(one->ai_addrlen);
    found.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  return found;
}

}  // namespace

void NameLookup::find(const std::string& host, const std::string& port,
                      std::function<void(Endpoints)> then) {
  boost::system::error_code numbers;
  const auto address = boost::asio::ip::make_address(host, numbers);
  if (!numbers) {
    const Endpoints only = {{address, static_cast<unsigned short>(std::stoi(port))}};
    const std::lock_guard lock(mailbox_->mutex);
    return boost::asio::post(*mailbox_->io, [only, then = std::move(then)] { then(only); });
  }
  std::thread([mailbox = mailbox_, host, port, then = std::move(then)]() mutable {
    Endpoints found = addresses_of(host, port);
    const std::lock_guard lock(mailbox->mutex);
    if (mailbox->io == nullptr) return;
    boost::asio::post(*mailbox->io,
                      [found = std::move(found), then = std::move(then)] { then(found); });
  }).detach();
}

}  // namespace maitred::web
