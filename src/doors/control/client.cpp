#include "maitred/doors/control/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "maitred/base/json.h"
#include "maitred/base/secret.h"
#include "maitred/base/unix_socket.h"
#include "maitred/doors/control/protocol.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr JsonLimits kAnswerLimits{.bytes = std::size_t{512} * 1024 * 1024, .depth = 64};

tl::unexpected<Error> failed(std::string_view why) {
  return environment_error(
      "control_failed",
      fmt::format("the daemon's control connection failed: {}; see the daemon's log", why));
}

Status wait_for(int fd, short events, Milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd poll{fd, events, 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::max(left.count(), std::int64_t{0})));
    if (ready > 0) return {};
    if (ready == 0) {
      return environment_error("control_timeout",
                               fmt::format("the daemon has not answered for {}; is it stopped?",
                                           format_duration(patience)));
    }
    if (errno != EINTR) return failed("poll");
  }
}

// True if all was sent; false if the daemon closed the connection, which it does after saying why.
Result<bool> send_all(int fd, std::string_view text, Milliseconds patience) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return false;
    } else if (errno == EAGAIN) {
      MAITRED_TRY(wait_for(fd, POLLOUT, patience));
    } else if (errno != EINTR) {
      return failed("it cannot be written");
    }
  }
  return true;
}

Result<std::string> receive_line(int fd, std::string& received, Milliseconds patience) {
  std::size_t scanned = 0;
  std::vector<char> block(64 * 1024);
  for (;;) {
    const std::size_t end = received.find('\n', scanned);
    if (end != std::string::npos) {
      std::string line = received.substr(0, end);
      received.erase(0, end + 1);
      return line;
    }
    scanned = received.size();
    if (scanned > kAnswerLimits.bytes) return failed("its answer is too large");
    MAITRED_TRY(wait_for(fd, POLLIN, patience));
    const ssize_t got = ::recv(fd, block.data(), block.size(), MSG_DONTWAIT);
    if (got > 0) {
      received.append(block.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
      return failed("it closed the connection");
    }
  }
}

Error error_of(const json& object) {
  Error error{Fault::kEnvironment, "control_failed", "the daemon refused"};
  if (!object.is_object()) return error;
  const auto fault = object.find("fault");
  const auto code = object.find("code");
  const auto message = object.find("message");
  if (fault != object.end() && fault->is_number_integer()) {
    const auto number = fault->get<std::int64_t>();
    if (number >= 1 && number <= 3) error.fault = static_cast<Fault>(number);
  }
  if (code != object.end() && code->is_string()) error.code = code->get<std::string>();
  if (message != object.end() && message->is_string()) error.message = message->get<std::string>();
  return error;
}

std::uint64_t count_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

// The answer, or nothing if the line reports progress.
Result<std::optional<json>> take_answer(const std::string& line,
                                        const ControlClient::Progress& on_progress) {
  auto answer = parse_json(line, kAnswerLimits);
  if (!answer || !answer->is_object()) return failed("its answer is not of this protocol");
  if (const auto result = answer->find("result"); result != answer->end()) {
    return std::optional<json>(std::move(*result));
  }
  if (const auto error = answer->find("error"); error != answer->end()) {
    return tl::unexpected(error_of(*error));
  }
  const auto progress = answer->find("progress");
  if (progress == answer->end() || !progress->is_object()) {
    return failed("its answer is not of this protocol");
  }
  if (on_progress) on_progress(count_in(*progress, "done"), count_in(*progress, "total"));
  return std::optional<json>();
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::filesystem::path& socket) {
  auto fd = connect_unix(socket, SOCK_STREAM, Milliseconds{0});
  if (fd) return ControlClient(std::move(*fd));
  Error error = fd.error();
  error.code = error.code == "socket_absent"    ? "daemon_absent"
               : error.code == "socket_refused" ? "control_refused"
                                                : "control_failed";
  return tl::unexpected(std::move(error));
}

Result<json> ControlClient::call(std::string_view verb, const json& args,
                                 const Progress& on_progress, Milliseconds patience) {
  std::string line = json_text({{"verb", verb}, {"args", args}});
  if (line.size() > kControlLineLimitBytes) {
    return input_error("request_too_large",
                       "the request passes 64 MiB; send fewer or smaller photos");
  }
  line += '\n';
  const auto sent = send_all(fd_.get(), line, patience);
  wipe(std::as_writable_bytes(std::span(line)));
  if (!sent) return tl::unexpected(sent.error());
  for (;;) {
    MAITRED_ASSIGN(const std::string answer_line, receive_line(fd_.get(), received_, patience));
    MAITRED_ASSIGN(auto answer, take_answer(answer_line, on_progress));
    if (answer) return std::move(*answer);
  }
}

}  // namespace maitred
