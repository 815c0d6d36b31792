// maitred: the core.
#include <fmt/format.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/log.h"
#include "maitred/base/secret.h"
#include "maitred/base/service.h"
#include "maitred/daemon/daemon.h"
#include "maitred/models/verify.h"
#include "maitred/shop/desk/key_access.h"
#include "maitred/shop/desk/shop.h"

namespace maitred {
namespace {

struct Options {
  std::string settings_file;
  bool spawn_eyes = false;
  bool exit_when_done = false;
  bool check = false;
};

// No core files: the memory of this process holds keys and templates.
void forbid_core_files() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

// Each staff terminal needs a file descriptor.
void raise_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 65536);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// A running core has the store open: everything else was checked.
int report_without_store(const Settings& settings, const Error& locked) {
  fmt::print("{}: configuration and models of engine {} are good; store not checked: {}\n",
             settings.file.string(), settings.engine, locked.message);
  return 0;
}

// A command of the administrator may hold the store for a moment.
Result<std::unique_ptr<Shop>> open_shop(const Settings& settings, const KeyAccess& key) {
  constexpr int kTries = 20;
  for (int attempt = 1;; ++attempt) {
    auto shop = Shop::open(settings, key);
    if (shop || shop.error().code != "store_locked" || attempt == kTries) return shop;
    ::usleep(100'000);
  }
}

Result<int> run(const Options& options) {
  std::vector<PassedListener> passed = take_passed_listeners();
  const auto file = choose_settings_file(options.settings_file, std::getenv("MAITRED_CONFIG"));
  MAITRED_ASSIGN(const Settings settings, read_settings(file));
  MAITRED_TRY(start_logging("maitred", settings.log_level, settings.log_modules));
  DaemonOptions daemon_options;
  daemon_options.runtime_folder = runtime_folder(settings, std::getenv("RUNTIME_DIRECTORY"));
  daemon_options.spawn_eyes = options.spawn_eyes;
  daemon_options.exit_when_done = options.exit_when_done;
  daemon_options.eye_program = program_folder() / "maitred-eye";
  daemon_options.notifier = ServiceNotifier::of_this_process();
  daemon_options.passed = std::move(passed);
  // The user of maitred-eye@.service, if the package has made one.
  if (const passwd* user = ::getpwnam("maitred-eye")) {
    daemon_options.eye_users.push_back(user->pw_uid);
  }
  MAITRED_TRY(check_settings(settings, daemon_options));
  MAITRED_TRY(
      locate(Manifest::built_in(), settings.engine, settings.models_dir, shipped_model_folders()));
  KeySurroundings surroundings;
  surroundings.credentials_folder = std::getenv("CREDENTIALS_DIRECTORY");
  surroundings.passphrase_file = std::getenv("MAITRED_PASSPHRASE_FILE");
  MAITRED_ASSIGN(const KeyAccess key, key_access(settings.store_key, surroundings));
  auto opened = open_shop(settings, key);
  if (options.check && !opened && opened.error().code == "store_locked") {
    return report_without_store(settings, opened.error());
  }
  MAITRED_ASSIGN(std::unique_ptr<Shop> shop, std::move(opened));
  if (options.check) {
    MAITRED_TRY(check_staff_tokens(settings, shop->store()));
    MAITRED_TRY(shop->store().check());
    MAITRED_ASSIGN(const Recognition* recognition, shop->recognition());
    MAITRED_ASSIGN(const std::uint64_t enrolled, shop->store().customers().count());
    fmt::print(
        "{}: configuration, store ({} customers, {} can be recognised) and models of engine "
        "{} are good\n",
        settings.file.string(), enrolled, recognition->customers(), recognition->engine());
    return 0;
  }
  MAITRED_ASSIGN(const auto daemon, Daemon::open(std::move(shop), std::move(daemon_options)));
  return daemon->run();
}

}  // namespace
}  // namespace maitred

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  maitred::forbid_core_files();
  maitred::raise_open_files();
  maitred::initialise_crypto();
  maitred::Options options;
  CLI::App app{"maitred: recognises customers who asked for it, and calls an advisor", "maitred"};
  app.set_version_flag("--version", "maitred " MAITRED_VERSION);
  app.add_option("-c,--config", options.settings_file,
                 "Configuration file (default: $MAITRED_CONFIG, then /etc/maitred/maitred.toml)");
  app.add_flag("--spawn-eyes", options.spawn_eyes,
               "Start and supervise a maitred-eye for each camera");
  app.add_flag("--exit-when-done", options.exit_when_done,
               "End when every camera is a file that has been read to its end");
  app.add_flag("--check", options.check, "Check configuration, store and models, and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "maitred: {}; see maitred --help\n", error.what());
    return 2;
  }
  try {
    const maitred::Result<int> status = maitred::run(options);
    if (status) return *status;
    fmt::print(stderr, "maitred: {}\n", status.error().message);
    return static_cast<int>(status.error().fault);
  } catch (const std::exception& error) {
    fmt::print(stderr, "maitred: {}\n", error.what());
    return 3;
  }
}
