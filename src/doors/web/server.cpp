#include "maitred/doors/web/server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "connection.h"
#include "maitred/base/net/peer_user.h"
#include "maitred/base/net/tcp_listener.h"
#include "maitred/base/net/tls.h"

namespace maitred {

namespace net = boost::asio;

std::variant<WebResponse, std::shared_ptr<WebSocketListener>> WebSite::on_upgrade(
    const WebRequest&) {
  return web_error(404, "not_found", "there is no WebSocket here");
}

class WebServer::Impl : public web::ConnectionOwner, public std::enable_shared_from_this<Impl> {
 public:
  Impl(net::io_context& io, WebSite& site, TlsContext tls, WebServerOptions options)
      : io_(io),
        site_(&site),
        tls_(std::move(tls)),
        options_(std::move(options)),
        sessions_(SessionServer::create(io, {.client = options_.name + " client",
                                             .sessions = options_.limits.connections,
                                             .of_origin = options_.limits.of_origin})) {}

  void start(UniqueFd listener) {
    port_ = listening_port(listener);
    sessions_->listen(std::move(listener), [weak = weak_from_this()](UniqueFd socket, bool full) {
      const auto self = weak.lock();
      return self && !full ? self->connection_of(std::move(socket)) : nullptr;
    });
  }

  std::uint16_t port() const { return port_; }
  bool has_tls() const { return tls_ != nullptr; }
  void use_tls(TlsContext tls) { tls_ = std::move(tls); }
  SessionServer& sessions() { return *sessions_; }

  // The site is not touched after this.
  void abandon() {
    site_ = nullptr;
    sessions_->abandon();
  }

  // web::ConnectionOwner
  WebSite* site() override { return site_; }
  const WebLimits& limits() const override { return options_.limits; }
  // A WebSocket stays long. Without this limit they would leave no place for a request.
  bool has_place_for_socket() override {
    std::vector<Place> sockets;
    sessions_->each<web::WebSession>([&](const web::WebSession& one) {
      if (one.is_socket() && one.is_open()) sockets.push_back({one.id(), "", one.claim()});
    });
    const PlaceLimits limits{.places =
                                 std::max<std::size_t>(options_.limits.connections * 3 / 4, 1)};
    const Admission admission =
        admit_newcomer(sockets, limits, "", std::chrono::steady_clock::now());
    if (admission.evicted) sessions_->close(*admission.evicted);
    return !admission.full;
  }
  void replace(SessionId id, std::shared_ptr<web::WebSession> with) override {
    sessions_->replace(id, std::move(with));
  }

 private:
  std::shared_ptr<Session> connection_of(UniqueFd socket) {
    const auto user = site_->asks_for_user() ? user_of_peer(socket.get()) : std::nullopt;
    auto client = tcp_client(io_, std::move(socket));
    if (!client) return nullptr;
    boost::system::error_code ignored;
    client->socket.set_option(net::ip::tcp::no_delay(true), ignored);
    auto stream = tls_ ? tls_stream(std::move(client->socket), tls_)
                       : plain_stream(std::move(client->socket));
    return web::http_connection(
        std::move(stream),
        {std::move(client->address), tls_ != nullptr, user && is_own_user(*user)},
        weak_from_this());
  }

  net::io_context& io_;
  WebSite* site_;
  TlsContext tls_;
  const WebServerOptions options_;
  const std::shared_ptr<SessionServer> sessions_;
  std::uint16_t port_ = 0;
};

Result<std::unique_ptr<WebServer>> WebServer::open(net::io_context& io, WebSite& site,
                                                   WebServerOptions options) {
  TlsContext tls;
  if (!options.tls_cert.empty()) {
    MAITRED_ASSIGN(tls, server_tls(options.tls_cert, options.tls_key));
  }
  MAITRED_ASSIGN(UniqueFd listener, listen_tcp({options.name, options.address, options.port,
                                                options.passed_socket, tls != nullptr}));
  auto impl = std::make_shared<Impl>(io, site, std::move(tls), std::move(options));
  impl->start(std::move(listener));
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

WebServer::WebServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebServer::~WebServer() { impl_->abandon(); }
std::uint16_t WebServer::port() const { return impl_->port(); }
std::size_t WebServer::connections() const { return impl_->sessions().open_sessions(); }
Result<std::function<void()>> WebServer::renew_tls(const std::string& cert,
                                                   const std::string& key) {
  if (!impl_->has_tls() || cert.empty()) return [] {};
  MAITRED_ASSIGN(auto tls, server_tls(cert, key));
  return [impl = impl_, tls = std::move(tls)] { impl->use_tls(tls); };
}
void WebServer::drain(Milliseconds patience, std::function<void()> done) {
  impl_->sessions().drain(patience, std::move(done));
}

}  // namespace maitred
