#include "maitred/base/net/host_port.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

TEST(HostPort, IsANameOrAnAddressAndAPort) {
  for (const auto& [text, host, port] :
       {std::tuple("127.0.0.1:7433", "127.0.0.1", 7433), std::tuple("[::1]:7433", "::1", 7433),
        std::tuple("shop.example:1", "shop.example", 1)}) {
    const auto split = split_host_port(text);
    ASSERT_TRUE(split) << text;
    EXPECT_EQ(split->host, host);
    EXPECT_EQ(split->port, port);
  }
}

TEST(HostPort, AnythingElseIsRefused) {
  for (const std::string_view text :
       {"", "7433", ":7433", "host:", "host:x", "host:70000", "host:1x", "::1:7433", "[::1:7433",
        "host\n:7433", "[]:7433"}) {
    const auto split = split_host_port(text);
    ASSERT_FALSE(split) << text;
    EXPECT_EQ(split.error().code, "bad_address");
  }
}

}  // namespace
}  // namespace maitred
