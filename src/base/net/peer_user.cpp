#include "maitred/base/net/peer_user.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>

#include "maitred/base/file.h"

namespace maitred {
namespace {

using boost::asio::ip::tcp;

// proc_net(5): the head of the table, and the columns of a line.
constexpr std::string_view kHead = "sl  local_address ";
constexpr std::size_t kLocal = 1;
constexpr std::size_t kRemote = 2;
constexpr std::size_t kUser = 7;
constexpr std::size_t kColumns = 10;
// The kernel may skip a line while the table changes.
constexpr int kTries = 3;

// An address as the kernel writes it: each 32 bits as a number of this machine's byte order.
std::string table_text(const tcp::endpoint& end) {
  std::string out;
  const auto add = [&out](const unsigned char* bytes) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    out += fmt::format("{:08X}", word);
  };
  if (end.address().is_v4()) {
    add(end.address().to_v4().to_bytes().data());
  } else {
    const auto bytes = end.address().to_v6().to_bytes();
    for (std::size_t i = 0; i < bytes.size(); i += 4) add(bytes.data() + i);
  }
  return out + fmt::format(":{:04X}", end.port());
}

// Empty if the line does not end: it may have been cut.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    text = {};
    return {};
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// The columns of a line; the last are empty if there are fewer.
std::array<std::string_view, kColumns> columns_of(std::string_view line) {
  std::array<std::string_view, kColumns> columns{};
  for (std::string_view& column : columns) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    column = line.substr(0, line.find(' '));
    line.remove_prefix(column.size());
  }
  return columns;
}

std::optional<tcp::endpoint> end_of(int socket, decltype(&::getsockname) ask) {
  tcp::endpoint end;
  auto size = static_cast<socklen_t>(end.capacity());
  if (ask(socket, end.data(), &size) != 0) return std::nullopt;
  end.resize(size);
  return end;
}

// A client's socket may be IPv6 though the connection is IPv4.
tcp::endpoint mapped(const tcp::endpoint& end) {
  namespace ip = boost::asio::ip;
  return {ip::make_address_v6(ip::v4_mapped, end.address().to_v4()), end.port()};
}

tcp::endpoint unmapped(const tcp::endpoint& end) {
  namespace ip = boost::asio::ip;
  if (!end.address().is_v6() || !end.address().to_v6().is_v4_mapped()) return end;
  return {ip::make_address_v4(ip::v4_mapped, end.address().to_v6()), end.port()};
}

std::optional<uid_t> user_in_file(const char* path, const tcp::endpoint& local,
                                  const tcp::endpoint& remote) {
  constexpr std::size_t kLargestTable_bytes = std::size_t{64} << 20;
  const auto table = read_file(path, kLargestTable_bytes);
  if (!table) return std::nullopt;
  return user_in_table({reinterpret_cast<const char*>(table->data()), table->size()}, local,
                       remote);
}

}  // namespace

std::optional<uid_t> user_in_table(std::string_view table, const tcp::endpoint& local,
                                   const tcp::endpoint& remote) {
  const std::string here = table_text(local);
  const std::string there = table_text(remote);
  std::string_view head = take_line(table);
  head.remove_prefix(std::min(head.find_first_not_of(' '), head.size()));
  if (!head.starts_with(kHead)) return std::nullopt;
  while (!table.empty()) {
    const auto columns = columns_of(take_line(table));
    if (columns[kLocal] != here || columns[kRemote] != there) continue;
    // A socket that nobody holds any more has no inode, and user 0.
    if (columns[kColumns - 1].empty() || columns[kColumns - 1] == "0") return std::nullopt;
    const std::string_view digits = columns[kUser];
    uid_t user = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), user);
    if (error != std::errc{} || digits.empty() || end != digits.data() + digits.size()) {
      return std::nullopt;
    }
    return user;
  }
  return std::nullopt;
}

std::optional<uid_t> user_of_peer(int accepted) {
  auto ours = end_of(accepted, ::getsockname);
  auto theirs = end_of(accepted, ::getpeername);
  if (!ours || !theirs) return std::nullopt;
  ours = unmapped(*ours);
  theirs = unmapped(*theirs);
  if (!theirs->address().is_loopback()) return std::nullopt;
  const bool v4 = theirs->address().is_v4();
  // Not /proc/net: a service may see its own processes alone.
  for (int i = 0; i < kTries; ++i) {
    if (v4) {
      if (auto user = user_in_file("/proc/self/net/tcp", *theirs, *ours)) return user;
    }
    const auto user = user_in_file("/proc/self/net/tcp6", v4 ? mapped(*theirs) : *theirs,
                                   v4 ? mapped(*ours) : *ours);
    if (user) return user;
  }
  return std::nullopt;
}

bool is_own_user(uid_t user) { return user == 0 || user == ::geteuid(); }

}  // namespace maitred
