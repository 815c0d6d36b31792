#include "tests/unit/doors/staff/staff_fixture.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace maitred {

Alert new_alert(std::uint64_t seq, const std::string& visit) {
  Alert alert;
  alert.seq = seq;
  alert.visit = VisitId(visit);
  alert.camera = "entrance";
  alert.headline = "Advisor needed";
  alert.customer.name = "Ada Example";
  return alert;
}

std::optional<StaffTerminal> FakeDesk::authenticate(std::string_view shown) {
  if (token.empty() || shown != token) return {};
  return StaffTerminal{"till-1"};
}

Result<std::vector<Alert>> FakeDesk::open_alerts(std::uint64_t after) {
  std::vector<Alert> out;
  for (const auto& [visit, alert] : alerts) {
    if (alert.seq > after && alert.state != AlertState::kClosed) out.push_back(alert);
  }
  return out;
}

Result<ClaimAnswer> FakeDesk::claim(const VisitId& visit, const std::string& by,
                                    const StaffTerminal& terminal) {
  claimed_at = terminal.name;
  const auto found = alerts.find(visit.value);
  if (found == alerts.end()) return input_error("unknown_visit", "no such visit");
  Alert& alert = found->second;
  if (!alert.by.empty()) return ClaimAnswer{alert.by == by, alert.by, {}};
  alert.by = by;
  alert.state = AlertState::kClaimed;
  alert.seq = ++last_seq;
  return ClaimAnswer{true, by, alert};
}

Result<Alert> FakeDesk::close(const VisitId& visit, Outcome outcome, const std::string& note,
                              const std::string& by, const StaffTerminal& terminal) {
  closed_at = terminal.name;
  const auto found = alerts.find(visit.value);
  if (found == alerts.end()) return input_error("unknown_visit", "no such visit");
  Alert& alert = found->second;
  alert.state = AlertState::kClosed;
  alert.outcome = outcome;
  alert.seq = ++last_seq;
  closed_by = by;
  closed_note = note;
  return alert;
}

void FakeDesk::ack(std::uint64_t seq, const StaffTerminal&) { acks.push_back(seq); }

Alert FakeDesk::add(const std::string& visit) {
  return alerts[visit] = new_alert(++last_seq, visit);
}

TestClient::TestClient(std::uint16_t port, int receive_buffer_bytes)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer_bytes > 0) {
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

void TestClient::send(const std::string& bytes) {
  // The first call after a reset learns of it, be it this one or recv.
  if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    reset_ = reset_ || errno == ECONNRESET || errno == EPIPE;
  }
}

void TestClient::finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }

void TestClient::collect() {
  char block[65536];
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), block, sizeof block, MSG_DONTWAIT);
    if (got <= 0) {
      reset_ = reset_ || (got < 0 && errno == ECONNRESET);
      ended_ = ended_ || got == 0 || reset_;
      return;
    }
    input_.append(block, static_cast<std::size_t>(got));
    received_bytes_ += static_cast<std::size_t>(got);
  }
}

std::optional<nlohmann::json> TestClient::take() {
  collect();
  const std::size_t end = input_.find('\n');
  if (end == std::string::npos) return {};
  const std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return nlohmann::json::parse(line);
}

bool TestClient::ended() {
  collect();
  return ended_;
}

void StaffFixture::open(StaffServerOptions options) {
  if (options.server == "maitred") options.listen = "127.0.0.1:0";
  auto opened = StaffServer::open(io, desk, std::move(options));
  ASSERT_TRUE(opened) << opened.error().message;
  server = std::move(*opened);
}

nlohmann::json StaffFixture::next(TestClient& client) {
  std::optional<nlohmann::json> line;
  run_until([&] {
    if (!line) line = client.take();
    return line.has_value() || client.ended();
  });
  if (!line) line = client.take();
  return line.value_or(nullptr);
}

bool StaffFixture::is_quiet(TestClient& client) {
  run_for(Milliseconds{20});
  return !client.take() && !client.ended();
}

TestClient StaffFixture::greeted() {
  TestClient client(server->port());
  EXPECT_EQ(next(client)["type"], "hello");
  return client;
}

TestClient StaffFixture::listener(std::uint64_t after) {
  TestClient client = greeted();
  const std::size_t before = server->clients_resumed();
  client.say(R"({"type":"resume","after":)" + std::to_string(after) + "}");
  EXPECT_TRUE(run_until([&] { return server->clients_resumed() > before; }));
  return client;
}

bool StaffFixture::is_closed(TestClient& client) {
  return run_until([&] { return client.ended(); });
}

Alert StaffFixture::publish(const std::string& visit) {
  const Alert alert = desk.add(visit);
  server->publish(alert);
  return alert;
}

void StaffFixture::publish_long(std::size_t headline_bytes) {
  const std::uint64_t seq = ++desk.last_seq;
  Alert alert = new_alert(seq, fmt::format("long{}", seq));
  alert.headline = std::string(headline_bytes, 'h');
  server->publish(alert);
}

}  // namespace maitred
