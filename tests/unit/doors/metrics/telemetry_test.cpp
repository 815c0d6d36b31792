// What a monitoring system and systemd get to know.
#include "maitred/doors/metrics/telemetry.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

// systemd's end of $NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::filesystem::path& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "30000", 1);  // so it is fed every 10 ms
  }
  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
  }
  std::vector<std::string> heard() const {
    std::vector<std::string> all;
    char text[256];
    for (ssize_t got = 0; (got = ::recv(socket_.get(), text, sizeof text, 0)) > 0;) {
      all.emplace_back(text, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  UniqueFd socket_;
};

class TelemetryTest : public testing::Test {
 protected:
  void open(ListenSettings listen = {}) {
    TelemetryOptions options;
    options.listen = std::move(listen);
    options.notifier = ServiceNotifier::of_this_process();
    options.facts = [this] { return facts_; };
    options.late_duty = [this] { return late_; };
    auto opened = Telemetry::open(io_, std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    telemetry_ = std::move(*opened);
  }
  WebResponse get(const std::string& path, const std::string& method = "GET") {
    WebRequest request;
    request.method = method;
    request.path = path;
    WebResponse answer;
    telemetry_->on_request(request, [&](WebResponse got) { answer = std::move(got); });
    return answer;
  }
  void run_for(Milliseconds time) {
    io_.restart();
    io_.run_for(time);
  }

  boost::asio::io_context io_;
  ShopFacts facts_;
  std::string late_;
  std::unique_ptr<Telemetry> telemetry_;
};

TEST_F(TelemetryTest, EveryMetricStandsOnceWithItsTypeBeforeIt) {
  CameraState camera;
  for (const char* name : {"door", "till"}) {
    camera.name = name;
    facts_.cameras.push_back(camera);
  }
  for (const char* name : {"webhook a:1", "mqtt b:1"}) {
    facts_.integrations.emplace_back().name = name;
  }
  open();
  telemetry_->metrics().eye_connected("door");
  const WebResponse answer = get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.type, HasSubstr("version=0.0.4"));
  std::istringstream lines(answer.body);
  std::map<std::string, int> families, samples;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      ++families[line.substr(7, line.find(' ', 7) - 7)];
    } else if (!line.starts_with('#')) {
      ++samples[line.substr(0, line.rfind(' '))];
      std::string name = line.substr(0, line.find_first_of("{ "));
      for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        if (name.starts_with("maitred_time_to_claim_seconds") && name.ends_with(suffix)) {
          name.resize(name.size() - std::string(suffix).size());
        }
      }
      EXPECT_EQ(families[name], 1) << line;
    }
  }
  for (const auto& [name, count] : families) EXPECT_EQ(count, 1) << name;
  for (const auto& [name, count] : samples) EXPECT_EQ(count, 1) << name;
  for (const char* name :
       {"maitred_build_info", "maitred_camera_state", "maitred_events_waiting",
        "maitred_visits_total", "maitred_time_to_claim_seconds", "maitred_log_messages_total",
        "process_resident_memory_bytes", "process_start_time_seconds"}) {
    EXPECT_EQ(families[name], 1) << name;
  }
}

TEST_F(TelemetryTest, HealthSaysWhichDutyIsLateAndReadinessWhichCameraIsMissing) {
  CameraState camera;
  camera.name = "door";
  camera.state = EyeState::kConnecting;
  camera.health.note = "no answer from 192.0.2.7";
  facts_.cameras = {camera};
  open();
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_THAT(get("/readyz").body, HasSubstr("door"));
  EXPECT_THAT(get("/readyz").body, HasSubstr("no answer from 192.0.2.7"));
  facts_.cameras[0].state = EyeState::kRunning;
  EXPECT_EQ(get("/readyz").status, 200);
  late_ = "the clock of visits is 12 s late";
  for (const char* path : {"/healthz", "/readyz"}) {
    EXPECT_EQ(get(path).status, 503) << path;
    EXPECT_THAT(get(path).body, HasSubstr("12 s late")) << path;
  }
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(get("/metrics", "POST").status, 405);
}

TEST_F(TelemetryTest, TheWatchdogIsFedWhileAllDutiesAreDone) {
  const TemporaryFolder folder;
  const Manager manager(folder.path() / "notify");
  open();
  telemetry_->ready();
  const std::vector<std::string> first = manager.heard();
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(first.front(), "READY=1");
  const auto is_fed = [&] {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      run_for(5ms);
      const std::vector<std::string> heard = manager.heard();
      if (!heard.empty()) return heard.back() == "WATCHDOG=1";
    }
    return false;
  };
  EXPECT_TRUE(is_fed());
  EXPECT_TRUE(is_fed());
  late_ = "a duty is late";
  manager.heard();
  run_for(60ms);
  EXPECT_TRUE(manager.heard().empty());
  late_.clear();
  EXPECT_TRUE(is_fed());
  telemetry_->stop();
  EXPECT_EQ(manager.heard().back(), "STOPPING=1");
  run_for(60ms);
  EXPECT_TRUE(manager.heard().empty());
}

TEST_F(TelemetryTest, ItIsReachedOverHttpUntilItStops) {
  open({"127.0.0.1", 0});
  const std::uint16_t port = telemetry_->port();
  ASSERT_NE(port, 0);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  ASSERT_GT(::send(client.get(), request.data(), request.size(), 0), 0);
  std::string answer;
  char block[4096];
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (answer.find("ok\n") == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    run_for(5ms);
    const ssize_t got = ::recv(client.get(), block, sizeof block, MSG_DONTWAIT);
    if (got > 0) answer.append(block, static_cast<std::size_t>(got));
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  telemetry_->stop();
  run_for(20ms);
  EXPECT_EQ(telemetry_->port(), 0);
  EXPECT_EQ(::recv(client.get(), block, sizeof block, 0), 0);  // closed
}

TEST(MetricsText, NumbersAndLabelsAreWrittenAsPrometheusReadsThem) {
  MetricsText metrics;
  metrics.family("a_total", "counter", "Help");
  metrics.sample(3, {{"to", "say \"a\\b\"\nend"}});
  metrics.sample(0.25);
  metrics.sample(std::numeric_limits<double>::infinity());
  metrics.sample(std::numeric_limits<double>::quiet_NaN());
  metrics.sample(9'007'199'254'740'992.0, {}, "_sum");
  EXPECT_EQ(metrics.text(),
            "# HELP a_total Help\n# TYPE a_total counter\n"
            "a_total{to=\"say \\\"a\\\\b\\\"\\nend\"} 3\n"
            "a_total 0.25\na_total +Inf\na_total NaN\na_total_sum 9.00719925474099e+15\n");
}

}  // namespace
}  // namespace maitred
