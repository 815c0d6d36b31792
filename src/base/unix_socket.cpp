#include "maitred/base/unix_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

namespace maitred {
namespace {

constexpr int kBacklog = 128;
constexpr Milliseconds kRetryEvery{20};
constexpr int kMaxGroups = 65536;

std::string text_of(int error_number) { return std::generic_category().message(error_number); }

tl::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why) {
  return environment_error(
      "socket_path_unusable",
      fmt::format("cannot use {} as a socket: {}; check the folder and its permissions",
                  path.string(), why));
}

// Returns the errno of the call that failed; 0 if connected.
int try_connect(const UnixPath& address, int type, UniqueFd& out) {
  UniqueFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno;
  if (::connect(fd.get(), address.address(), address.size_bytes()) != 0) return errno;
  out = std::move(fd);
  return 0;
}

bool is_stale(const std::filesystem::path& path, const UnixPath& address, int type) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  UniqueFd probe;
  return try_connect(address, type, probe) == ECONNREFUSED;
}

Status bind_replacing_stale(int fd, const std::filesystem::path& path, const UnixPath& address,
                            int type) {
  if (::bind(fd, address.address(), address.size_bytes()) == 0) return {};
  if (errno != EADDRINUSE) return unusable(path, text_of(errno));
  if (!is_stale(path, address, type)) {
    return environment_error(
        "socket_in_use",
        fmt::format("{} is in use: stop the program that listens there, or remove the file",
                    path.string()));
  }
  ::unlink(path.c_str());
  if (::bind(fd, address.address(), address.size_bytes()) != 0) {
    return unusable(path, text_of(errno));
  }
  return {};
}

std::vector<gid_t> groups_of_peer(int fd) {
  std::vector<gid_t> groups(64);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(gid_t));
      return groups;
    }
    if (errno != ERANGE || groups.size() >= kMaxGroups) return {};
    groups.resize(size / sizeof(gid_t));
  }
}

}  // namespace

Result<UnixPath> UnixPath::of(const std::filesystem::path& path) {
  UnixPath out;
  out.address_.sun_family = AF_UNIX;
  std::string text = path.string();
  if (text.empty() || text.find('\0') != std::string::npos) return unusable(path, "no path");
  if (text.size() >= sizeof out.address_.sun_path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    out.folder_ = UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!out.folder_) return unusable(path, text_of(errno));
    text = fmt::format("/proc/self/fd/{}/{}", out.folder_.get(), path.filename().string());
    if (text.size() >= sizeof out.address_.sun_path) return unusable(path, "its name is too long");
  }
  std::memcpy(out.address_.sun_path, text.c_str(), text.size() + 1);
  out.size_bytes_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + 1);
  return out;
}

Result<UnixListener> UnixListener::open(const std::filesystem::path& path, int type,
                                        unsigned mode) {
  MAITRED_ASSIGN(const UnixPath address, UnixPath::of(path));
  UnixListener out;
  out.fd_ = UniqueFd(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out.fd_) return unusable(path, text_of(errno));
  // The file is created with these rights minus the umask; chmod adds what the umask removed.
  ::fchmod(out.fd_.get(), mode);
  MAITRED_TRY(bind_replacing_stale(out.fd_.get(), path, address, type));
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return unusable(path, text_of(errno));
  out.path_ = path;
  out.device_ = status.st_dev;
  out.inode_ = status.st_ino;
  if (::chmod(path.c_str(), mode) != 0 || ::listen(out.fd_.get(), kBacklog) != 0) {
    return unusable(path, text_of(errno));
  }
  return out;
}

UnixListener::UnixListener(UnixListener&& other) noexcept { *this = std::move(other); }

UnixListener& UnixListener::operator=(UnixListener&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

UnixListener::~UnixListener() {
  struct stat status {};
  if (!path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

Result<UniqueFd> connect_unix(const std::filesystem::path& path, int type, Milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    int error_number = ENOENT;
    UniqueFd fd;
    std::error_code ignored;
    if (auto address = UnixPath::of(path)) {
      error_number = try_connect(*address, type, fd);
    } else if (std::filesystem::is_directory(path.parent_path(), ignored)) {
      return tl::unexpected(address.error());
    }
    if (error_number == 0) {
      ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
      return fd;
    }
    if (error_number == EACCES || error_number == EPERM) {
      return environment_error(
          "socket_refused",
          fmt::format("no permission to connect to {}: run as its owner, or join its group",
                      path.string()));
    }
    const bool may_come =
        error_number == ENOENT || error_number == ECONNREFUSED || error_number == EAGAIN;
    if (!may_come) return unusable(path, text_of(error_number));
    if (std::chrono::steady_clock::now() >= deadline) {
      return environment_error(
          "socket_absent",
          fmt::format("nobody answers at {}: start maitred, or check its configuration",
                      path.string()));
    }
    std::this_thread::sleep_for(kRetryEvery);
  }
}

Result<PeerCredentials> peer_credentials(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return environment_error(
        "peer_unknown",
        fmt::format("the kernel does not report who connected: {}", text_of(errno)));
  }
  return PeerCredentials{credentials.uid, credentials.gid, credentials.pid, groups_of_peer(fd)};
}

}  // namespace maitred
