#include "maitred/base/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace maitred {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class UnixSocket : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "maitred-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "test.sock";
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  fs::path path_;
};

TEST_F(UnixSocket, PathsLongerThanTheAddressWork) {
  fs::path deep = folder_;
  while (deep.string().size() < 300) deep /= std::string(50, 'd');
  fs::create_directories(deep);
  const auto listener = UnixListener::open(deep / "eye.sock", SOCK_SEQPACKET, 0660);
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(fs::is_socket(deep / "eye.sock"));
  EXPECT_TRUE(connect_unix(deep / "eye.sock", SOCK_SEQPACKET, 0ms));
  const auto too_long = UnixListener::open(deep / std::string(120, 'n'), SOCK_STREAM, 0660);
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, "socket_path_unusable");
}

TEST_F(UnixSocket, TheFileHasTheRightsAskedForWhateverTheUmask) {
  const mode_t before = ::umask(077);
  const auto listener = UnixListener::open(path_, SOCK_STREAM, 0660);
  ::umask(before);
  ASSERT_TRUE(listener);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
}

TEST_F(UnixSocket, AFileOfADeadProgramIsReplaced) {
  {
    const auto address = UnixPath::of(path_);
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(dead.get(), address->address(), address->size_bytes()), 0);
  }
  ASSERT_TRUE(fs::is_socket(path_));
  EXPECT_TRUE(UnixListener::open(path_, SOCK_STREAM, 0660));
}

TEST_F(UnixSocket, AFileThatIsUsedIsNotReplaced) {
  const auto first = UnixListener::open(path_, SOCK_STREAM, 0660);
  ASSERT_TRUE(first);
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
    const auto second = UnixListener::open(path_, type, 0660);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "socket_in_use");
    EXPECT_EQ(second.error().fault, Fault::kEnvironment);
  }
  EXPECT_TRUE(connect_unix(path_, SOCK_STREAM, 0ms));
}

TEST_F(UnixSocket, AFileThatIsNoSocketIsNotTouched) {
  std::ofstream(path_) << "precious";
  const auto listener = UnixListener::open(path_, SOCK_STREAM, 0660);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, "socket_in_use");
  EXPECT_EQ(fs::file_size(path_), 8U);
}

TEST_F(UnixSocket, TheFileGoesWithTheListenerUnlessAnotherTookItsPlace) {
  UnixListener listener = *UnixListener::open(path_, SOCK_STREAM, 0660);
  listener = UnixListener();
  EXPECT_FALSE(fs::exists(path_));
  UnixListener first = *UnixListener::open(path_, SOCK_STREAM, 0660);
  fs::remove(path_);
  std::ofstream(folder_ / "other") << "takes the freed inode";
  const auto second = UnixListener::open(path_, SOCK_STREAM, 0660);
  first = UnixListener();
  EXPECT_TRUE(fs::is_socket(path_));
}

TEST_F(UnixSocket, AbsentIsToldFromRefused) {
  EXPECT_EQ(connect_unix(path_, SOCK_STREAM, 0ms).error().code, "socket_absent");
  EXPECT_EQ(connect_unix(folder_ / "none" / "x.sock", SOCK_STREAM, 0ms).error().code,
            "socket_absent");
  const fs::path long_and_absent = folder_ / std::string(100, 'd') / "x.sock";
  EXPECT_EQ(connect_unix(long_and_absent, SOCK_STREAM, 0ms).error().code, "socket_absent");
  if (::geteuid() != 0) GTEST_SKIP() << "the rest is skipped: needs root to become another user";
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  const auto listener = UnixListener::open(path_, SOCK_STREAM, 0600);
  ASSERT_EQ(::seteuid(65534), 0);
  const auto refused = connect_unix(path_, SOCK_STREAM, 0ms);
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "socket_refused");
}

TEST_F(UnixSocket, TheKernelSaysWhoIsThere) {
  const auto listener = UnixListener::open(path_, SOCK_STREAM, 0660);
  ASSERT_TRUE(listener);
  const auto client = connect_unix(path_, SOCK_STREAM, 0ms);
  ASSERT_TRUE(client);
  const UniqueFd server(::accept(listener->fd(), nullptr, nullptr));
  const auto peer = peer_credentials(server.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->gid, ::getegid());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_FALSE(peer_credentials(-1));
}

}  // namespace
}  // namespace maitred
