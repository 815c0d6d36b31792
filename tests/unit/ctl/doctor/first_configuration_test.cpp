#include "maitred/ctl/doctor/first_configuration.h"

#include <gtest/gtest.h>

#include "maitred/settings/settings.h"

namespace maitred {
namespace {

FirstAnswers two_cameras() {
  FirstAnswers answers;
  answers.cameras = {{"door", "rtsp://user:p\"w@192.0.2.7/s", "[0.2, 0.1, 0.8, 1.0]"},
                     {"till", "/dev/video2", "[0, 0, 1, 1]"}};
  answers.false_alerts = "1 per 5000 visitors";
  return answers;
}

TEST(FirstConfiguration, HoldsTheAnswersAndReadsBack) {
  const auto text = first_configuration(two_cameras(), "/etc/maitred/maitred.toml");
  ASSERT_TRUE(text) << text.error().message;
  const auto settings = parse_settings(*text, "/etc/maitred/maitred.toml");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->cameras.size(), 2U);
  EXPECT_EQ(settings->cameras[0].source, "rtsp://user:p\"w@192.0.2.7/s");
  EXPECT_EQ(settings->cameras[1].name, "till");
  EXPECT_DOUBLE_EQ(settings->false_alert_rate, 1.0 / 5000);
  EXPECT_EQ(settings->store_path, "/var/lib/maitred/store.db");
}

TEST(FirstConfiguration, KeepsTheShippedComments) {
  const std::string text = *first_configuration(two_cameras(), "x.toml");
  EXPECT_NE(text.find("# Where staff terminals connect."), std::string::npos);
  EXPECT_NE(text.find("# Width in pixels of a face worth recognising."), std::string::npos);
}

TEST(FirstConfiguration, MayKeepEverythingBesideTheFile) {
  FirstAnswers answers = two_cameras();
  answers.beside_file = true;
  const auto settings = parse_settings(*first_configuration(answers, "/srv/m.toml"), "/srv/m.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->store_path, "/srv/store.db");
  EXPECT_EQ(settings->store_key, "file:/srv/store.key");
  EXPECT_EQ(settings->models_dir, "/srv/models");
}

TEST(FirstConfiguration, RefusesWhatAConfigurationMayNotHold) {
  FirstAnswers answers = two_cameras();
  answers.cameras[1].name = "door";
  EXPECT_FALSE(first_configuration(answers, "x.toml"));
  answers = two_cameras();
  answers.cameras[0].zone = "[0.9, 0, 0.1, 1]";
  EXPECT_FALSE(first_configuration(answers, "x.toml"));
  answers = two_cameras();
  answers.false_alerts = "often";
  EXPECT_FALSE(first_configuration(answers, "x.toml"));
}

}  // namespace
}  // namespace maitred
