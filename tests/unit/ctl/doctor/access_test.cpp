#include "maitred/ctl/doctor/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace maitred {
namespace {

namespace fs = std::filesystem;

class Access : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/maitred-doctor-XXXXXX";
    folder_ = ::mkdtemp(name);
    settings_.file = folder_ / "maitred.toml";
    settings_.store_path = folder_ / "store.db";
    settings_.store_key = "file:" + (folder_ / "store.key").string();
    write(settings_.file, 0644);
    write(folder_ / "store.key", 0600);
    write(settings_.store_path, 0600);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const fs::path& path, mode_t mode) {
    std::ofstream(path) << "x";
    ::chmod(path.c_str(), mode);
  }

  // As somebody who is neither root nor the owner of these files, unless he is one of them.
  std::vector<std::string> faults(const Account& who) {
    std::vector<std::string> checks;
    for (const Finding& finding : look_at_permissions(settings_, folder_, who)) {
      if (finding.verdict == Verdict::kFault) checks.push_back(finding.check);
    }
    return checks;
  }

  fs::path folder_;
  Settings settings_;
  const Account owner_{"owner", ::geteuid(), {::getegid()}};
  const Account other_{"other", 12345, {12345}};
};

TEST_F(Access, AnOrderlyBoxHasNoFaults) { EXPECT_TRUE(faults(owner_).empty()); }

TEST_F(Access, AnotherUserIsToldWhoOwnsWhat) {
  const auto checks = faults(other_);
  EXPECT_NE(std::find(checks.begin(), checks.end(), "key"), checks.end());
  EXPECT_NE(std::find(checks.begin(), checks.end(), "permissions"), checks.end());
}

TEST_F(Access, AKeyForEveryoneIsAFault) {
  ::chmod((folder_ / "store.key").c_str(), 0644);
  EXPECT_EQ(faults(owner_), std::vector<std::string>{"key"});
}

TEST_F(Access, APasswordInAReadableConfigurationIsAFault) {
  CameraSettings camera;
  camera.source = "rtsp://user:word@192.0.2.1/s";
  settings_.cameras = {camera};
  EXPECT_EQ(faults(owner_), std::vector<std::string>{"configuration"});
  ::chmod(settings_.file.c_str(), 0640);
  EXPECT_TRUE(faults(owner_).empty());
}

TEST_F(Access, ADeviceThatIsNotThereOrNoDevice) {
  EXPECT_EQ(look_at_device("/dev/no-such-camera", owner_)[0].verdict, Verdict::kFault);
  EXPECT_EQ(look_at_device(settings_.file.string(), owner_)[0].verdict, Verdict::kFault);
  EXPECT_TRUE(look_at_device("/dev/null", other_).empty());
}

TEST_F(Access, ByGroup) {
  write(folder_ / "device", 0660);
  const Account member{"member", 12345, {::getegid()}};
  EXPECT_TRUE(may_access(member, folder_ / "device", R_OK | W_OK));
  EXPECT_FALSE(may_access(other_, folder_ / "device", R_OK));
}

}  // namespace
}  // namespace maitred
