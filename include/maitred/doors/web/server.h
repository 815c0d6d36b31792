// A small HTTP/1.1 and WebSocket server: limits on everything, TLS 1.3 where configured, and no
// knowledge of what is served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/doors/web/message.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

// Answers one request, now or later, on the io_context's thread. Only the first call counts.
// Without a call within WebLimits::answer_time the client gets a 503.
using WebReply = std::function<void(WebResponse)>;

// The server's side of an open WebSocket. Calls after its end do nothing.
class WebSocket {
 public:
  using Sent = std::function<void(bool ok)>;
  virtual ~WebSocket() = default;
  // Sends one text message after those before it. `sent` is called from the io_context, never
  // within the call: with true when the kernel has the message, with false if it never will.
  virtual void send(std::shared_ptr<const std::string> text, Sent sent) = 0;
  // Sends what is queued, then closes.
  virtual void finish() = 0;
  // Closes at once.
  virtual void close() = 0;
};

// Hears what happens on a WebSocket: it opens, texts arrive, it closes (once; last).
class WebSocketListener {
 public:
  virtual ~WebSocketListener() = default;
  virtual void on_open(std::shared_ptr<WebSocket> socket) = 0;
  virtual void on_text(std::string text) = 0;
  virtual void on_closed() = 0;
};

// What a server serves. Called on the io_context's thread; calls should be short.
class WebSite {
 public:
  virtual ~WebSite() = default;
  virtual void on_request(const WebRequest& request, WebReply reply) = 0;
  // True if WebRequest::own_user must be known. Asked for each connection.
  virtual bool asks_for_user() { return false; }
  // True if the client has proved who it is. Nobody takes the place of such a client. Called before
  // the body is read.
  virtual bool knows(const WebRequest& /*head*/) { return false; }
  // The largest body this request may have. Called before its body is read.
  virtual std::size_t body_limit_bytes(const WebRequest& /*head*/, std::size_t usual) {
    return usual;
  }
  // Answers a request for a WebSocket: who listens to it, or why it is refused.
  virtual std::variant<WebResponse, std::shared_ptr<WebSocketListener>> on_upgrade(
      const WebRequest& request);
};

struct WebLimits {
  // One more closes one whose client is not known: see base/net/places.h. WebSockets take three
  // quarters of the places at most.
  std::size_t connections = 256;
  std::size_t of_origin = 64;  // connections of unknown clients from one remote address
  std::size_t header_bytes = 8 * 1024;
  std::size_t body_bytes = 64 * 1024;
  std::size_t message_bytes = 16 * 1024;  // of a WebSocket
  std::size_t unsent_bytes = 128 * 1024;  // to a WebSocket whose client does not read
  double messages_per_second = 50;        // of a WebSocket, pings too; twice as many at once
  Milliseconds header_time = std::chrono::seconds(5);
  Milliseconds body_time = std::chrono::seconds(5);  // and as long as its bytes take at this rate:
  std::size_t body_bytes_per_second = 256 * 1024;
  Milliseconds answer_time = std::chrono::seconds(60);
  Milliseconds send_time = std::chrono::seconds(10);  // of one answer or message
  Milliseconds idle_time = std::chrono::seconds(30);  // between requests
  Milliseconds lingering = std::chrono::seconds(1);   // for a refused client to read why
};

struct WebServerOptions {
  std::string name = "board";         // the section of the configuration, for messages
  std::string address = "127.0.0.1";  // in numbers
  std::uint16_t port = 0;             // 0: any
  int passed_socket = -1;             // listens already, as systemd's does
  std::string tls_cert{};             // PEM chain and key; both or none
  std::string tls_key{};
  WebLimits limits{};
};

// Without TLS it listens on loopback only, and answers only if Host is an address or "localhost",
// so that no page of another site reaches it by a name of that site (DNS rebinding). Bound to the
// io_context's thread; the io_context and the site must outlive it.
class WebServer {
 public:
  // Errors: bad_address, tls_required, tls_unusable (kInput); port_in_use, address_unusable
  // (kEnvironment).
  static Result<std::unique_ptr<WebServer>> open(boost::asio::io_context& io, WebSite& site,
                                                 WebServerOptions options);
  ~WebServer();  // closes all connections at once
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::uint16_t port() const;
  std::size_t connections() const;

  // Reads certificate and key. Calling the returned function makes new clients get them; connected
  // clients stay. Does nothing without TLS. Error: tls_unusable (kInput); nothing has changed then.
  Result<std::function<void()>> renew_tls(const std::string& cert, const std::string& key);

  // Takes no more connections, sends the answers under way, and calls `done` (once, from the
  // io_context) when all connections are gone or `patience` is over.
  void drain(Milliseconds patience, std::function<void()> done);

 private:
  class Impl;
  explicit WebServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
