#include "maitred/eye/watch/confinement.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <spdlog/fmt/fmt.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "maitred/base/file.h"

namespace maitred {
namespace {

// Newer than the headers of Debian 12.
constexpr std::uint64_t kTruncate = 1ULL << 14U;            // from version 3
constexpr std::uint64_t kDeviceControl = 1ULL << 15U;       // from version 5
constexpr std::uint64_t kScopeAbstractSocket = 1ULL << 0U;  // from version 6
constexpr std::uint64_t kScopeSignal = 1ULL << 1U;

struct RulesetAttributes {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;
  std::uint64_t scoped = 0;
};

constexpr std::uint64_t kReading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kFileOnly =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | kDeviceControl;

tl::unexpected<Error> unavailable(const char* what) {
  return environment_error(
      "confinement_unavailable",
      fmt::format(
          "this process cannot be confined: {} ({}); use the kernel of Debian 12 or a newer "
          "one",
          what, std::strerror(errno)));
}

// Every access that this version of Landlock can forbid.
std::uint64_t all_access(long version) {
  std::uint64_t access = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;
  if (version >= 2) access |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) access |= kTruncate;
  if (version >= 5) access |= kDeviceControl;
  return access;
}

Status allow(int ruleset, const std::filesystem::path& path, std::uint64_t access) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd) return {};
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return {};
  if (!S_ISDIR(status.st_mode)) access &= kFileOnly;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = fd.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) {
    return {};
  }
  return unavailable("Landlock takes no rule");
}

// What a process needs that computes with several threads and has its input and output open.
constexpr std::initializer_list<int> kComputing = {
    // input and output
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(recvfrom),
    SCMP_SYS(sendto), SCMP_SYS(shutdown), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(close),
    SCMP_SYS(poll), SCMP_SYS(ppoll),
    // memory; oneDNN makes code
    SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    SCMP_SYS(brk), SCMP_SYS(get_mempolicy), SCMP_SYS(membarrier), SCMP_SYS(mlock), SCMP_SYS(mlock2),
    SCMP_SYS(munlock),
    // threads
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(arch_prctl), SCMP_SYS(getcpu),
    // time, limits, randomness
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrusage), SCMP_SYS(times), SCMP_SYS(sysinfo),
    SCMP_SYS(uname), SCMP_SYS(getrandom)};

// What no camera needs: other programs and processes, other users, the machine itself.
constexpr std::initializer_list<int> kNeverForCameras = {SCMP_SYS(execve),
                                                         SCMP_SYS(execveat),
                                                         SCMP_SYS(fork),
                                                         SCMP_SYS(vfork),
                                                         SCMP_SYS(ptrace),
                                                         SCMP_SYS(process_vm_readv),
                                                         SCMP_SYS(process_vm_writev),
                                                         SCMP_SYS(process_madvise),
                                                         SCMP_SYS(pidfd_open),
                                                         SCMP_SYS(pidfd_getfd),
                                                         SCMP_SYS(pidfd_send_signal),
                                                         SCMP_SYS(kcmp),
                                                         SCMP_SYS(listen),
                                                         SCMP_SYS(accept),
                                                         SCMP_SYS(accept4),
                                                         SCMP_SYS(mount),
                                                         SCMP_SYS(umount2),
                                                         SCMP_SYS(pivot_root),
                                                         SCMP_SYS(chroot),
                                                         SCMP_SYS(move_mount),
                                                         SCMP_SYS(open_tree),
                                                         SCMP_SYS(fsopen),
                                                         SCMP_SYS(fsmount),
                                                         SCMP_SYS(unshare),
                                                         SCMP_SYS(setns),
                                                         SCMP_SYS(bpf),
                                                         SCMP_SYS(perf_event_open),
                                                         SCMP_SYS(userfaultfd),
                                                         SCMP_SYS(io_uring_setup),
                                                         SCMP_SYS(io_uring_enter),
                                                         SCMP_SYS(io_uring_register),
                                                         SCMP_SYS(add_key),
                                                         SCMP_SYS(request_key),
                                                         SCMP_SYS(keyctl),
                                                         SCMP_SYS(open_by_handle_at),
                                                         SCMP_SYS(name_to_handle_at),
                                                         SCMP_SYS(fanotify_init),
                                                         SCMP_SYS(init_module),
                                                         SCMP_SYS(finit_module),
                                                         SCMP_SYS(delete_module),
                                                         SCMP_SYS(kexec_load),
                                                         SCMP_SYS(kexec_file_load),
                                                         SCMP_SYS(reboot),
                                                         SCMP_SYS(swapon),
                                                         SCMP_SYS(swapoff),
                                                         SCMP_SYS(acct),
                                                         SCMP_SYS(settimeofday),
                                                         SCMP_SYS(clock_settime),
                                                         SCMP_SYS(clock_adjtime),
                                                         SCMP_SYS(adjtimex),
                                                         SCMP_SYS(sethostname),
                                                         SCMP_SYS(setdomainname),
                                                         SCMP_SYS(personality),
                                                         SCMP_SYS(setuid),
                                                         SCMP_SYS(setgid),
                                                         SCMP_SYS(setreuid),
                                                         SCMP_SYS(setregid),
                                                         SCMP_SYS(setresuid),
                                                         SCMP_SYS(setresgid),
                                                         SCMP_SYS(setgroups),
                                                         SCMP_SYS(setfsuid),
                                                         SCMP_SYS(setfsgid),
                                                         SCMP_SYS(capset),
                                                         SCMP_SYS(iopl),
                                                         SCMP_SYS(ioperm),
                                                         SCMP_SYS(chmod),
                                                         SCMP_SYS(fchmod),
                                                         SCMP_SYS(fchmodat),
                                                         SCMP_SYS(chown),
                                                         SCMP_SYS(fchown),
                                                         SCMP_SYS(lchown),
                                                         SCMP_SYS(fchownat),
                                                         SCMP_SYS(link),
                                                         SCMP_SYS(linkat),
                                                         SCMP_SYS(symlink),
                                                         SCMP_SYS(symlinkat),
                                                         SCMP_SYS(mknod),
                                                         SCMP_SYS(mknodat),
                                                         SCMP_SYS(setxattr),
                                                         SCMP_SYS(lsetxattr),
                                                         SCMP_SYS(fsetxattr),
                                                         SCMP_SYS(mq_open),
                                                         SCMP_SYS(msgget),
                                                         SCMP_SYS(semget)};

