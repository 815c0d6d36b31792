#include "maitred/settings/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace maitred {
namespace {

using testing::HasSubstr;

Result<Settings> parse(std::string_view text) { return parse_settings(text, "/srv/shop/m.toml"); }

// What the operator reads for a faulty file.
std::string complaint(std::string_view text) {
  const auto parsed = parse(text);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().fault, Fault::kInput);
  EXPECT_EQ(parsed.error().code, "config_invalid");
  return parsed.error().message;
}

TEST(Settings, AnEmptyFileGivesTheDefaults) {
  const auto settings = parse("");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->store_path, "/var/lib/maitred/store.db");
  EXPECT_EQ(settings->engine, "retail");
  EXPECT_DOUBLE_EQ(settings->false_alert_rate, 0.001);
  EXPECT_EQ(settings->staff.listen.port, 7433);
  EXPECT_EQ(settings->visits.cooldown, std::chrono::hours{4});
  EXPECT_TRUE(settings->cameras.empty());
}

TEST(Settings, ReadsEveryKeyOfTheContract) {
  const auto settings = parse(R"(
[store]
path = "store.db"
key = "file:store.key"
[models]
dir = "/opt/models"
engine = "demo"
[recognition]
false_alerts = "2 per 1000 visitors"
allow_demo_engine = true
[[camera]]
name = "entrance"
source = "film.avi"
mode = "open"
acknowledge_open_floor = "assessed on 1 May"
zone = [0.2, 0.1, 0.8, 1.0]
dwell = "1.5s"
fps = 5
realtime = false
loop = true
min_face = 80
[visits]
cooldown = "2h"
alert_ttl = "5m"
escalate = ["10s", "30s"]
retention = "1y"
holdout = 0.1
[staff]
listen = "[::1]:7000"
tls_cert = "a"
tls_key = "b"
[board]
listen = ""
[metrics]
listen = "127.0.0.1:0"
[log]
level = "debug"
)");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->store_path, "/srv/shop/store.db");
  EXPECT_EQ(settings->store_key, "file:/srv/shop/store.key");
  EXPECT_DOUBLE_EQ(settings->false_alert_rate, 0.002);
  const CameraSettings* camera = settings->camera("entrance");
  ASSERT_NE(camera, nullptr);
  EXPECT_EQ(camera->source, "/srv/shop/film.avi");
  EXPECT_EQ(camera->mode, CameraMode::kOpen);
  EXPECT_DOUBLE_EQ(camera->zone[2], 0.8);
  EXPECT_EQ(camera->dwell, Milliseconds{1500});
  EXPECT_FALSE(camera->realtime);
  EXPECT_EQ(camera->min_face_px, 80);
  EXPECT_EQ(settings->visits.escalate.at(1), std::chrono::seconds{30});
  EXPECT_EQ(settings->staff.listen.address, "::1");
  EXPECT_TRUE(settings->board.off());
  EXPECT_EQ(settings->metrics.port, 0);
}

TEST(Settings, AFaultNamesFileLineAndKey) {
  EXPECT_THAT(complaint("[store]\npaht = \"x\"\n"),
              testing::AllOf(HasSubstr("/srv/shop/m.toml:2"), HasSubstr("store.paht"),
                             HasSubstr("unknown key"), HasSubstr("key, path")));
  EXPECT_THAT(complaint("[stor]\n"), testing::AllOf(HasSubstr(":1:"), HasSubstr("stor: unknown")));
  EXPECT_THAT(complaint("top = 1\n"), HasSubstr("top: unknown"));
  EXPECT_THAT(complaint("[log]\nlevel = 3\n"),
              testing::AllOf(HasSubstr(":2:"), HasSubstr("log.level"), HasSubstr("text")));
  EXPECT_THAT(complaint("[visits]\n\ncooldown = \"4 parsecs\"\n"),
              testing::AllOf(HasSubstr(":3:"), HasSubstr("visits.cooldown")));
  EXPECT_THAT(complaint("[store\n"), HasSubstr("m.toml:1"));
}

