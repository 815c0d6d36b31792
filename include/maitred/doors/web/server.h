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

// Answers one request, now or later, on the io_context's thread. Only the first call counts; none
// within WebLimits::answer_time is a 503.
using WebReply = std::function<void(WebResponse)>;

// The server's end of an open WebSocket. Calls after its end do nothing.
class WebSocket {
 public:
  using Sent = std::function<void(bool ok)>;
  virtual ~WebSocket() = default;
  // One text message, after those before it. `sent` is called from the io_context, never within
  // the call, when it is with the system, or never will be.
  virtual void send(std::shared_ptr<const std::string> text, Sent sent) = 0;
  // What was given to send goes first.
  virtual void finish() = 0;
  // At once.
  virtual void close() = 0;
};

// What happens on a WebSocket: opened, texts, closed (once; last).
class WebSocketListener {
 public:
  virtual ~WebSocketListener() = default;
  virtual void on_open(std::shared_ptr<WebSocket> socket) = 0;
  virtual void on_text(std::string text) = 0;
  virtual void on_closed() = 0;
};

// What is served. Called on the io_context's thread; calls should be short.
class WebSite {
 public:
  virtual ~WebSite() = default;
  virtual void on_request(const WebRequest& request, WebReply reply) = 0;
  // Of a request whose body has not come yet: how much of it may.
  virtual std::size_t body_limit_bytes(const WebRequest& /*head*/, std::size_t usual) {
    return usual;
  }
  // A WebSocket is asked for: who listens to it, or why not.
  virtual std::variant<WebResponse, std::shared_ptr<WebSocketListener>> on_upgrade(
      const WebRequest& request);
};

struct WebLimits {
  std::size_t connections = 256;  // the longest idle one makes place for a new one
  std::size_t header_bytes = 8 * 1024;
  std::size_t body_bytes = 64 * 1024;
  std::size_t message_bytes = 16 * 1024;  // of a WebSocket
  std::size_t unsent_bytes = 128 * 1024;  // to a WebSocket whose client does not read
  double messages_per_second = 50;        // of a WebSocket, pings too; twice as many at once
  Milliseconds header_time = std::chrono::seconds(5);
  Milliseconds body_time = std::chrono::seconds(20);
  Milliseconds answer_time = std::chrono::seconds(60);
  Milliseconds send_time = std::chrono::seconds(10);  // of one answer or message
  Milliseconds idle_time = std::chrono::seconds(30);  // between requests
  Milliseconds lingering = std::chrono::seconds(1);   // for a refused client to read why
};

struct WebServerOptions {
  std::string name = "board";         // the section of the configuration, for messages
  std::string address = "127.0.0.1";  // in numbers
  std::uint16_t port = 0;             // 0: any
  int passed_socket = -1;             // one that listens already, e.g. systemd's
  std::string tls_cert{};             // PEM chain and key; both or none
  std::string tls_key{};
  WebLimits limits{};
};

// Without TLS it listens on loopback only, and answers only to a Host that is an address or
// "localhost", so that no page elsewhere reaches it by a name of its own (DNS rebinding). Bound to
// the io_context's thread; the io_context and the site must outlive it.
class WebServer {
 public:
  // Errors: bad_address, tls_required, tls_unusable (kInput); port_in_use, address_unusable
  // (kEnvironment).
  static Result<std::unique_ptr<WebServer>> open(boost::asio::io_context& io, WebSite& site,
                                                 WebServerOptions options);
  ~WebServer();  // closes everything at once
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::uint16_t port() const;
  std::size_t connections() const;

  // The certificate and key that clients get from now on, read again; those that are connected
  // stay. What is returned takes them over; it does nothing without TLS. Error: tls_unusable
  // (kInput), and nothing has changed.
  Result<std::function<void()>> renew_tls(const std::string& cert, const std::string& key);

  // Takes no more connections, lets answers under way be sent, and calls `done` (once, from the
  // io_context) when all are gone or `patience` is over.
  void drain(Milliseconds patience, std::function<void()> done);

 private:
  class Impl;
  explicit WebServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
