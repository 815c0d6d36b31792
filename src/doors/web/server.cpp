#include "maitred/doors/web/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "connection.h"
#include "maitred/base/log.h"
#include "maitred/base/net/tls.h"

namespace maitred {

using boost::system::error_code;
namespace net = boost::asio;
using net::ip::tcp;

namespace {

constexpr Milliseconds kWebAcceptPause{200};  // when the process has no descriptor left

Result<tcp::endpoint> web_endpoint(const WebServerOptions& options) {
  error_code error;
  const auto address = net::ip::make_address(options.address, error);
  if (error) {
    return input_error("bad_address", fmt::format("[{}] listen: write the address in numbers, as "
                                                  "127.0.0.1",
                                                  options.name));
  }
  if (!address.is_loopback() && options.tls_cert.empty()) {
    return input_error("tls_required",
                       fmt::format("[{}] listen: {} can be reached from other machines, which "
                                   "needs TLS: give tls_cert and tls_key, or listen on 127.0.0.1",
                                   options.name, options.address));
  }
  return tcp::endpoint(address, options.port);
}

Result<tcp::acceptor> web_acceptor(net::io_context& io, const WebServerOptions& options) {
  MAITRED_ASSIGN(const tcp::endpoint endpoint, web_endpoint(options));
  try {
    if (options.passed_socket >= 0) {
      return tcp::acceptor(io, endpoint.protocol(), options.passed_socket);
    }
    return tcp::acceptor(io, endpoint, true);
  } catch (const boost::system::system_error& error) {
    const bool in_use = error.code() == net::error::address_in_use;
    return environment_error(
        in_use ? "port_in_use" : "address_unusable",
        fmt::format("cannot listen on {} port {}: {}; change listen under [{}]", options.address,
                    options.port, in_use ? "another program does" : error.code().message(),
                    options.name));
  }
}

}  // namespace

std::variant<WebResponse, std::shared_ptr<WebSocketListener>> WebSite::on_upgrade(
    const WebRequest&) {
  return web_error(404, "not_found", "there is no WebSocket here");
}

class WebServer::State : public web::ConnectionOwner, public std::enable_shared_from_this<State> {
 public:
  State(net::io_context& io, WebSite& site, tcp::acceptor acceptor, TlsContext tls,
        WebServerOptions options)
      : io_(io),
        site_(&site),
        acceptor_(std::move(acceptor)),
        port_(acceptor_.local_endpoint().port()),
        tls_(std::move(tls)),
        options_(std::move(options)),
        pause_(io),
        patience_(io) {}

  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, tcp::socket socket) {
          if (!self->acceptor_.is_open()) return;
          if (!error) self->admit(std::move(socket));
          const bool exhausted = error == net::error::no_descriptors ||
                                 error == net::error::no_buffer_space ||
                                 error == boost::system::errc::too_many_files_open_in_system;
          exhausted ? self->accept_later() : self->accept();
        });
  }

  std::uint16_t port() const { return port_; }
  bool has_tls() const { return tls_ != nullptr; }
  void use_tls(TlsContext tls) { tls_ = std::move(tls); }
  std::size_t connections() const { return connections_.size(); }

  WebSite* site() override { return site_; }
  const WebLimits& limits() const override { return options_.limits; }

  void on_gone(std::uint64_t id) override {
    connections_.erase(id);
    report_drained();
  }

  void replace(std::uint64_t id, std::shared_ptr<web::Connection> with) override {
    connections_[id] = with;
    with->start();
  }

  void drain(Milliseconds patience, std::function<void()> done) {
    drained_ = std::move(done);
    stop_accepting();
    // finish may end one at once, but it leaves the map from the io_context only.
    for (auto& [id, connection] : connections_) connection->finish();
    patience_.expires_after(patience);
    patience_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error) return;
      for (auto& [id, connection] : self->connections_) connection->close();
    });
    net::post(io_, [self = shared_from_this()] { self->report_drained(); });
  }

  void abandon() {
    site_ = nullptr;
    drained_ = nullptr;
    stop_accepting();
    patience_.cancel();
    for (auto& [id, connection] : connections_) connection->close();
    connections_.clear();
  }

 private:
  void accept_later() {
    journal().error("[{}] cannot take another client: raise the limit of open files",
                    options_.name);
    pause_.expires_after(kWebAcceptPause);
    pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->acceptor_.is_open()) self->accept();
    });
  }

  void admit(tcp::socket socket) {
    if (connections_.size() >= options_.limits.connections && !make_place()) return;
    error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const web::Peer peer{++last_id_, remote.address().to_string(), tls_ != nullptr};
    socket.set_option(tcp::no_delay(true), error);
    auto stream = tls_ ? tls_stream(std::move(socket), tls_) : plain_stream(std::move(socket));
    const auto connection = web::http_connection(std::move(stream), peer, weak_from_this());
    connections_.emplace(peer.id, connection);
    connection->start();
  }

  // Whoever has been waiting longest without a whole request goes.
  bool make_place() {
    std::shared_ptr<web::Connection> oldest;
    for (const auto& [id, connection] : connections_) {
      if (!connection->waiting()) continue;
      if (!oldest || connection->since() < oldest->since()) oldest = connection;
    }
    if (oldest) oldest->close();
    return oldest != nullptr;
  }

  void stop_accepting() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

  void report_drained() {
    if (!drained_ || !connections_.empty()) return;
    patience_.cancel();
    std::exchange(drained_, nullptr)();
  }

  net::io_context& io_;
  WebSite* site_;
  tcp::acceptor acceptor_;
  const std::uint16_t port_;
  TlsContext tls_;
  const WebServerOptions options_;
  net::steady_timer pause_;
  net::steady_timer patience_;
  std::map<std::uint64_t, std::shared_ptr<web::Connection>> connections_;
  std::uint64_t last_id_ = 0;
  std::function<void()> drained_;
};

Result<std::unique_ptr<WebServer>> WebServer::open(net::io_context& io, WebSite& site,
                                                   WebServerOptions options) {
  TlsContext tls;
  if (!options.tls_cert.empty()) {
    MAITRED_ASSIGN(tls, server_tls(options.tls_cert, options.tls_key));
  }
  MAITRED_ASSIGN(tcp::acceptor acceptor, web_acceptor(io, options));
  auto state =
      std::make_shared<State>(io, site, std::move(acceptor), std::move(tls), std::move(options));
  state->accept();
  return std::unique_ptr<WebServer>(new WebServer(std::move(state)));
}

WebServer::WebServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
WebServer::~WebServer() { state_->abandon(); }
std::uint16_t WebServer::port() const { return state_->port(); }
std::size_t WebServer::connections() const { return state_->connections(); }
Result<std::function<void()>> WebServer::renew_tls(const std::string& cert,
                                                   const std::string& key) {
  if (!state_->has_tls() || cert.empty()) return [] {};
  MAITRED_ASSIGN(auto tls, server_tls(cert, key));
  return [state = state_, tls = std::move(tls)] { state->use_tls(tls); };
}
void WebServer::drain(Milliseconds patience, std::function<void()> done) {
  state_->drain(patience, std::move(done));
}

}  // namespace maitred