TEST(Settings, ImpossibleValuesAreRefused) {
  const std::string head = "[[camera]]\nname = \"a\"\nsource = \"/dev/video0\"\n";
  EXPECT_THAT(complaint(head + "zone = [0.5, 0, 0.4, 1]\n"), HasSubstr("camera[1].zone"));
  EXPECT_THAT(complaint(head + "zone = [0.5]\n"), HasSubstr("4 numbers"));
  EXPECT_THAT(complaint(head + "fps = 0\n"), HasSubstr("camera[1].fps"));
  EXPECT_THAT(complaint(head + "mode = \"open\"\n"), HasSubstr("acknowledge_open_floor"));
  EXPECT_THAT(complaint(head + "loop = true\n"), HasSubstr("files only"));
  EXPECT_THAT(complaint(head + "dwell = 700\n"), HasSubstr("camera[1].dwell"));
  EXPECT_THAT(complaint(head + head), HasSubstr("another camera"));
  EXPECT_THAT(complaint("[[camera]]\nname = \"../x\"\nsource = \"y\"\n"), HasSubstr("name"));
  EXPECT_THAT(complaint("[[camera]]\nname = \"x\"\n"), HasSubstr("source"));
  EXPECT_THAT(complaint("[camera]\nname = \"x\"\n"), HasSubstr("[[camera]]"));
  EXPECT_THAT(complaint("[recognition]\nfalse_alerts = \"often\"\n"), HasSubstr("1 per 1000"));
  EXPECT_THAT(complaint("[staff]\nlisten = \"localhost\"\n"), HasSubstr("address and a port"));
  EXPECT_THAT(complaint("[staff]\nlisten = \"127.0.0.1:70000\"\n"), HasSubstr("staff.listen"));
  EXPECT_THAT(complaint("[staff]\ntls_cert = \"a\"\n"), HasSubstr("go together"));
  EXPECT_THAT(complaint("[visits]\nescalate = [\"60s\", \"20s\"]\n"), HasSubstr("later"));
  EXPECT_THAT(complaint("[visits]\nholdout = 2\n"), HasSubstr("between"));
  EXPECT_THAT(complaint("[store]\nkey = \"hunter2\"\n"), HasSubstr("file:PATH"));
  EXPECT_THAT(complaint("[models]\nengine = \"magic\"\n"),
              HasSubstr("retail, dlib, sface or demo"));
}

TEST(Settings, RatesAreReadInTheWordsOfAShop) {
  EXPECT_DOUBLE_EQ(parse_rate("1 per 1000 visitors").value(), 0.001);
  EXPECT_DOUBLE_EQ(parse_rate("1 per 500").value(), 0.002);
  EXPECT_DOUBLE_EQ(parse_rate("0.1 %").value(), 0.001);
  EXPECT_DOUBLE_EQ(parse_rate("0.1%").value(), 0.001);
  EXPECT_DOUBLE_EQ(parse_rate("0.01").value(), 0.01);
  for (const char* bad :
       {"", "0", "1", "-1 per 10", "1 per 0", "nan", "1 in 1000", "1 per 1000 cats"}) {
    EXPECT_FALSE(parse_rate(bad)) << bad;
  }
}

TEST(Settings, AMissingFileIsTheEnvironmentsFault) {
  const auto settings = read_settings("/nonexistent/maitred.toml");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().fault, Fault::kEnvironment);
  EXPECT_EQ(settings.error().code, "config_missing");
}

TEST(Settings, InstancesWithDifferentStoresDoNotMeet) {
  Settings settings;
  EXPECT_EQ(runtime_folder(settings, nullptr), "/run/maitred");
  EXPECT_EQ(runtime_folder(settings, "/run/other"), "/run/other");
  settings.store_path = "/home/me/a/store.db";
  EXPECT_EQ(runtime_folder(settings, nullptr), "/home/me/a");
}

