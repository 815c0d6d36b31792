// maitredctl: the command line of admin and staff.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "command_line.h"
#include "maitred/base/log.h"
#include "maitred/base/secret.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  maitred::initialise_crypto();
  (void)maitred::start_logging("maitredctl", "error");
  try {
    return maitred::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "maitredctl: {}\n", error.what());
    return 3;
  }
}
