// HTTP/1.1: reads a request under its limits, asks the site, sends the answer.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <charconv>
#include <optional>

#include "connection.h"
#include "maitred/base/log.h"
#include "web_socket.h"

namespace maitred::web {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// More than any site allows. The site is asked for its own limit once the header is there.
constexpr std::uint64_t kAnyBody_bytes = std::uint64_t{64} << 20;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

WebRequest request_of(const http::request_header<>& head, const Peer& peer) {
  WebRequest request;
  request.method = head.method() == http::verb::head ? "GET" : std::string(head.method_string());
  const std::string target(head.target());
  const std::size_t question = std::min(target.find('?'), target.size());
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  for (const auto& field : head) {
    request.headers.emplace_back(lower(std::string(field.name_string())),
                                 std::string(field.value()));
  }
  request.peer = peer.address;
  request.secure = peer.secure;
  request.own_user = peer.own_user;
  return request;
}

class HttpConnection : public WebSession, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::unique_ptr<Stream> stream, Peer peer, std::weak_ptr<ConnectionOwner> owner)
      : stream_(std::move(stream)),
        peer_(std::move(peer)),
        owner_(std::move(owner)),
        timer_(stream_.get_executor()),
        limits_(owner_.lock()->limits()),
        buffer_(limits_.header_bytes + 16 * 1024) {}

  void start() override {
    since_ = std::chrono::steady_clock::now();
    within(limits_.header_time);
    stream_.stream().open([self = shared_from_this()](const error_code& error) {
      if (error) return self->end();
      self->read_head(self->limits_.header_time);
    });
  }

  void finish() override {
    last_ = true;
    if (waiting_) end();
  }

  void close() override { end(); }
  bool is_open() const override { return !gone_; }
  bool is_socket() const override { return false; }
  Claim claim() const override {
    return {.authenticated = known_, .asked = asked_ > begun_, .since = since_};
  }

 private:
  // Closes the connection if nothing happens within `time`.
  void within(Milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->end();
    });
  }

  void end() {
    if (gone_) return;
    gone_ = true;
    timer_.cancel();
    stream_.stream().close();
    leave();
  }

  void read_head(Milliseconds time) {
    waiting_ = true;
    since_ = std::chrono::steady_clock::now();
    begun_ = asked_;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(kAnyBody_bytes);
    within(time);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              self->on_head(error);
                            });
  }

  void on_head(const error_code& error) {
    if (gone_) return;
    waiting_ = false;
    const auto owner = owner_.lock();
    if (!owner || owner->site() == nullptr || error == http::error::end_of_stream) return end();
    if (error) return on_bad_request(error);
    request_ = request_of(parser_->get().base(), peer_);
    if (const auto wrong = refusal()) return refuse(*wrong);
    known_ = owner->site()->knows(request_);
    if (beast::websocket::is_upgrade(parser_->get())) return upgrade(*owner);
    const std::size_t limit = std::min<std::size_t>(
        owner->site()->body_limit_bytes(request_, limits_.body_bytes), kAnyBody_bytes);
    const auto length = parser_->content_length();
    if (length && *length > limit) return refuse(too_large());
    body_limit_ = limit;
    parser_->body_limit(limit);
    read_body();
  }

  std::optional<WebResponse> refusal() const {
    const auto is_host = [](const auto& header) { return header.first == "host"; };
    if (std::count_if(request_.headers.begin(), request_.headers.end(), is_host) != 1 ||
        request_.header("host").empty()) {
      return web_error(400, "bad_request", "the request must name one Host");
    }
    if (!peer_.secure && !is_plain_host(request_.header("host"))) {
      return web_error(421, "wrong_host",
                       "without TLS this server answers only to the address of the machine, as "
                       "http://127.0.0.1");
    }
    return std::nullopt;
  }

  static WebResponse too_large() { return web_error(413, "too_large", "the request is too large"); }

  void on_bad_request(const error_code& error) {
    const bool http_error = error.category() == http::make_error_code(http::error{}).category();
    if (!http_error) return end();
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return refuse(web_error(431, "header_too_large", "the header is too large"));
    }
    if (error == http::error::body_limit) return refuse(too_large());
    refuse(web_error(400, "bad_request", "this is not an HTTP/1.1 request"));
  }

  void read_body() {
    const std::uint64_t bytes = parser_->content_length_remaining().value_or(body_limit_);
    within(limits_.body_time +
           Milliseconds{static_cast<std::int64_t>(bytes * 1000 / limits_.body_bytes_per_second)});
    if (lower(request_.header("expect")) == "100-continue") {
      static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
      return net::async_write(stream_, net::buffer(kGoOn),
                              [self = shared_from_this()](const error_code& error, std::size_t) {
                                error ? self->end() : self->read_rest();
                              });
    }
    read_rest();
  }

  void read_rest() {
    if (gone_) return;
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       if (self->gone_) return;
                       error ? self->on_bad_request(error) : self->ask();
                     });
  }

  void ask() {
    const auto owner = owner_.lock();
    if (!owner || owner->site() == nullptr) return end();
    request_.body = std::move(parser_->get().body());
    keep_alive_ = parser_->get().keep_alive();
    head_only_ = parser_->get().method() == http::verb::head;
    const std::uint64_t number = ++asked_;
    timer_.expires_after(limits_.answer_time);
    timer_.async_wait([weak = weak_from_this(), number](const error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->reply(number, web_error(503, "too_slow", "the answer took too long; try again"));
    });
    owner->site()->on_request(request_, [weak = weak_from_this(), number](WebResponse response) {
      const auto self = weak.lock();
      if (self) self->reply(number, std::move(response));
    });
  }

  void reply(std::uint64_t number, WebResponse response) {
    if (gone_ || number != asked_ || number == answered_) return;
    answered_ = number;
    if (response.wait.count() == 0) return send(std::move(response));
    timer_.expires_after(response.wait);
    timer_.async_wait(
        [weak = weak_from_this(), response = std::move(response)](const error_code& error) mutable {
          const auto self = weak.lock();
          if (!error && self && !self->gone_) self->send(std::move(response));
        });
  }

  // Answers, then throws away what the client still sends: a close with unread input would reset
  // the connection before the client has read the answer.
  void refuse(WebResponse response) {
    journal().debug("web client {}: refused with {}", id(), response.status);
    keep_alive_ = false;
    head_only_ = false;
    known_ = false;  // it must not hold a place while it lingers
    send(std::move(response));
  }

  void send(WebResponse response) {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(response.status));
    if (!response.body.empty()) response_.set(http::field::content_type, response.type);
    response_.set("X-Content-Type-Options", "nosniff");
    response_.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : response.headers) response_.set(name, value);
    response_.keep_alive(keep_alive_ && !last_);
    response_.body() = std::move(response.body);
    response_.prepare_payload();
    if (head_only_) response_.body().clear();  // the length stays
    within(limits_.send_time);
    serializer_.emplace(response_);
    http::async_write(stream_, *serializer_,
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->on_sent(error);
                      });
  }

  void on_sent(const error_code& error) {
    if (gone_) return;
    if (error && error != http::error::need_buffer) return end();
    if (response_.keep_alive()) return read_head(limits_.idle_time);
    stream_.stream().shut_down_sending();
    within(limits_.lingering);
    discard();
  }

  void discard() {
    stream_.stream().read_some(net::buffer(discarded_),
                               [self = shared_from_this()](const error_code& error, std::size_t) {
                                 if (self->gone_) return;
                                 error ? self->end() : self->discard();
                               });
  }

  void upgrade(ConnectionOwner& owner) {
    auto answer = owner.site()->on_upgrade(request_);
    if (auto* refused = std::get_if<WebResponse>(&answer)) return refuse(std::move(*refused));
    if (!owner.has_place_for_socket()) {
      return refuse(web_error(503, "too_many_clients",
                              "too many pages are open already; close one, or try later"));
    }
    gone_ = true;
    timer_.cancel();
    owner.replace(id(),
                  socket_connection(std::move(stream_), limits_, std::move(std::get<1>(answer)),
                                    {parser_->release(), known_}));
  }

  ByteStream stream_;
  const Peer peer_;
  const std::weak_ptr<ConnectionOwner> owner_;
  net::steady_timer timer_;
  const WebLimits limits_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  WebRequest request_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::array<char, 4096> discarded_{};
  std::size_t body_limit_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t begun_ = 0;  // asked_ when the request under way began
  std::uint64_t answered_ = 0;
  Timestamp since_{};
  bool waiting_ = false;
  bool known_ = false;  // the client, by its last request
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool last_ = false;
  bool gone_ = false;
};

}  // namespace

std::shared_ptr<WebSession> http_connection(std::unique_ptr<Stream> stream, Peer peer,
                                            std::weak_ptr<ConnectionOwner> owner) {
  return std::make_shared<HttpConnection>(std::move(stream), std::move(peer), std::move(owner));
}

// All of the text must be host[:port]: what stands behind an address might make it a name.
bool is_plain_host(std::string_view host) {
  std::size_t end = std::min(host.find(':'), host.size());
  std::string_view name = host.substr(0, end);
  const bool v6 = host.starts_with('[');
  if (v6) {
    end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(1, end - 1);
    ++end;
  }
  const std::string_view port = host.substr(end);
  if (!port.empty()) {
    std::uint16_t number = 0;
    const auto [stop, wrong] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
    if (port[0] != ':' || wrong != std::errc{} || stop != port.data() + port.size()) return false;
  }
  if (!v6 && lower(name) == "localhost") return true;
  error_code error;
  const auto address = net::ip::make_address(std::string(name), error);
  return !error && address.is_v6() == v6;
}

}  // namespace maitred::web
