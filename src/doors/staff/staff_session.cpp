#include "staff_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

#include "maitred/base/log.h"
#include "maitred/base/secret.h"
#include "maitred/base/stranger_log.h"

namespace maitred::staff {

using boost::system::error_code;
using Clock = std::chrono::steady_clock;

SharedLine make_line(std::string text) {
  text += '\n';
  return std::make_shared<const std::string>(std::move(text));
}

StaffSession::StaffSession(Parts parts, std::weak_ptr<Owner> owner, const StaffLimits& limits)
    : io_(parts.io),
      stream_(std::move(parts.stream)),
      address_(std::move(parts.address)),
      greeting_(std::move(parts.greeting)),
      owner_(std::move(owner)),
      limits_(limits),
      connected_at_(Clock::now()),
      last_line_at_(connected_at_) {}

void StaffSession::start() {
  stream_->open([self = shared_from_this()](const error_code& error) {
    if (self->phase_ != Phase::kOpening) return;
    if (error) return self->close();
    self->phase_ = Phase::kOpen;
    self->connected_at_ = self->last_line_at_ = Clock::now();
    if (self->refusal_) return self->refuse(self->refusal_->second);
    self->send(self->greeting_);
    self->read();
  });
}

// A client that has shown no token and does not listen makes room for others.
Claim StaffSession::claim() const {
  if (standing_.authenticated && standing_.resumed) return {.authenticated = true};
  return {.authenticated = !standing_.terminal.name.empty(), .since = connected_at_};
}

void StaffSession::send(SharedLine line, Counts counts) {
  if (phase_ != Phase::kOpen) return;
  if (counts == Counts::kYes) {
    if (unsent_bytes_ > 0 && unsent_bytes_ + line->size() > limits_.unsent_bytes) {
      return cut_off("it does not read fast enough");
    }
    unsent_bytes_ += line->size();
  }
  output_.push_back({std::move(line), counts});
  if (!writing_) {
    last_progress_at_ = Clock::now();
    write();
  }
}

void StaffSession::refuse_after(Milliseconds wait, Error error) {
  if (wait.count() == 0 && phase_ == Phase::kOpen) return refuse(error);
  refusal_ = {Clock::now() + wait, std::move(error)};
  input_.clear();
}

void StaffSession::refuse(const Error& error) {
  if (phase_ != Phase::kOpen) return;
  note(error.code, fmt::format("staff client {}: {} ({})", id(), error.message, error.code));
  send(make_line(error_line(error)), Counts::kNo);
  finish();
}

// Only a terminal with a token may fill the log.
void StaffSession::note(std::string_view kind, std::string_view text) const {
  if (!standing_.terminal.name.empty()) return journal().info("{}", text);
  log_stranger(journal(), spdlog::level::info, fmt::format("staff {}", kind), text);
}

void StaffSession::finish() {
  if (phase_ == Phase::kOpening) return close();
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kFinishing;
  input_.clear();
  if (!writing_) return linger();
  read();
}

void StaffSession::close() {
  if (phase_ == Phase::kGone) return;
  phase_ = Phase::kGone;
  stream_->close();
  output_.clear();
  leave();
}

void StaffSession::cut_off(std::string_view why) {
  note(why, fmt::format("staff client {} was disconnected: {}; it can resume", id(), why));
  close();
}

void StaffSession::check_time(Timestamp now) {
  if (writing_ && now - last_progress_at_ > limits_.stalled) return cut_off("it does not read");
  if (phase_ == Phase::kLingering && now - lingering_since_ > limits_.lingering) return close();
  if (phase_ == Phase::kOpening && now - connected_at_ > limits_.handshake) return close();
  if (phase_ != Phase::kOpen) return;
  if (refusal_) {
    if (now >= refusal_->first) refuse(refusal_->second);
    return;
  }
  if (!standing_.authenticated && now - connected_at_ > limits_.auth) {
    return refuse({Fault::kInput, "auth_timeout",
                   fmt::format("no token within {}; send {{\"type\":\"auth\",\"token\":\"...\"}}",
                               format_duration(limits_.auth))});
  }
  if (!standing_.resumed && now - last_line_at_ > limits_.idle) {
    refuse({Fault::kInput, "idle",
            fmt::format("nothing said for {}; send {{\"type\":\"resume\",\"after\":0}} to listen",
                        format_duration(limits_.idle))});
  }
}

void StaffSession::read() {
  if (reading_ || input_ended_ || phase_ == Phase::kGone) return;
  reading_ = true;
  stream_->read_some(boost::asio::buffer(block_),
                     [self = shared_from_this()](const error_code& error, std::size_t count) {
                       self->reading_ = false;
                       if (self->phase_ == Phase::kGone) return;
                       error ? self->on_end_of_input() : self->on_read(count);
                     });
}

void StaffSession::on_end_of_input() {
  input_ended_ = true;
  if (phase_ == Phase::kLingering) return close();
  finish();
}

void StaffSession::on_read(std::size_t count) {
  if (phase_ == Phase::kOpen && !refusal_) {
    input_.append(block_.data(), count);
    // It may have been a token.
    wipe(std::as_writable_bytes(std::span(block_).first(count)));
    return take_next_line();
  }
  if (!refusal_) read();
}

// One request for each turn of the loop: a client with much to say does not hold up the others.
void StaffSession::take_next_line() {
  if (phase_ != Phase::kOpen || refusal_) return;
  const std::size_t end = input_.find('\n');
  if (end > kStaffLineLimitBytes && input_.size() > kStaffLineLimitBytes) {
    return refuse({Fault::kInput, "line_too_long", "a line has at most 16 KiB"});
  }
  if (end == std::string::npos) return read();
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  last_line_at_ = Clock::now();
  take_line(line);
  wipe(std::as_writable_bytes(std::span(line)));
  boost::asio::post(io_, [self = shared_from_this()] { self->take_next_line(); });
}

void StaffSession::take_line(std::string_view line) {
  auto request = parse_request(line);
  if (!request) return refuse(request.error());
  if (const auto owner = owner_.lock()) owner->on_request(*this, std::move(*request));
}

void StaffSession::write() {
  writing_ = true;
  const std::string& line = *output_.front().line;
  stream_->write_some(
      boost::asio::buffer(line.data() + sent_of_first_bytes_, line.size() - sent_of_first_bytes_),
      [self = shared_from_this(), line_alive = output_.front().line](const error_code& error,
                                                                     std::size_t count) {
        if (self->phase_ == Phase::kGone) return;
        if (error) return self->close();
        self->on_written(count);
      });
}

void StaffSession::on_written(std::size_t count) {
  last_progress_at_ = Clock::now();
  const Queued& first = output_.front();
  sent_of_first_bytes_ += count;
  if (first.counts == Counts::kYes) unsent_bytes_ -= count;
  if (sent_of_first_bytes_ == first.line->size()) {
    output_.pop_front();
    sent_of_first_bytes_ = 0;
  }
  if (!output_.empty()) return write();
  writing_ = false;
  if (phase_ == Phase::kFinishing) linger();
}

void StaffSession::linger() {
  if (input_ended_) return close();
  phase_ = Phase::kLingering;
  lingering_since_ = Clock::now();
  stream_->shut_down_sending();
  read();
}

}  // namespace maitred::staff
