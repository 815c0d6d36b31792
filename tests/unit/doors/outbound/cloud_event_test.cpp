// What a receiver of webhooks gets.
#include "maitred/doors/outbound/cloud_event.h"

#include <gmock/gmock.h>

#include "maitred/base/secret.h"
#include "maitred/doors/web/client.h"

namespace maitred {
namespace {

TEST(CloudEvent, HasWhatTheStandardAsksFor) {
  ShopEvent event{"s/42",
                  "/maitred/s",
                  "maitred.alert.new",
                  "visit1",
                  *parse_time("2026-11-22T10:15:03.120Z"),
                  42,
                  {{"camera", "a\"b"}, {"reason", "ask"}}};
  EXPECT_EQ(
      cloud_event_text(event),
      R"({"specversion":"1.0","id":"s/42","source":"/maitred/s","type":"maitred.alert.new",)"
      R"("subject":"visit1","time":"2026-11-22T10:15:03.120Z",)"
      R"("datacontenttype":"application/json","data":{"camera":"a\"b","reason":"ask","seq":42}})");
}

// printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
TEST(CloudEvent, IsSignedWithItsTime) {
  initialise_crypto();
  const WallTime at{std::chrono::seconds{1700000000}};
  EXPECT_EQ(event_signature("secret", at, R"({"a":1})"),
            "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
  EXPECT_NE(event_signature("secret", at + std::chrono::seconds{1}, R"({"a":1})").substr(14),
            event_signature("secret", at, R"({"a":1})").substr(14));
}

TEST(WebAddress, ReadsWhatACrmIsReachedBy) {
  const auto plain = parse_web_address("http://127.0.0.1:8080/hook?x=1");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host + "|" + plain->port + "|" + plain->target, "127.0.0.1|8080|/hook?x=1");
  const auto secure = parse_web_address("https://crm.example");
  ASSERT_TRUE(secure);
  EXPECT_TRUE(secure->secure);
  EXPECT_EQ(secure->host + "|" + secure->port + "|" + secure->target, "crm.example|443|/");
  EXPECT_EQ(parse_web_address("http://[::1]:81/a")->host, "::1");
  for (const char* bad : {"", "ftp://x/", "http://", "http://a b/", "http://u:p@h/", "http://h:/x",
                          "http://h:123456/", "http://h/a\r\nX: y", "http://[::1/"}) {
    EXPECT_FALSE(parse_web_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace maitred
