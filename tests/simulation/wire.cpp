#include "wire.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

namespace maitred::simulation {

class WirePipe : public StaffPipe {
 public:
  explicit WirePipe(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  ~WirePipe() override { wire_->server_died(); }

  void read_some(char* into, std::size_t size_bytes, Done done) override {
    wire_->read_ = Wire::Waiting{into, nullptr, size_bytes, std::move(done)};
  }
  void write_some(const char* from, std::size_t size_bytes, Done done) override {
    wire_->write_ = Wire::Waiting{nullptr, from, size_bytes, std::move(done)};
  }
  void shut_down_sending() override { wire_->server_gone_ = true; }
  void close() override {
    wire_->server_gone_ = true;
    wire_->finish(wire_->read_, false, 0);
    wire_->finish(wire_->write_, false, 0);
  }

 private:
  const std::shared_ptr<Wire> wire_;
};

void Wire::send(const std::string& line) { to_server_ += line + "\n"; }

std::optional<std::string> Wire::next_line() {
  const auto end = to_client_.find('\n');
  if (cut_ || end == std::string::npos) return std::nullopt;
  std::string line = to_client_.substr(0, end);
  to_client_.erase(0, end + 1);
  return line;
}

void Wire::finish(std::optional<Waiting>& waiting, bool ok, std::size_t bytes) {
  if (!waiting) return;
  boost::asio::post(*io_, [done = std::move(waiting->done), ok, bytes] { done(ok, bytes); });
  waiting.reset();
}

bool Wire::move() {
  const bool written = move_write();
  const bool read = move_read();
  return written || read;
}

bool Wire::move_write() {
  if (!write_) return false;
  if (client_gone_) {
    finish(write_, false, 0);
    return true;
  }
  if (cut_) return false;
  const std::size_t count = 1 + chance_.below(write_->size);
  to_client_.append(write_->from, count);
  finish(write_, true, count);
  return true;
}

bool Wire::move_read() {
  if (!read_) return false;
  if (client_gone_) {
    finish(read_, false, 0);
    return true;
  }
  if (cut_ || to_server_.empty()) return false;
  const std::size_t count = 1 + chance_.below(std::min(read_->size, to_server_.size()));
  std::memcpy(read_->into, to_server_.data(), count);
  to_server_.erase(0, count);
  finish(read_, true, count);
  return true;
}

void Wire::server_died() {
  server_gone_ = true;
  read_.reset();
  write_.reset();
}

std::unique_ptr<StaffPipe> make_pipe(std::shared_ptr<Wire> wire) {
  return std::make_unique<WirePipe>(std::move(wire));
}

}  // namespace maitred::simulation
