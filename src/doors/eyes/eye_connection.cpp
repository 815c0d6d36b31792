#include "eye_connection.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "maitred/base/log.h"

namespace maitred {
namespace {

// Checks the order of messages, and that a sighting is what the hello announced.
Status check_place(std::optional<EyeHello>& hello, const EyeMessage& message) {
  if (const auto* first = std::get_if<EyeHello>(&message)) {
    if (hello) return input_error("bad_eye_message", "it sent a second hello");
    hello = *first;
    return {};
  }
  if (!hello) return input_error("bad_eye_message", "its first message is not a hello");
  const auto* sighting = std::get_if<Sighting>(&message);
  if (sighting != nullptr && (sighting->probe.engine() != hello->engine ||
                              sighting->probe.values().size() != hello->template_length)) {
    return input_error("bad_eye_message", "it sent a template of another engine than its hello");
  }
  return {};
}

}  // namespace

EyeConnection::EyeConnection(boost::asio::io_context& io, UniqueFd socket, pid_t pid, Rate rate,
                             std::weak_ptr<Owner> owner)
    : socket_(io, socket.get()),
      pid_(pid),
      rate_(rate),
      owner_(std::move(owner)),
      pause_(io),
      messages_(rate.per_second, rate.burst, std::chrono::steady_clock::now()) {
  socket.release();
}

void EyeConnection::start() {
  if (const auto owner = owner_.lock()) owner->on_connected(id(), pid_);
  wait_for_message();
}

void EyeConnection::close() {
  if (gone_) return;
  gone_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  pause_.cancel();
  leave();
}

void EyeConnection::wait_for_message() {
  if (gone_) return;
  socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error && !self->gone_) self->receive();
                     });
}

// One message for each turn of the loop, so that a fast eye does not starve the others.
void EyeConnection::receive() {
  const ssize_t got =
      ::recv(socket_.native_handle(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return wait_for_message();
  if (got <= 0) return close();
  const auto bytes =
      std::span(buffer_).first(std::min(static_cast<std::size_t>(got), buffer_.size()));
  auto message = decode(bytes);
  wipe(std::as_writable_bytes(bytes));
  if (!message) return refuse(message.error());
  if (const Status fit = check_place(hello_, *message); !fit) return refuse(fit.error());
  if (const auto owner = owner_.lock()) owner->on_message(id(), std::move(*message));
  pace();
}

// An eye that floods is slowed down, not cut off: a film that is read fast may send as much.
void EyeConnection::pace() {
  if (gone_) return;
  const Milliseconds wait = messages_.borrow(std::chrono::steady_clock::now());
  if (wait.count() == 0) return wait_for_message();
  if (!std::exchange(flood_logged_, true)) {
    journal().warn(
        "the eye of {} (process {}) sends more than {:.0f} messages a second: the rest "
        "waits",
        hello_ ? hello_->camera : "a camera", pid_, rate_.per_second);
  }
  pause_.expires_after(wait);
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->wait_for_message();
  });
}

void EyeConnection::refuse(const Error& error) {
  journal().warn("closing the connection of the eye of {} (process {}): {}",
                 hello_ ? hello_->camera : "a camera", pid_, error.message);
  close();
}

}  // namespace maitred
