#include "maitred/base/service.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace maitred {
namespace {

TEST(ServiceNotifier, TellsTheSocketItWasGiven) {
  char folder[] = "/tmp/maitred-notify-XXXXXX";
  const std::string path = std::string(::mkdtemp(folder)) + "/notify";
  const UniqueFd manager(::socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  ServiceNotifier::of_this_process().send("READY=1");
  ServiceNotifier().send("STOPPING=1");
  ::unsetenv("NOTIFY_SOCKET");
  char got[32] = {};
  EXPECT_EQ(::recv(manager.get(), got, sizeof(got), MSG_DONTWAIT), 7);
  EXPECT_STREQ(got, "READY=1");
  EXPECT_LT(::recv(manager.get(), got, sizeof(got), MSG_DONTWAIT), 0);  // and nothing else
  std::filesystem::remove_all(folder);
}

TEST(ServiceNotifier, IsSilentWithoutSystemd) {
  const ServiceNotifier nobody = ServiceNotifier::of_this_process();
  nobody.send("READY=1");
  EXPECT_FALSE(nobody.watchdog());
}

TEST(ServiceNotifier, TheWatchdogIsOfThisProcessAlone) {
  const auto watchdog = [](const char* usec, const char* pid) {
    ::setenv("WATCHDOG_USEC", usec, 1);
    pid == nullptr ? ::unsetenv("WATCHDOG_PID") : ::setenv("WATCHDOG_PID", pid, 1);
    const auto found = ServiceNotifier::of_this_process().watchdog();
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    return found;
  };
  EXPECT_EQ(watchdog("10000000", nullptr), Milliseconds{10'000});
  EXPECT_EQ(watchdog("10000000", std::to_string(::getpid()).c_str()), Milliseconds{10'000});
  EXPECT_FALSE(watchdog("10000000", "1"));
  EXPECT_FALSE(watchdog("soon", nullptr));
}

// In a child, because the descriptors have to be 3 and 4.
TEST(PassedListeners, AreFoundByWhereTheyListen) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int fd = 3; fd < 64; ++fd) ::close(fd);
    const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(tcp, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(tcp, 4);
    socklen_t size = sizeof(address);
    ::getsockname(tcp, reinterpret_cast<sockaddr*>(&address), &size);
    const std::uint16_t port = ntohs(address.sin_port);
    const int other = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    if (tcp != 3 || other != 4) ::_exit(10);
    const std::string own = std::to_string(::getpid());
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_PID", "1", 1);
    if (!take_passed_listeners().empty()) ::_exit(11);
    ::setenv("LISTEN_PID", own.c_str(), 1);
    auto listeners = take_passed_listeners();
    if (listeners.size() != 1) ::_exit(12);
    if (take_listener(listeners, "127.0.0.1", static_cast<std::uint16_t>(port + 1))) ::_exit(13);
    const UniqueFd mine = take_listener(listeners, "127.0.0.1", port);
    if (mine.get() != 3 || !listeners.empty()) ::_exit(14);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace maitred
