// Unix sockets between programs of one box: paths of any length, stale files, and credentials of
// the peer. Errors name the path and what to do.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <filesystem>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred {

// The address of a socket file. A path that does not fit sockaddr_un (108 bytes) is reached through
// /proc/self/fd/N/NAME, where N is an O_PATH descriptor of its folder that this object holds. So
// the address is valid only while the object lives. The file's own name must fit (about 80 bytes).
// Movable. Thread-compatible.
class UnixPath {
 public:
  // Errors: socket_path_unusable (kEnvironment).
  static Result<UnixPath> of(const std::filesystem::path& path);

  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size_bytes() const { return size_bytes_; }

 private:
  sockaddr_un address_{};
  socklen_t size_bytes_ = 0;
  UniqueFd folder_;
};

// A listening socket (non-blocking, close-on-exec) and its file. The destructor removes the file if
// it is still the one that was made here. Movable. Thread-compatible.
class UnixListener {
 public:
  // `type` is SOCK_STREAM or SOCK_SEQPACKET. The file never has more rights than `mode`. A file
  // that a dead program left is replaced. A file that a program listens on, or that is no socket,
  // is not. Errors (kEnvironment): socket_in_use, socket_path_unusable.
  static Result<UnixListener> open(const std::filesystem::path& path, int type, unsigned mode);

  UnixListener() = default;
  UnixListener(UnixListener&& other) noexcept;
  UnixListener& operator=(UnixListener&& other) noexcept;
  ~UnixListener();

  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::filesystem::path path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// A connected, blocking, close-on-exec socket. Waits up to `timeout` for a listener to appear and
// accept; zero tries once. Errors (kEnvironment): socket_absent (no file, or nobody listens),
// socket_refused (no permission), socket_path_unusable.
Result<UniqueFd> connect_unix(const std::filesystem::path& path, int type, Milliseconds timeout);

// The process at the other end, as the kernel reports it.
struct PeerCredentials {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  std::vector<gid_t> groups;  // supplementary ones
};

// Reads the credentials of the peer. Error: peer_unknown (kEnvironment).
Result<PeerCredentials> peer_credentials(int fd);

}  // namespace maitred
