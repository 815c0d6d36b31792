#include "maitred/doors/web/client.h"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <set>

#include "byte_stream.h"
#include "maitred/base/net/tls.h"
#include "name_lookup.h"

namespace maitred {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kAnswerLimit_bytes = 64 * 1024;

}  // namespace

class WebClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls)
      : io_(io), names_(io), tls_(std::move(tls)) {}

  void post(const WebAddress& to, const WebHeaders& headers, std::string body,
            Milliseconds patience, Answer answer) {
    auto call = std::make_shared<Call>(io_);
    call->to = to;
    call->answer = std::move(answer);
    auto& request = call->request;
    request.method(boost::beast::http::verb::post);
    request.target(to.target);
    request.version(11);
    const bool usual = to.port == (to.secure ? "443" : "80");
    const bool v6 = to.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + to.host + "]" : to.host;
    request.set("Host", usual ? host : host + ":" + to.port);
    request.set("Connection", "close");
    for (const auto& [name, value] : headers) request.set(name, value);
    request.body() = std::move(body);
    request.prepare_payload();
    calls_.insert(call);
    call->timer.expires_after(patience);
    call->timer.async_wait([self = shared_from_this(), call](const error_code& error) {
      if (!error) self->fail(call, "no answer in time");
    });
    names_.find(to.host, to.port, [weak = weak_from_this(), call](const web::Endpoints& found) {
      const auto self = weak.lock();
      if (!self) return;
      found.empty() ? self->fail(call, "the name lookup found no address")
                    : self->connect(call, found);
    });
  }

  void abandon() {
    for (const auto& call : calls_) end(*call);
    calls_.clear();
  }

 private:
  struct Call {
    explicit Call(asio::io_context& io) : socket(io), timer(io) {
      parser.body_limit(kAnswerLimit_bytes);
    }
    WebAddress to;
    Answer answer;
    web::Endpoints endpoints;
    tcp::socket socket;
    asio::steady_timer timer;
    std::optional<web::ByteStream> stream;
    boost::beast::http::request<boost::beast::http::string_body> request;
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    boost::beast::flat_buffer buffer{16 * 1024};
  };
  using Shared = std::shared_ptr<Call>;

  void connect(const Shared& call, const web::Endpoints& endpoints) {
    if (!calls_.contains(call)) return;
    call->endpoints = endpoints;
    asio::async_connect(call->socket, call->endpoints,
                        [self = shared_from_this(), call](const error_code& error, auto) {
                          error ? self->fail(call, error.message()) : self->open(call);
                        });
  }

  void open(const Shared& call) {
    if (!calls_.contains(call)) return;
    call->stream.emplace(call->to.secure
                             ? tls_client_stream(std::move(call->socket), tls_, call->to.host)
                             : plain_stream(std::move(call->socket)));
    call->stream->stream().open([self = shared_from_this(), call](const error_code& error) {
      error ? self->fail(call, error.message()) : self->send(call);
    });
  }

  void send(const Shared& call) {
    boost::beast::http::async_write(
        *call->stream, call->request,
        [self = shared_from_this(), call](const error_code& error, std::size_t) {
          error ? self->fail(call, error.message()) : self->receive(call);
        });
  }

  void receive(const Shared& call) {
    boost::beast::http::async_read_header(
        *call->stream, call->buffer, call->parser,
        [self = shared_from_this(), call](const error_code& error, std::size_t) {
          if (error) return self->fail(call, error.message());
          self->finish(call, static_cast<int>(call->parser.get().result_int()));
        });
  }

  void fail(const Shared& call, const std::string& why) {
    finish(call, environment_error("unreachable",
                                   fmt::format("{}:{}: {}", call->to.host, call->to.port, why)));
  }

  void finish(const Shared& call, Result<int> result) {
    if (calls_.erase(call) == 0) return;
    end(*call);
    std::exchange(call->answer, nullptr)(std::move(result));
  }

  static void end(Call& call) {
    error_code ignored;
    call.timer.cancel();
    call.socket.close(ignored);
    if (call.stream) call.stream->stream().close();
  }

  asio::io_context& io_;
  web::NameLookup names_;
  const TlsContext tls_;
  std::set<Shared> calls_;
};

Result<std::unique_ptr<WebClient>> WebClient::make(asio::io_context& io,
                                                   const std::string& ca_file) {
  MAITRED_ASSIGN(auto tls, client_tls(ca_file));
  return std::unique_ptr<WebClient>(new WebClient(std::make_shared<Impl>(io, std::move(tls))));
}
WebClient::WebClient(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebClient::~WebClient() { impl_->abandon(); }
void WebClient::post(const WebAddress& to, const WebHeaders& headers, std::string body,
                     Milliseconds patience, Answer answer) {
  impl_->post(to, headers, std::move(body), patience, std::move(answer));
}

}  // namespace maitred
