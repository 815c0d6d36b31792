// A staff server with a desk of its own and plain TCP clients, all in one thread.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/doors/staff/staff_server.h"

namespace maitred {

Alert new_alert(std::uint64_t seq, const std::string& visit);

// First claim wins; everything is remembered.
class FakeDesk : public StaffDesk {
 public:
  bool tokens_required() override { return !token.empty(); }
  std::optional<StaffTerminal> authenticate(std::string_view shown) override;
  Result<std::vector<Alert>> open_alerts(std::uint64_t after) override;
  Result<ClaimAnswer> claim(const VisitId& visit, const std::string& by,
                            const StaffTerminal& terminal = {}) override;
  Result<Alert> close(const VisitId& visit, Outcome outcome, const std::string& note,
                      const std::string& by, const StaffTerminal& terminal = {}) override;
  void ack(std::uint64_t seq, const StaffTerminal& terminal) override;

  // A new alert, to be published by the test.
  Alert add(const std::string& visit);

  std::string token;
  std::map<std::string, Alert> alerts;
  std::uint64_t last_seq = 0;
  std::vector<std::uint64_t> acks;
  std::string closed_by;
  std::string claimed_at;  // the terminal of the last claim, by its token
  std::string closed_at;
  std::string closed_note;
};

// A client that does what the test says, over a real socket.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port, int receive_buffer_bytes = 0);

  void send(const std::string& bytes);
  void say(const std::string& line) { send(line + "\n"); }
  void finish_sending();
  // What has come by now.
  void collect();
  std::optional<nlohmann::json> take();
  bool ended();  // the server closed
  bool reset() const { return reset_; }
  std::size_t received_bytes() const { return received_bytes_; }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  std::string input_;
  std::size_t received_bytes_ = 0;
  bool ended_ = false;
  bool reset_ = false;
};

class StaffFixture : public testing::Test {
 protected:
  void open(StaffServerOptions options = {});
  void open_with(StaffLimits limits) {
    open({.listen = "127.0.0.1:0", .server = "maitred test", .store = "store-1", .limits = limits});
  }

  // Runs the server until `done` or for two seconds.
  template <class Predicate>
  bool run_until(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io.restart();  // it stops when nothing is left to do
      io.run_one_for(std::chrono::milliseconds(2));
    }
    return done();
  }
  void run_for(Milliseconds time) {
    io.restart();
    io.run_for(time);
  }

  // The next line to this client; null when none comes.
  nlohmann::json next(TestClient& client);
  // Nothing more comes to this client; it is still connected.
  bool is_quiet(TestClient& client);
  // Connected, greeted and listening.
  TestClient listener(std::uint64_t after = 0);
  TestClient greeted();
  bool is_closed(TestClient& client);
  Alert publish(const std::string& visit);
  // An alert of a visit of its own that the desk does not keep.
  void publish_long(std::size_t headline_bytes);

  boost::asio::io_context io;
  FakeDesk desk;
  std::unique_ptr<StaffServer> server;
};

}  // namespace maitred