struct Release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

// Each returns 0 or a negative errno, as libseccomp does.
int add_all(void* filter, std::uint32_t action, std::initializer_list<int> calls) {
  for (const int call : calls) {
    const int added = ::seccomp_rule_add(filter, action, call, 0);
    // A call that this processor does not have cannot be made either.
    if (added != 0 && added != -EDOM) return added;
  }
  return 0;
}

// clone3 passes its flags in memory, where a filter cannot look: the C library uses clone without
// it.
int threads_only(void* filter) {
  int added = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  if (added != 0) return added;
  return ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

int compute_only(void* filter) {
  if (const int added = add_all(filter, SCMP_ACT_ALLOW, kComputing); added != 0) return added;
  if (const int added = threads_only(filter); added != 0) return added;
  // abort() signals its own thread.
  const auto self = static_cast<scmp_datum_t>(::getpid());
  return ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, self));
}

int camera_calls(void* filter, bool network) {
  const std::uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  if (const int added = add_all(filter, refuse, kNeverForCameras); added != 0) return added;
  int added = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  if (added != 0) return added;
  added = ::seccomp_rule_add(filter, refuse, SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  if (added != 0) return added;
  const auto self = static_cast<scmp_datum_t>(::getpid());
  for (const int call : {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo)}) {
    added = ::seccomp_rule_add(filter, refuse, call, 1, SCMP_A0(SCMP_CMP_NE, self));
    if (added != 0) return added;
  }
  // Names of machines are looked up with the help of AF_NETLINK.
  constexpr int kMostFamilies = 64;
  for (int family = 0; family < kMostFamilies; ++family) {
    const bool wanted =
        family == AF_UNIX ||
        (network && (family == AF_INET || family == AF_INET6 || family == AF_NETLINK));
    if (wanted) continue;
    added = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
    if (added != 0) return added;
  }
  return 0;
}

}  // namespace

Status confine_files(const FileAccess& access) {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return unavailable("the kernel has no Landlock");
  RulesetAttributes attributes;
  attributes.handled_access_fs = all_access(version);
  std::size_t size = sizeof attributes.handled_access_fs;
  if (version >= 6) {
    attributes.scoped = kScopeAbstractSocket | kScopeSignal;
    size = sizeof attributes;
  }
  const UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset) return unavailable("Landlock makes no ruleset");
  for (const auto& path : access.readable) MAITRED_TRY(allow(ruleset.get(), path, kReading));
  const std::uint64_t device =
      (kReading | LANDLOCK_ACCESS_FS_WRITE_FILE | kDeviceControl) & attributes.handled_access_fs;
  for (const auto& path : access.devices) MAITRED_TRY(allow(ruleset.get(), path, device));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return unavailable("Landlock does not restrict it");
  }
  return {};
}

std::vector<std::filesystem::path> system_files() {
  return {"/usr",
          "/lib",
          "/lib64",
          "/proc",
          "/sys",
          "/dev/null",
          "/dev/zero",
          "/dev/random",
          "/dev/urandom",
          "/etc/ld.so.cache",
          "/etc/ld.so.preload",
          "/etc/alternatives",
          "/etc/localtime",
          "/etc/timezone",
          "/etc/nsswitch.conf",
          "/etc/passwd",
          "/etc/group"};
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// A sanitizer starts a process at the end that looks into this one.
Status confine_calls(Calls) { return {}; }
#else
Status confine_calls(Calls calls) {
  const bool compute = calls == Calls::kComputeOnly;
  const Filter filter(::seccomp_init(compute ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW));
  if (!filter) return unavailable("no filter of system calls can be made");
  int done = compute ? compute_only(filter.get())
                     : camera_calls(filter.get(), calls == Calls::kNetworkCamera);
  // The threads of the networks run already.
  if (done == 0) done = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (done == 0) done = ::seccomp_load(filter.get());
  if (done == 0) return {};
  errno = -done;
  return unavailable("the kernel takes no filter of system calls (seccomp)");
}
#endif

Status leave_root() {
  if (::geteuid() != 0 && ::getuid() != 0) return {};
  constexpr uid_t kNobody = 65534;
  const passwd* eye = ::getpwnam("maitred-eye");
  const uid_t user = eye != nullptr ? eye->pw_uid : kNobody;
  const gid_t group = eye != nullptr ? eye->pw_gid : kNobody;
  if (::setgroups(0, nullptr) == 0 && ::setresgid(group, group, group) == 0 &&
      ::setresuid(user, user, user) == 0) {
    return {};
  }
  return environment_error("confinement_failed", fmt::format("this process cannot give up root: {}",
                                                             std::strerror(errno)));
}

void close_inherited_files() { ::close_range(3, ~0U, 0); }

}  // namespace maitred
