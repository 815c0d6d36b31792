#include "maitred/link/eye_sender.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "maitred/base/unix_socket.h"
#include "maitred/link/eye_codec.h"

namespace maitred {
namespace {

tl::unexpected<Error> core_gone() {
  return environment_error("core_gone", "the core closed the connection; see its log for why");
}

// True if the socket takes another message within `patience`, or has an error that send reports.
bool wait_writable(int fd, Milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd poll{fd, POLLOUT, 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::max(left.count(), std::int64_t{0})));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return true;
  }
}

}  // namespace

Result<EyeSender> EyeSender::connect(const std::filesystem::path& socket, Milliseconds timeout) {
  MAITRED_ASSIGN(UniqueFd fd, connect_unix(socket, SOCK_SEQPACKET, timeout));
  return EyeSender(std::move(fd));
}

Status EyeSender::send(const EyeMessage& message, Milliseconds patience) {
  MAITRED_ASSIGN(const auto bytes, encode(message));
  for (;;) {
    if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return core_gone();
    if (!wait_writable(fd_.get(), patience)) {
      return environment_error("core_stalled",
                               fmt::format("the core has taken no message for {}; is it stopped?",
                                           format_duration(patience)));
    }
  }
}

void EyeSender::shut_down() { ::shutdown(fd_.get(), SHUT_RDWR); }

}  // namespace maitred
