// Which user of this machine is at the other end of a TCP connection over loopback.
#pragma once

#include <sys/types.h>

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string_view>

namespace maitred {

// Finds the user of the socket with these ends in the text of /proc/net/tcp or /proc/net/tcp6.
// Nothing if it is not there, or if its line or the head of the table is not as the kernel writes
// it. Pure.
std::optional<uid_t> user_in_table(std::string_view table,
                                   const boost::asio::ip::tcp::endpoint& local,
                                   const boost::asio::ip::tcp::endpoint& remote);

// The user who opened the client's end of this accepted connection. Nothing if it is not loopback
// or the client has gone.
std::optional<uid_t> user_of_peer(int accepted);

// True for root and the user of this program.
bool is_own_user(uid_t user);

}  // namespace maitred
