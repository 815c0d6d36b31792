#include "maitred/eye/watch/prepare.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

Settings settings_with(const std::string& source) {
  Settings settings;
  settings.file = "/etc/maitred/maitred.toml";
  settings.store_path = "/tmp/shop/store.db";
  CameraSettings camera;
  camera.name = "entrance";
  camera.source = source;
  camera.zone = {0.2, 0.1, 0.8, 1.0};
  settings.cameras.push_back(camera);
  return settings;
}

std::string code(const Result<EyeOptions>& options) {
  return options ? "ok" : options.error().code;
}

TEST(PrepareEye, TakesWhatTheConfigurationSays) {
  const Settings settings = settings_with("/films/walk.mp4");
  const auto options = prepare_eye(settings, "entrance", nullptr);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->camera, "entrance");
  EXPECT_EQ(options->socket, "/tmp/shop/eye.sock");
  EXPECT_EQ(options->analysis.dwell, Milliseconds{700});
  EXPECT_EQ(options->analysis.zone[0], 0.2);
  EXPECT_EQ(options->analysis.min_face_px, 60);
  EXPECT_TRUE(options->analysis.from_file);
  EXPECT_EQ(options->capture.capture.source, "/films/walk.mp4");
}

TEST(PrepareEye, AnOpenFloorHasNoZoneAndNoDwell) {
  Settings settings = settings_with("/dev/video0");
  settings.cameras[0].mode = CameraMode::kOpen;
  const auto options = prepare_eye(settings, "entrance", nullptr);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->analysis.dwell, Milliseconds{0});
  EXPECT_EQ(options->analysis.zone[2], 1.0);
  EXPECT_FALSE(options->analysis.from_file);
}

TEST(PrepareEye, ASlowCameraIsNotStalled) {
  Settings settings = settings_with("/dev/video0");
  settings.cameras[0].fps = 0.2;
  const auto options = prepare_eye(settings, "entrance", nullptr);
  ASSERT_TRUE(options);
  EXPECT_GE(options->capture.stalled_after, Milliseconds{15000});
}

TEST(PrepareEye, AnUnknownCameraIsRefused) {
  EXPECT_EQ(code(prepare_eye(settings_with("/dev/video0"), "exit", nullptr)), "camera_unknown");
}

TEST(PrepareEye, TheDemoEngineIsRefusedForARealCameraUnlessAllowed) {
  Settings settings = settings_with("/dev/video0");
  settings.engine = "demo";
  EXPECT_EQ(code(prepare_eye(settings, "entrance", nullptr)), "demo_engine_refused");
  settings.cameras[0].source = "rtsp://10.0.0.2/live";
  EXPECT_EQ(code(prepare_eye(settings, "entrance", nullptr)), "demo_engine_refused");
  settings.allow_demo_engine = true;
  EXPECT_EQ(code(prepare_eye(settings, "entrance", nullptr)), "ok");
  settings.allow_demo_engine = false;
  settings.cameras[0].source = "/films/drawn.avi";
  EXPECT_EQ(code(prepare_eye(settings, "entrance", nullptr)), "ok");
}

}  // namespace
}  // namespace maitred