TEST(Settings, TheCommandLineBeatsTheEnvironment) {
  EXPECT_EQ(choose_settings_file("a", "b"), "a");
  EXPECT_EQ(choose_settings_file("", "b"), "b");
  EXPECT_EQ(choose_settings_file("", nullptr), "/etc/maitred/maitred.toml");
}

TEST(Settings, LiveSourcesAreToldFromFiles) {
  EXPECT_TRUE(is_live_source("/dev/video0"));
  EXPECT_TRUE(is_live_source("rtsp://camera/1"));
  EXPECT_TRUE(is_live_source("gst:videotestsrc ! appsink"));
  EXPECT_FALSE(is_live_source("/srv/film.avi"));
}

TEST(Settings, ReadsRulesInTheirOrder) {
  const auto settings = parse(R"(
[[rule]]
name = "vip"
when = "tier"
tier = "gold"
headline = "{tier}: {name} at {camera}"
priority = "high"
skill = "shoes"
zone = "ground"
managers = true
quiet = "22:00-07:30"
snooze = "1d"
[[rule]]
name = "booked"
when = "appointment"
within = "30m"
[api]
listen = "127.0.0.1:7485"
)");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->rules.size(), 2U);
  const AlertRule& vip = settings->rules[0];
  EXPECT_EQ(vip.when, RuleWhen::kTier);
  EXPECT_EQ(vip.tier, "gold");
  EXPECT_EQ(vip.priority, Priority::kHigh);
  EXPECT_EQ(vip.audience.skill, "shoes");
  EXPECT_EQ(vip.audience.zone, "ground");
  EXPECT_TRUE(vip.audience.managers);
  EXPECT_EQ(vip.quiet->to_min, 450);
  EXPECT_EQ(vip.snooze, std::chrono::hours{24});
  EXPECT_EQ(settings->rules[1].within, std::chrono::minutes{30});
  EXPECT_TRUE(settings->rules[1].audience.everyone());
  EXPECT_EQ(settings->api.port, 7485);
  EXPECT_TRUE(parse("")->api.off());
}

TEST(Settings, FaultyRulesAreNamed) {
  const auto rule = [](const std::string& keys) {
    return complaint("[[rule]]\nname = \"a\"\n" + keys);
  };
  EXPECT_THAT(rule(""), HasSubstr("rule[1].when"));
  EXPECT_THAT(rule("when = \"birthday\""), HasSubstr("m.toml:3: rule[1].when"));
  EXPECT_THAT(rule("when = \"ask\"\nwithin = \"5m\""), HasSubstr("appointment"));
  EXPECT_THAT(rule("when = \"ask\"\ntier = \"gold\""), HasSubstr("only with when"));
  EXPECT_THAT(rule("when = \"ask\"\nheadline = \"{nmae}\""), HasSubstr("{nmae}"));
  EXPECT_THAT(rule("when = \"ask\"\npriority = \"urgent\""), HasSubstr("low, normal and high"));
  EXPECT_THAT(rule("when = \"ask\"\nquiet = \"night\""), HasSubstr("22:00-07:30"));
  EXPECT_THAT(rule("when = \"ask\"\nsnooze = 3"), HasSubstr("snooze"));
  EXPECT_THAT(rule("when = \"ask\"\nwho = \"x\""), HasSubstr("unknown key"));
  EXPECT_THAT(complaint("[[rule]]\nwhen = \"ask\""), HasSubstr("rule[1].name"));
  EXPECT_THAT(complaint("[rule]\nname = \"a\""), HasSubstr("[[rule]]"));
  EXPECT_THAT(rule("when = \"ask\"\n[[rule]]\nname = \"a\"\nwhen = \"arrival\""),
              HasSubstr("two rules have the name 'a'"));
}

}  // namespace
}  // namespace maitred
