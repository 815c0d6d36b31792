// What a confined process can still do. Each check runs in a process of its own, as nothing can be
// undone.
#include "maitred/eye/watch/confinement.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "maitred/base/file.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

// Runs this in a process of its own. Returns 0, or the number of the first check that failed there.
int in_a_process(const std::function<int()>& checks) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(checks());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  return WEXITSTATUS(status);
}

bool refused(long result) { return result < 0 && (errno == EPERM || errno == EACCES); }
bool opens(const std::filesystem::path& file, int flags = O_RDONLY) {
  const int fd = ::open(file.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}
bool socket_opens(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}
long run_a_program() {
  char name[] = "/bin/true";
  char* arguments[] = {name, nullptr};
  return ::execv(name, arguments);
}
// As oneDNN does: writes a function that returns 42, and calls it.
bool makes_code() {
#if defined(__x86_64__)
  constexpr unsigned char kCode[] = {0xB8, 0x2A, 0, 0, 0, 0xC3};
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  std::memcpy(page, kCode, sizeof kCode);
  if (::mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0) return false;
  return reinterpret_cast<int (*)()>(page)() == 42;
#else
  return true;
#endif
}
bool starts_a_thread() {
  bool ran = false;
  std::thread([&ran] { ran = true; }).join();
  return ran;
}
std::string status_of_this_process(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return line.substr(line.find_last_of(" \t") + 1);
  }
  return "";
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class Confined : public testing::Test {
 protected:
  Confined() {
    std::ofstream(secret_) << "key";
    std::filesystem::create_directory(folder_.path() / "models");
    std::ofstream(model_) << "weights";
  }

  TemporaryFolder folder_;
  const std::filesystem::path secret_ = folder_.path() / "store.key";
  const std::filesystem::path model_ = folder_.path() / "models" / "net.onnx";
};

TEST_F(Confined, FilesAreReadWhereAllowedAndWrittenNowhere) {
  EXPECT_EQ(in_a_process([this] {
              const UniqueFd held(::open(secret_.c_str(), O_RDONLY | O_CLOEXEC));
              FileAccess access;
              access.readable = system_files();
              access.readable.push_back(model_.parent_path());
              access.readable.emplace_back("/not/there");
              access.devices.emplace_back("/dev/null");
              if (!confine_files(access)) return 1;
              char letter = 0;
              if (::read(held.get(), &letter, 1) != 1 || letter != 'k') return 2;
              if (!opens(model_)) return 3;
              if (opens(secret_)) return 4;
              if (opens("/etc/shadow") || opens("/etc/hostname")) return 5;
              if (opens(model_, O_WRONLY)) return 6;
              if (opens(model_.parent_path() / "new", O_WRONLY | O_CREAT)) return 7;
              if (!refused(::unlink(model_.c_str()))) return 8;
              if (!refused(run_a_program())) return 9;
              if (!opens("/dev/null", O_RDWR)) return 10;
              if (status_of_this_process("NoNewPrivs") != "1") return 11;
              bool in_thread = true;
              std::thread([&] { in_thread = opens(secret_); }).join();
              return in_thread ? 12 : 0;
            }),
            0);
}

TEST_F(Confined, APhotoProcessComputesAndNothingElse) {
  if (kSanitized) GTEST_SKIP() << "skipped: sanitizers look into the process";
  EXPECT_EQ(in_a_process([this] {
              int pipe[2];
              if (::pipe(pipe) != 0 || ::write(pipe[1], "p", 1) != 1) return 1;
              const pid_t parent = ::getppid();
              if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 2;
              if (!confine_calls(Calls::kComputeOnly)) return 3;
              char letter = 0;
              if (::read(pipe[0], &letter, 1) != 1 || letter != 'p') return 4;
              if (!makes_code()) return 5;
              if (!starts_a_thread()) return 6;
              if (opens(secret_) || opens("/etc/passwd") || opens("/dev/null")) return 7;
              for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
                if (socket_opens(family)) return 8;
              }
              if (!refused(::connect(pipe[0], nullptr, 0))) return 9;
              if (!refused(run_a_program())) return 10;
              if (!refused(::ptrace(PTRACE_ATTACH, parent, nullptr, nullptr))) return 11;
              iovec none{};
              if (!refused(::process_vm_readv(parent, &none, 1, &none, 1, 0))) return 12;
              if (!refused(::kill(parent, 0))) return 13;
              if (!refused(::fork())) return 14;
              if (!refused(::mkdir("/tmp/of-a-confined-process", 0700))) return 15;
              if (!refused(::syscall(SYS_unshare, 0))) return 16;
              bool in_thread = true;
              std::thread([&] { in_thread = opens(secret_); }).join();
              return in_thread ? 17 : 0;
            }),
            0);
}

TEST_F(Confined, TheCallsOfThreadsThatRunAlreadyAreLimitedToo) {
  if (kSanitized) GTEST_SKIP() << "skipped: sanitizers look into the process";
  EXPECT_EQ(in_a_process([this] {
              int go[2];
              if (::pipe(go) != 0) return 1;
              bool opened = true;
              std::thread other([&] {
                char letter = 0;
                if (::read(go[0], &letter, 1) == 1) opened = opens(secret_);
              });
              if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 2;
              if (!confine_calls(Calls::kComputeOnly)) return 3;
              if (::write(go[1], "g", 1) != 1) return 4;
              other.join();
              return opened ? 5 : 0;
            }),
            0);
}

TEST_F(Confined, ACameraReopensItsSourceButStartsAndServesNothing) {
  if (kSanitized) GTEST_SKIP() << "skipped: sanitizers look into the process";
  for (const bool network : {false, true}) {
    SCOPED_TRACE(network);
    EXPECT_EQ(in_a_process([this, network] {
                const pid_t parent = ::getppid();
                if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
                if (!confine_calls(network ? Calls::kNetworkCamera : Calls::kCamera)) return 2;
                if (!opens(model_)) return 3;
                if (!socket_opens(AF_UNIX)) return 4;
                if (socket_opens(AF_INET) != network || socket_opens(AF_INET6) != network) return 5;
                if (socket_opens(AF_PACKET)) return 6;
                if (!starts_a_thread() || !makes_code()) return 7;
                if (!refused(run_a_program())) return 8;
                if (!refused(::fork())) return 9;
                if (!refused(::kill(parent, 0))) return 10;
                if (!refused(::ptrace(PTRACE_ATTACH, parent, nullptr, nullptr))) return 11;
                if (!refused(::chmod(secret_.c_str(), 0644))) return 12;
                const int local = ::socket(AF_UNIX, SOCK_STREAM, 0);
                if (!refused(::listen(local, 1))) return 13;
                if (!refused(::syscall(SYS_setresuid, 0, 0, 0))) return 14;
                return 0;
              }),
              0);
  }
}

TEST_F(Confined, RootIsGivenUp) {
  if (::geteuid() != 0) GTEST_SKIP() << "skipped: not root";
  EXPECT_EQ(in_a_process([this] {
              if (!leave_root()) return 1;
              if (::getuid() == 0 || ::geteuid() == 0 || ::getegid() == 0) return 2;
              if (::getgroups(0, nullptr) != 0) return 3;
              if (::setuid(0) == 0) return 4;
              return opens(secret_) ? 5 : 0;
            }),
            0);
}

TEST_F(Confined, InheritedDescriptorsAreClosed) {
  EXPECT_EQ(in_a_process([this] {
              const int held = ::open(secret_.c_str(), O_RDONLY);
              close_inherited_files();
              char letter = 0;
              return ::read(held, &letter, 1) < 0 && errno == EBADF ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace maitred
