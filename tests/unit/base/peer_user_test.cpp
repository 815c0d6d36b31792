#include "maitred/base/net/peer_user.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

namespace maitred {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

const tcp::endpoint kClient(make_address("127.0.0.1"), 0xC0DE);
const tcp::endpoint kServer(make_address("127.0.0.1"), 7433);
const std::string kHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

// The line of a socket from kClient to kServer.
std::string line(const std::string& user, const std::string& inode = "4711") {
  return "   0: 0100007F:C0DE 0100007F:1D09 01 00000000:00000000 00:00000000 00000000  " + user +
         "        0 " + inode + " 1 0000000000000000 20 4 30 10 -1\n";
}

TEST(PeerUser, IsTheUserOfTheClientsOwnSocket) {
  // The server's end and a neighbour's socket are in the table too.
  const std::string table =
      kHead +
      "   1: 0100007F:1D09 0100007F:C0DE 01 00000000:00000000 00:00000000 00000000     0        0 "
      "12 1 0 20 4 30 10 -1\n"
      "   2: 0100007F:C0DF 0100007F:1D09 01 00000000:00000000 00:00000000 00000000     0        0 "
      "13 1 0 20 4 30 10 -1\n" +
      line("1001");
  EXPECT_EQ(user_in_table(table, kClient, kServer), 1001U);
  EXPECT_EQ(user_in_table(table, kServer, kClient), 0U);
}

TEST(PeerUser, NobodyIsFoundInATableThatIsNotAsTheKernelWritesIt) {
  for (const std::string& table :
       {std::string(), kHead, line("0"), "sl rem_address\n" + line("0"), kHead + line("root"),
        kHead + line("-1"), kHead + line("0x0"), kHead + line("0a"), kHead + line("99999999999"),
        kHead + line("0", "0"), kHead + line("0").substr(0, 90), kHead + line("0").substr(0, 60)}) {
    EXPECT_EQ(user_in_table(table, kClient, kServer), std::nullopt) << table;
  }
}

TEST(PeerUser, OfARealConnectionItIsThisUser) {
  boost::asio::io_context io;
  for (const char* address : {"127.0.0.1", "::1"}) {
    boost::system::error_code error;
    tcp::acceptor acceptor(io);
    const tcp::endpoint any(make_address(address), 0);
    acceptor.open(any.protocol(), error);
    if (!error) acceptor.bind(any, error);
    if (error) continue;  // no IPv6 here
    acceptor.listen();
    tcp::socket client(io);
    client.connect(acceptor.local_endpoint());
    tcp::socket accepted = acceptor.accept();
    EXPECT_EQ(user_of_peer(accepted.native_handle()), ::geteuid()) << address;
  }
  tcp::acceptor both(io, tcp::endpoint(make_address("127.0.0.1"), 0));
  tcp::socket client(io, tcp::v6());
  boost::system::error_code error;
  client.connect({make_address("::ffff:127.0.0.1"), both.local_endpoint().port()}, error);
  if (error) return;
  tcp::socket accepted = both.accept();
  EXPECT_EQ(user_of_peer(accepted.native_handle()), ::geteuid());
  client.close();
  EXPECT_EQ(user_of_peer(accepted.native_handle()), std::nullopt);
}

}  // namespace
}  // namespace maitred
