// Two terminals claim the same visit at once: one gets it, both learn who, and so says the store.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "maitred/doors/staff/staff_server.h"
#include "maitred/shop/desk/shop.h"
#include "tests/load/staff_load.h"

namespace maitred::load {
namespace {

using nlohmann::json;

// A terminal that waits for its answers.
class Terminal {
 public:
  Terminal(std::uint16_t port, std::string name) : name_(std::move(name)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    send({{"type", "resume"}, {"after", 0}});
  }
  ~Terminal() { ::close(fd_); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  const std::string& name() const { return name_; }
  void send(const json& message) {
    const std::string line = message.dump() + "\n";
    (void)!::send(fd_, line.data(), line.size(), MSG_NOSIGNAL);
  }
  // The next message of this type; null at the end.
  json until(const char* type) {
    for (;;) {
      const std::size_t end = input_.find('\n');
      if (end == std::string::npos) {
        std::array<char, 16384> block{};
        const ssize_t got = ::recv(fd_, block.data(), block.size(), 0);
        if (got <= 0) return nullptr;
        input_.append(block.data(), static_cast<std::size_t>(got));
        continue;
      }
      json message = json::parse(input_.substr(0, end));
      input_.erase(0, end + 1);
      if (message["type"] == type) return message;
    }
  }

 private:
  const std::string name_;
  int fd_ = -1;
  std::string input_;
};

// Both see the alert, both claim it, each in a thread of its own; the winner closes it.
bool race(Terminal& one, Terminal& other) {
  const json seen = one.until("alert");
  if (seen.is_null() || other.until("alert") != seen) return false;
  const json visit = seen["visit"];
  const auto claim = [&visit](Terminal& terminal, json& answer) {
    terminal.send({{"type", "claim"}, {"visit", visit}, {"by", terminal.name()}});
    // The winner's claim is told to everyone; a loser gets one line more, of its own.
    answer = terminal.until("claimed");
    if (answer.value("ok", false) && answer.value("by", "") != terminal.name()) {
      answer = terminal.until("claimed");
    }
  };
  json first, second;
  std::thread rival([&] { claim(other, second); });
  claim(one, first);
  rival.join();
  if (first.is_null() || second.is_null()) return false;
  const bool one_won = first.value("ok", false), other_won = second.value("ok", false);
  if (one_won == other_won || first["by"] != second["by"]) return false;
  Terminal& winner = one_won ? one : other;
  if (first["by"] != winner.name()) return false;
  winner.send({{"type", "close"}, {"visit", visit}, {"outcome", "served"}, {"note", ""}});
  for (;;) {
    const json update = winner.until("update");
    if (update.is_null()) return false;
    if (update["visit"] == visit && update["state"] == "closed")
      return update["by"] == winner.name();
  }
}

Result<std::unique_ptr<Shop>> fresh_shop(const std::filesystem::path& folder) {
  Settings settings;
  settings.store_path = folder / "store.db";
  settings.visits.cooldown = Milliseconds{0};
  settings.visits.escalate.clear();
  KeyAccess key;
  key.source = {KeyKind::kFile, (folder / "key").string()};
  MAITRED_TRY(Store::create(settings.store_path, key, Actor{"load", wall_now()}));
  return Shop::open(settings, key);
}

Result<CustomerId> somebody(Shop& shop) {
  const WallTime now = wall_now();
  NewCustomer customer{};
  customer.consent = {"v1", "form", {Scope::kRecognition}, "", now, now + std::chrono::hours{24},
                      {}};
  customer.profile.name = "Robin Sample";
  return shop.store().customers().enrol(customer, Actor{"load", wall_now()});
}

int run_races(Shop& shop, int races) {
  const auto customer = somebody(shop);
  if (!customer) return 1;
  boost::asio::io_context io(1);
  auto opened = StaffServer::open(
      io, shop.desk(), {.listen = "127.0.0.1:0", .server = "maitred load", .store = "load"});
  if (!opened) return 1;
  StaffServer& server = **opened;
  shop.desk().set_sink([&server](const Alert& alert) { server.publish(alert); });
  int won_once = 0;
  const auto begin = std::chrono::steady_clock::now();
  std::thread terminals([&] {
    Terminal one(server.port(), "Sam");
    Terminal other(server.port(), "Alex");
    for (int i = 0; i < races; ++i) {
      // The core does it: nobody else may touch the store.
      boost::asio::post(io, [&shop, customer, i] {
        Match match;
        match.customer = *customer;
        match.camera = "entrance";
        match.first_seen = match.at = wall_now() + Milliseconds{i};
        (void)shop.desk().arrive(match);
      });
      if (!race(one, other)) break;
      ++won_once;
    }
    boost::asio::post(io, [&io] { io.stop(); });
  });
  io.run();
  terminals.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print(
      "{} visits claimed by two at once: {} had exactly one winner, and both learned who; "
      "{:.1f} s\n",
      races, won_once, seconds);
  return won_once == races ? 0 : 1;
}

}  // namespace

int race_claims(int races) {
  char name[] = "/tmp/maitred-load-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  int status = 1;
  auto shop = fresh_shop(folder);
  if (shop) {
    status = run_races(**shop, races);
  } else {
    fmt::print("{}\n", shop.error().message);
  }
  std::filesystem::remove_all(folder);
  return status;
}

}  // namespace maitred::load
