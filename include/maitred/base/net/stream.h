// The seam between a protocol and what carries its bytes: plain TCP, TLS or a pipe of the program's
// own. Every server and client of this project that uses Asio talks to a Stream.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace maitred {

// Bound to the thread of its executor.
class Stream {
 public:
  using Error = boost::system::error_code;
  using Opened = std::function<void(const Error&)>;
  using Handler = std::function<void(const Error&, std::size_t)>;

  virtual ~Stream() = default;
  virtual boost::asio::any_io_executor get_executor() = 0;

  // Called before all else, once. The handler gets an error if the TLS handshake fails.
  virtual void open(Opened handler) = 0;

  // At most one read and one write at a time. A handler never runs within the call.
  virtual void read_some(boost::asio::mutable_buffer into, Handler handler) = 0;
  virtual void write_some(boost::asio::const_buffer from, Handler handler) = 0;

  // The peer sees the end of the stream after what was written.
  virtual void shut_down_sending() = 0;

  // Aborts what is under way.
  virtual void close() = 0;
};

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

std::unique_ptr<Stream> plain_stream(boost::asio::ip::tcp::socket socket);
// The server's end of TLS.
std::unique_ptr<Stream> tls_stream(boost::asio::ip::tcp::socket socket, TlsContext context);
// The client's end of TLS. The server's certificate must name `host`.
std::unique_ptr<Stream> tls_client_stream(boost::asio::ip::tcp::socket socket, TlsContext context,
                                          const std::string& host);

}  // namespace maitred
