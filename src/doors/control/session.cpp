#include "session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "maitred/base/json.h"
#include "maitred/base/log.h"
#include "pending_reply.h"

namespace maitred {

using boost::system::error_code;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

std::string error_text(const Error& error) {
  return json_text({{"error",
                     {{"fault", static_cast<int>(error.fault)},
                      {"code", error.code},
                      {"message", error.message}}}});
}

// Best effort: arguments may be secrets. The parser limits the depth.
void wipe_strings(json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    wipe(std::as_writable_bytes(std::span(text.data(), text.size())));
  } else if (value.is_structured()) {
    for (json& element : value) wipe_strings(element);
  }
}

bool is_request(const json& value) {
  if (!value.is_object()) return false;
  const auto verb = value.find("verb");
  const auto args = value.find("args");
  return verb != value.end() && verb->is_string() && args != value.end() && args->is_object();
}

}  // namespace

ControlSession::ControlSession(boost::asio::io_context& io, UniqueFd socket, PeerCredentials peer,
                               std::weak_ptr<Owner> owner, Times times)
    : io_(io),
      socket_(io, boost::asio::local::stream_protocol(), socket.get()),
      peer_(std::move(peer)),
      owner_(std::move(owner)),
      times_(times),
      quiet_since_(Clock::now()) {
  socket.release();
}

void ControlSession::finish() {
  if (gone_) return;
  finishing_ = true;
  if (!busy_ && !writing_) close();
}

void ControlSession::close() {
  if (gone_) return;
  gone_ = true;
  error_code ignored;
  socket_.close(ignored);
  leave();
}

void ControlSession::check_time(Timestamp now) {
  if (gone_) return;
  const bool not_reading = writing_ && now - last_progress_at_ > times_.line;
  const bool not_sending = !busy_ && !input_.empty() && now - line_since_ > times_.line;
  const bool idle = !busy_ && !writing_ && input_.empty() && now - quiet_since_ > times_.idle;
  if (!not_reading && !not_sending && !idle) return;
  if (!idle) {
    journal().warn("closed a control connection (process {}): it {} for {}", peer_.pid,
                   not_reading ? "did not read its answer" : "did not finish its request",
                   format_duration(times_.line));
  }
  close();
}

void ControlSession::read() {
  socket_.async_read_some(boost::asio::buffer(block_.data(), block_.size()),
                          [self = shared_from_this()](const error_code& error, std::size_t count) {
                            if (self->gone_) return;
                            error ? self->close() : self->on_read(count);
                          });
}

void ControlSession::on_read(std::size_t count) {
  if (input_.empty()) line_since_ = Clock::now();
  input_.insert(input_.end(), block_.begin(), block_.begin() + static_cast<std::ptrdiff_t>(count));
  wipe(std::as_writable_bytes(std::span(block_).first(count)));
  take_lines();
}

// One request at a time: the next is read when the last is answered.
void ControlSession::take_lines() {
  if (gone_ || busy_) return;
  if (finishing_) return finish();
  const auto begin = input_.begin();
  const auto end =
      std::find(begin + static_cast<std::ptrdiff_t>(scanned_bytes_), input_.end(), '\n');
  scanned_bytes_ = static_cast<std::size_t>(end - begin);
  if (scanned_bytes_ > kControlLineLimitBytes) return refuse("a request has at most 64 MiB");
  if (end == input_.end()) return read();
  const WipedVector<char> line(begin, end);
  const WipedVector<char> rest(end + 1, input_.end());
  input_ = rest;
  scanned_bytes_ = 0;
  line_since_ = Clock::now();
  take_line({line.data(), line.size()});
}

void ControlSession::take_line(std::string_view line) {
  auto request = parse_json(line, {.bytes = kControlLineLimitBytes, .depth = kControlDepthLimit});
  if (!request) return refuse(request.error().message);
  busy_ = true;
  const ControlReply reply(std::make_shared<ControlReply::Pending>(weak_from_this(), ++requests_));
  const auto owner = owner_.lock();
  if (!owner) return;
  if (!is_request(*request)) {
    return reply.finish(
        input_error("bad_request", "a request is one object: {\"verb\":\"status\",\"args\":{}}"));
  }
  owner->on_request(*request, peer_, reply);
  wipe_strings(*request);
}

void ControlSession::refuse(std::string message) {
  finishing_ = true;
  input_.clear();
  send(error_text({Fault::kInput, "bad_request", std::move(message)}));
}

bool ControlSession::awaits(std::uint64_t request) const {
  return !gone_ && busy_ && request == requests_;
}

void ControlSession::send_progress(std::uint64_t request, std::uint64_t done, std::uint64_t total) {
  if (!awaits(request) || writing_) return;
  send(json_text({{"progress", {{"done", done}, {"total", total}}}}));
}

void ControlSession::send_answer(std::uint64_t request, const Result<json>& answer) {
  if (!awaits(request)) return;
  busy_ = false;
  quiet_since_ = line_since_ = Clock::now();
  send(answer ? json_text({{"result", *answer}}) : error_text(answer.error()));
  // Not within the handler's call.
  boost::asio::post(io_, [self = shared_from_this()] { self->take_lines(); });
}

void ControlSession::send(std::string line) {
  if (gone_) return;
  output_ += line;
  output_ += '\n';
  if (writing_) return;
  last_progress_at_ = Clock::now();
  write();
}

void ControlSession::write() {
  writing_ = true;
  socket_.async_write_some(
      boost::asio::buffer(output_.data() + sent_bytes_, output_.size() - sent_bytes_),
      [self = shared_from_this()](const error_code& error, std::size_t count) {
        if (self->gone_) return;
        error ? self->close() : self->on_written(count);
      });
}

void ControlSession::on_written(std::size_t count) {
  last_progress_at_ = Clock::now();
  sent_bytes_ += count;
  if (sent_bytes_ < output_.size()) return write();
  output_.clear();
  sent_bytes_ = 0;
  writing_ = false;
  if (finishing_) finish();
}

}  // namespace maitred
