#include "tests/load/staff_load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>

#include "maitred/base/log.h"

namespace maitred::load {

Alert WindowDesk::raise(std::string headline) {
  Alert alert;
  alert.seq = ++last_seq_;
  alert.visit = VisitId(fmt::format("v{}", alert.seq));
  alert.camera = "entrance";
  alert.headline = std::move(headline);
  alert.customer.name = "Ada Example";
  alert.customer.asks = {{1, "trail shoes, size 43", "TS-43", {}, true}};
  open_.push_back(alert);
  if (open_.size() > window_) open_.pop_front();
  return alert;
}

Result<std::vector<Alert>> WindowDesk::open_alerts(std::uint64_t after) {
  std::vector<Alert> found;
  for (const Alert& one : open_) {
    if (one.seq > after) found.push_back(one);
  }
  return found;
}

Result<ClaimAnswer> WindowDesk::claim(const VisitId&, const std::string&, const StaffTerminal&) {
  return input_error("unknown_visit", "not here");
}
Result<Alert> WindowDesk::close(const VisitId&, Outcome, const std::string&, const std::string&,
                                const StaffTerminal&) {
  return input_error("unknown_visit", "not here");
}

namespace {

using Clock = std::chrono::steady_clock;

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

std::int64_t now_ns() {  // the same in every process of this machine
  return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

void write_credentials(const std::filesystem::path& folder) {
  const Owned<EVP_PKEY> pair(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Owned<X509> made(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 36000);
  X509_set_pubkey(made.get(), pair.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("load"), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  X509_sign(made.get(), pair.get(), EVP_sha256());
  std::FILE* file = std::fopen((folder / "load.pem").c_str(), "w");
  PEM_write_X509(file, made.get());
  std::fclose(file);
  file = std::fopen((folder / "load.key").c_str(), "w");
  PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

int connected_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

// With TLS, and resumed; null when it cannot be had.
SSL* tls_client(SSL_CTX* context, std::uint16_t port) {
  const int fd = connected_to(port);
  if (fd < 0) return nullptr;
  SSL* connection = SSL_new(context);
  SSL_set_fd(connection, fd);
  static constexpr std::string_view kResume = "{\"type\":\"resume\",\"after\":0}\n";
  if (SSL_connect(connection) != 1 || SSL_write(connection, kResume.data(), kResume.size()) <= 0) {
    return nullptr;
  }
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return connection;
}

// With --compare they are there in every other phase.
constexpr std::int64_t kPhase_ns = 4'000'000'000;
constexpr std::int64_t kSettling_ns = 1'500'000'000;

bool disturbed(std::int64_t begin_ns, std::int64_t at_ns) {
  return (at_ns - begin_ns) / kPhase_ns % 2 == 1;
}
bool settled(std::int64_t begin_ns, std::int64_t at_ns) {
  return (at_ns - begin_ns) % kPhase_ns > kSettling_ns;
}

// A process of those who disturb: connections that never finish their handshake, a byte a second
// each, and a client that never reads.
class Pests {
 public:
  Pests(const DeliveryOptions& options, std::uint16_t port, SSL_CTX* context, std::int64_t begin_ns)
      : options_(options),
        port_(port),
        context_(context),
        begin_ns_(begin_ns),
        loris_(static_cast<std::size_t>(options.loris), -1) {}

  [[noreturn]] void disturb() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (std::size_t turn = 0;; ++turn) {
      const bool wanted = !options_.compare || disturbed(begin_ns_, now_ns());
      if (wanted && stalled_ == nullptr && options_.stalled) stalled_ = tls_client(context_, port_);
      if (!wanted) leave();
      for (std::size_t i = turn % kTurns; wanted && i < loris_.size(); i += kTurns) drop(loris_[i]);
      ::usleep(1'000'000 / kTurns);
    }
  }

 private:
  static constexpr std::size_t kTurns = 50;  // a second

  // A byte of a handshake that will never be one; a new connection for one that was closed.
  void drop(int& fd) {
    static constexpr char kFirstByte = 0x16;
    if (fd >= 0 && ::send(fd, &kFirstByte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) return;
    if (fd >= 0) ::close(fd);
    fd = connected_to(port_);
  }
  void leave() {
    for (int& fd : loris_) {
      if (fd >= 0) ::close(fd);
      fd = -1;
    }
    if (stalled_ != nullptr) ::close(SSL_get_fd(stalled_));
    stalled_ = nullptr;
  }

  const DeliveryOptions options_;
  const std::uint16_t port_;
  SSL_CTX* const context_;
  const std::int64_t begin_ns_;
  std::vector<int> loris_;
  SSL* stalled_ = nullptr;
};

// A process with all the clients: what it measures, it prints; its status is the result.
class Crowd {
 public:
  Crowd(const DeliveryOptions& options, std::uint16_t port, int ready)
      : options_(options), port_(port), ready_(ready), context_(SSL_CTX_new(TLS_client_method())) {}

  int run() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    const auto begin = Clock::now();
    for (int i = 0; i < options_.clients; ++i) {
      if (!join()) return fail("a client could not connect");
    }
    const pid_t pests = ::fork();
    if (pests == 0) Pests(options_, port_, context_, begin_ns_).disturb();
    fmt::print("{} clients connected in {:.1f} s\n", options_.clients,
               std::chrono::duration<double>(Clock::now() - begin).count());
    if (::write(ready_, "r", 1) != 1) return 1;
    const std::size_t wanted =
        static_cast<std::size_t>(options_.clients) * static_cast<std::size_t>(options_.alerts);
    const auto deadline = Clock::now() +
                          std::chrono::milliseconds(options_.every_ms) * options_.alerts +
                          std::chrono::minutes(10);
    while (latencies_ms_.size() < wanted && Clock::now() < deadline) {
      epoll_event events[256];
      const int count = ::epoll_wait(epoll_, events, 256, 50);
      for (int i = 0; i < count; ++i) read(*clients_[events[i].data.u32]);
    }
    ::kill(pests, SIGKILL);
    ::waitpid(pests, nullptr, 0);
    return report(wanted);
  }

 private:
  struct Client {
    SSL* connection = nullptr;
    std::string input;
  };

  static int fail(const char* why) {
    fmt::print("{}\n", why);
    return 1;
  }

  bool join() {
    auto client = std::make_unique<Client>();
    client->connection = tls_client(context_, port_);
    if (client->connection == nullptr) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(clients_.size());
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, SSL_get_fd(client->connection), &event);
    clients_.push_back(std::move(client));
    return true;
  }

  void read(Client& client) {
    char block[16384];
    for (int got = 0; (got = SSL_read(client.connection, block, sizeof block)) > 0;) {
      client.input.append(block, static_cast<std::size_t>(got));
    }
    const std::int64_t now = now_ns();
    for (std::size_t end = 0; (end = client.input.find('\n')) != std::string::npos;) {
      const std::size_t at = client.input.find("raised at ");
      if (at < end) {
        const std::int64_t raised = std::stoll(client.input.substr(at + 10, 20));
        const double latency_ms = static_cast<double>(now - raised) / 1e6;
        latencies_ms_.push_back(latency_ms);
        if (settled(begin_ns_, raised)) {
          (disturbed(begin_ns_, raised) ? disturbed_ms_ : quiet_ms_).push_back(latency_ms);
        }
      }
      client.input.erase(0, end + 1);
    }
  }

  static double quantile(std::vector<double>& values, double share) {
    if (values.empty()) return 0.0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  }

  int report(std::size_t wanted) {
    if (latencies_ms_.size() < wanted) {
      fmt::print("only {} of {} deliveries came\n", latencies_ms_.size(), wanted);
      return 1;
    }
    const auto at = [this](double share) { return quantile(latencies_ms_, share); };
    if (options_.compare) {
      fmt::print(
          "p99 alone {:.2f} ms, p99 with them {:.2f} ms: {:+.0f} %; median {:.2f} and {:.2f} "
          "ms\n",
          quantile(quiet_ms_, 0.99), quantile(disturbed_ms_, 0.99),
          (quantile(disturbed_ms_, 0.99) / quantile(quiet_ms_, 0.99) - 1.0) * 100.0,
          quantile(quiet_ms_, 0.5), quantile(disturbed_ms_, 0.5));
    }
    fmt::print(
        "{} clients over TLS, {} alerts, {} half-open connections{}: median {:.1f} ms, p99 "
        "{:.1f} ms, slowest {:.1f} ms\n",
        options_.clients, options_.alerts, options_.loris,
        options_.stalled ? ", one client that never reads" : "", at(0.5), at(0.99), at(1.0));
    return options_.p99_ms > 0.0 && at(0.99) > options_.p99_ms ? 1 : 0;
  }

  const DeliveryOptions options_;
  const std::uint16_t port_;
  const int ready_;
  SSL_CTX* context_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<double> latencies_ms_;
  const std::int64_t begin_ns_ = now_ns();
  std::vector<double> quiet_ms_, disturbed_ms_;  // of --compare
};

}  // namespace

int measure_delivery(const DeliveryOptions& options) {
  char name[] = "/tmp/maitred-load-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  write_credentials(folder);
  boost::asio::io_context io(1);
  WindowDesk desk(1);
  auto opened = StaffServer::open(io, desk,
                                  {.listen = "127.0.0.1:0",
                                   .server = "maitred load",
                                   .store = "load",
                                   .tls_cert = (folder / "load.pem").string(),
                                   .tls_key = (folder / "load.key").string()});
  std::filesystem::remove_all(folder);
  if (!opened) {
    fmt::print("{}\n", opened.error().message);
    return 1;
  }
  StaffServer& server = **opened;
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return 1;
  std::fflush(stdout);
  const pid_t crowd = ::fork();
  if (crowd == 0) {
    const int status = Crowd(options, server.port(), ready[1]).run();
    std::fflush(stdout);
    ::_exit(status);
  }
  ::fcntl(ready[0], F_SETFL, O_NONBLOCK);
  boost::asio::steady_timer timer(io);
  int left = options.alerts;
  bool is_ready = false;
  int status = 0;
  std::function<void()> turn = [&] {
    timer.expires_after(std::chrono::milliseconds(options.every_ms));
    timer.async_wait([&](const boost::system::error_code&) {
      char byte = 0;
      is_ready = is_ready || ::read(ready[0], &byte, 1) == 1;
      if (is_ready && left > 0) {
        --left;
        server.publish(desk.raise(fmt::format("raised at {:020}", now_ns())));
      }
      if (::waitpid(crowd, &status, WNOHANG) == crowd) return io.stop();
      turn();
    });
  };
  turn();
  io.run();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace maitred::load

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  (void)maitred::set_log_level("error");
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  CLI::App app{"Load on the staff server"};
  app.require_subcommand(1);
  maitred::load::DeliveryOptions delivery;
  CLI::App* verb = app.add_subcommand("delivery", "From an alert to every TLS client");
  verb->add_option("--clients", delivery.clients);
  verb->add_option("--alerts", delivery.alerts);
  verb->add_option("--loris", delivery.loris, "Connections that never finish their handshake");
  verb->add_option("--stalled", delivery.stalled, "One client more that never reads");
  verb->add_option("--every-ms", delivery.every_ms);
  verb->add_flag("--compare", delivery.compare,
                 "The half-open and the stalled ones are there half the time: how much they cost");
  verb->add_option("--p99-ms", delivery.p99_ms, "Fail above this");
  maitred::load::StormOptions storm;
  CLI::App* storm_verb = app.add_subcommand("disconnects", "Nothing lost, nothing shown twice");
  storm_verb->add_option("--events", storm.events);
  storm_verb->add_option("--disconnects", storm.disconnects);
  int races = 200;
  CLI::App* race_verb = app.add_subcommand("claims", "Two claim at once: one wins");
  race_verb->add_option("--races", races);
  CLI11_PARSE(app, argc, argv);
  if (*race_verb) return maitred::load::race_claims(races);
  return *verb ? maitred::load::measure_delivery(delivery)
               : maitred::load::weather_disconnects(storm);
}
