#include "session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "maitred/admin/verb.h"
#include "maitred/doors/control/client.h"
#include "maitred/shop/desk/key_access.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {
namespace {

// While a daemon starts or stops, it holds the lock and has no socket.
constexpr int kLockTries = 40;
constexpr useconds_t kLockPause_us = 50'000;

}  // namespace

Session::Session(GlobalOptions options) : options_(std::move(options)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Result<nlohmann::json> Session::ask_store(std::string_view verb, const nlohmann::json& args,
                                          const Progress& progress) {
  if (!shop_) {
    MAITRED_ASSIGN(const KeyAccess key, key_access(settings_->store_key, key_surroundings()));
    MAITRED_ASSIGN(shop_, Shop::open(*settings_, key));
  }
  auto answer = Verbs().run(verb, *shop_, args, this_actor(), progress);
  if (!keep_open_) shop_.reset();
  return answer;
}

Actor this_actor() { return {fmt::format("uid:{}", ::getuid()), wall_now()}; }

KeySurroundings key_surroundings() {
  KeySurroundings surroundings;
  surroundings.credentials_folder = std::getenv("CREDENTIALS_DIRECTORY");
  surroundings.passphrase_file = std::getenv("MAITRED_PASSPHRASE_FILE");
  return surroundings;
}

Result<const Settings*> Session::settings() {
  if (!settings_) {
    const auto file = choose_settings_file(options_.settings_file, std::getenv("MAITRED_CONFIG"));
    MAITRED_ASSIGN(Settings settings, read_settings(file));
    settings_ = std::make_unique<Settings>(std::move(settings));
  }
  return settings_.get();
}

Result<nlohmann::json> Session::ask(std::string_view verb, const nlohmann::json& args) {
  const auto on_store = [this](const Settings&, std::string_view what, const nlohmann::json& with,
                               const Progress& progress) {
    return ask_store(what, with, progress);
  };
  return ask(verb, args, WithoutDaemon(on_store));
}

Result<nlohmann::json> Session::ask(std::string_view verb, const nlohmann::json& args,
                                    const WithoutDaemon& without_daemon) {
  MAITRED_ASSIGN(const Settings* settings, this->settings());
  const auto socket = runtime_folder(*settings, std::getenv("RUNTIME_DIRECTORY")) / "control.sock";
  ProgressBar bar(std::string(verb), options_.quiet || keep_open_);
  const auto show = [&bar](std::uint64_t done, std::uint64_t total) { bar.show(done, total); };
  if (shop_) return without_daemon(*settings, verb, args, show);
  for (int attempt = 0;; ++attempt) {
    auto client = ControlClient::connect(socket);
    if (client) {
      return client->call(verb, args, show);
    }
    if (client.error().code != "daemon_absent") return tl::unexpected(client.error());
    auto answer = without_daemon(*settings, verb, args, show);
    if (answer || answer.error().code != "store_locked" || attempt == kLockTries) return answer;
    ::usleep(kLockPause_us);
  }
}

ProgressBar::ProgressBar(std::string label, bool quiet)
    : label_(std::move(label)), visible_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void ProgressBar::show(std::uint64_t done, std::uint64_t total) {
  if (!visible_ || total == 0) return;
  constexpr std::uint64_t kWidth = 30;
  const std::uint64_t filled = std::min(done, total) * kWidth / total;
  fmt::print(stderr, "\r{} [{:<30}] {:3} % {}/{}", label_, std::string(filled, '#'),
             std::min(done, total) * 100 / total, done, total);
  std::fflush(stderr);
  drawn_ = true;
}

std::string format_table(const std::vector<std::string>& head,
                         const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& cell : head) widths.push_back(cell.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{:<{}}", row[i], widths[i] + 2);
    }
    std::replace(line.begin(), line.end(), '\n', ' ');  // keeps a row on one line
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(head);
  for (const auto& row : rows) add(row);
  return text;
}

}  // namespace maitred
