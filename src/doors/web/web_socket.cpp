#include "web_socket.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>

#include "maitred/base/log.h"
#include "maitred/base/stranger_log.h"
#include "maitred/base/token_bucket.h"

namespace maitred::web {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

class SocketConnection : public WebSession,
                         public WebSocket,
                         public std::enable_shared_from_this<SocketConnection> {
 public:
  SocketConnection(ByteStream stream, const WebLimits& limits,
                   std::shared_ptr<WebSocketListener> listener, UpgradeRequest upgrade)
      : stream_(std::move(stream)),
        limits_(limits),
        listener_(std::move(listener)),
        request_(std::move(upgrade.request)),
        known_(upgrade.known),
        timer_(stream_.get_executor()),
        messages_(limits.messages_per_second, limits.messages_per_second * 2, last_text_) {}

  void start() override {
    websocket::stream_base::timeout times{};
    times.handshake_timeout = limits_.header_time;
    times.idle_timeout = limits_.idle_time;
    times.keep_alive_pings = true;
    stream_.set_option(times);
    stream_.read_message_max(limits_.message_bytes);
    stream_.text(true);
    stream_.control_callback([weak = weak_from_this()](websocket::frame_type, beast::string_view) {
      const auto self = weak.lock();
      if (self) self->count_message();
    });
    stream_.async_accept(request_, [self = shared_from_this()](const error_code& error) {
      if (error || self->gone_) return self->end();
      self->open_ = true;
      self->listener_->on_open(self);
      if (!self->gone_) self->read();
    });
  }

  // WebSocket
  void send(std::shared_ptr<const std::string> text, Sent sent) override {
    if (gone_ || finishing_) return never(std::move(sent));
    unsent_bytes_ += text->size();
    if (unsent_bytes_ > limits_.unsent_bytes && !output_.empty()) {
      never(std::move(sent));
      return cut_off("it does not read fast enough");
    }
    output_.push_back({std::move(text), std::move(sent)});
    if (!writing_) write();
  }

  void finish() override {
    if (gone_ || finishing_) return;
    finishing_ = true;
    if (!writing_) say_goodbye(websocket::close_code::going_away);
  }

  void close() override { end(); }
  bool is_open() const override { return !gone_; }
  bool is_socket() const override { return true; }
  Claim claim() const override {
    return {.authenticated = known_, .asked = true, .since = last_text_};
  }

 private:
  struct Queued {
    std::shared_ptr<const std::string> text;
    Sent sent;
  };

  void never(Sent sent) {
    if (!sent) return;
    net::post(stream_.get_executor(), [sent = std::move(sent)] { sent(false); });
  }

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](const error_code& error, std::size_t) {
      self->on_read(error);
    });
  }

  void on_read(const error_code& error) {
    if (gone_) return;
    if (error) return end();
    if (!stream_.got_text()) return cut_off("it sent a message that is not text");
    std::string text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    buffer_.consume(buffer_.size());
    if (!count_message()) return;
    last_text_ = std::chrono::steady_clock::now();
    if (!finishing_) listener_->on_text(std::move(text));
    if (!gone_) read();
  }

  // False if there were too many; the connection is over then.
  bool count_message() {
    if (gone_) return false;
    if (messages_.take(std::chrono::steady_clock::now())) return true;
    cut_off("it sends too many messages");
    return false;
  }

  void write() {
    writing_ = true;
    timer_.expires_after(limits_.send_time);
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->cut_off("it does not read");
    });
    stream_.async_write(net::buffer(*output_.front().text),
                        [self = shared_from_this()](const error_code& error, std::size_t) {
                          self->on_written(error);
                        });
  }

  void on_written(const error_code& error) {
    writing_ = false;
    if (gone_) return;
    timer_.cancel();
    if (error) return end();
    Queued done = std::move(output_.front());
    output_.pop_front();
    unsent_bytes_ -= done.text->size();
    if (done.sent) done.sent(true);
    if (gone_ || writing_) return;
    if (!output_.empty()) return write();
    if (finishing_) say_goodbye(websocket::close_code::going_away);
  }

  void say_goodbye(websocket::close_code code) {
    if (saying_goodbye_ || !open_) return end();
    saying_goodbye_ = true;
    timer_.expires_after(limits_.lingering);
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->end();
    });
    stream_.async_close(code, [self = shared_from_this()](const error_code&) { self->end(); });
  }

  void cut_off(std::string_view why) {
    const std::string text = fmt::format("web client {} was disconnected: {}", id(), why);
    if (known_) {
      journal().info("{}", text);
    } else {
      log_stranger(journal(), spdlog::level::info, fmt::format("web {}", why), text);
    }
    end();
  }

  void end() {
    if (gone_) return;
    gone_ = true;
    timer_.cancel();
    stream_.next_layer().stream().close();
    for (Queued& queued : output_) never(std::move(queued.sent));
    // The text being written must stay until its handler has run.
    while (output_.size() > 1) output_.pop_back();
    net::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->open_) self->listener_->on_closed();
      self->listener_.reset();
      self->leave();
    });
  }

  websocket::stream<ByteStream, false> stream_;
  const WebLimits limits_;
  std::shared_ptr<WebSocketListener> listener_;
  const http::request<http::string_body> request_;
  const bool known_;
  Timestamp last_text_ = std::chrono::steady_clock::now();
  net::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::deque<Queued> output_;
  std::size_t unsent_bytes_ = 0;
  TokenBucket messages_;
  bool open_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool saying_goodbye_ = false;
  bool gone_ = false;
};

}  // namespace

std::shared_ptr<WebSession> socket_connection(ByteStream stream, const WebLimits& limits,
                                              std::shared_ptr<WebSocketListener> listener,
                                              UpgradeRequest upgrade) {
  return std::make_shared<SocketConnection>(std::move(stream), limits, std::move(listener),
                                            std::move(upgrade));
}

}  // namespace maitred::web
