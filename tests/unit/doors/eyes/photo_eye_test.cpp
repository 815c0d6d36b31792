// Photos that are analysed by another program. Shell scripts stand in for maitred-eye.
#include "maitred/doors/eyes/photo_eye.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "maitred/base/unix_socket.h"
#include "tests/support/photo_line.h"
#include "tests/support/script.h"
#include "tests/support/temporary_folder.h"

namespace maitred {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class PhotoAnalysis : public testing::Test {
 protected:
  void open(const std::string& script) {
    if (!script.empty()) options_.program = write_script(folder_.path() / "eye", script);
    eye_ = std::make_unique<PhotoEye>(io_, options_);
  }
  Result<std::string> analyse(std::string photo = "JPEG") {
    std::optional<Result<std::string>> answer;
    eye_->analyse(std::move(photo), [&](Result<std::string> got) { answer = std::move(got); });
    EXPECT_FALSE(answer) << "answered within the call";
    io_.restart();
    while (!answer && io_.run_one_for(60s) > 0) {
    }
    if (!answer) return environment_error("no_answer", "none within a minute");
    return *answer;
  }
  // What comes of an eye that reads the photo and then runs this.
  Result<std::string> answer_to(const std::string& script) {
    open("cat > /dev/null; " + script);
    return analyse();
  }

  TemporaryFolder folder_;
  boost::asio::io_context io_;
  PhotoEyeOptions options_{.patience = 60s};
  std::unique_ptr<PhotoEye> eye_;
};

std::string report_without(const char* field) {
  nlohmann::json report = photo_report();
  report.erase(field);
  return report.dump();
}

TEST_F(PhotoAnalysis, ThePhotoArrivesWholeAndTheReportIsHandedOn) {
  nlohmann::json said = photo_report();
  said["warnings"] = {"%s bytes for %s"};
  open("printf '" + said.dump() + "' \"$(wc -c)\" \"$*\"");
  const auto report = analyse(std::string(3'000'000, 'p'));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(*report, HasSubstr("3000000 bytes for "));
  EXPECT_THAT(*report, HasSubstr("--photo --purpose probe"));
  EXPECT_TRUE(no_child_is_left());
}

TEST_F(PhotoAnalysis, ARefusalKeepsItsCodeAndMessage) {
  const auto refused =
      answer_to(R"(echo '{"error":{"code":"no_face","message":"no face is in the photo"}}')");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kInput);
  EXPECT_EQ(refused.error().code, "no_face");
  EXPECT_EQ(refused.error().message, "no face is in the photo");
}

TEST_F(PhotoAnalysis, WhatIsNoReportIsAClearError) {
  for (const std::string& output : std::vector<std::string>{
           "", "null", "[]", "5", "text", "{", R"({"error":5})", R"({"error":null})",
           R"({"error":[]})", R"({"error":{}})", R"({"error":{"code":5}})",
           R"({"error":{"code":""}})", R"({"error":{"code":"a","message":[]}})",
           R"({"a":[[[[[[[[[[1]]]]]]]]]]})", R"({"a":1}{"b":2})", R"({"faces":1})",
           report_without("live"), report_without("template"), report_without("quality")}) {
    SCOPED_TRACE(output);
    const auto answer = answer_to("printf '%s' '" + output + "'");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::kEnvironment);
    EXPECT_EQ(answer.error().code, "photo_failed");
    EXPECT_THAT(answer.error().message, HasSubstr("maitred-eye wrote"));
  }
  EXPECT_EQ(answer_to(R"(printf '{"name":"\377\376"}')").error().code, "photo_failed");
  EXPECT_EQ(answer_to("kill -9 $$").error().code, "photo_failed");
}

TEST_F(PhotoAnalysis, AnEyeThatWritesWithoutEndIsKilled) {
  const auto answer = answer_to("exec cat /dev/zero");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("too long"));
  EXPECT_TRUE(no_child_is_left());
}

TEST_F(PhotoAnalysis, AnEyeThatHangsIsKilledAtItsLimit) {
  options_.patience = 100ms;
  open("exec sleep 1000");
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = analyse();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "photo_failed");
  EXPECT_THAT(answer.error().message, HasSubstr("took too long"));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 100ms);
  EXPECT_TRUE(no_child_is_left());
}

TEST_F(PhotoAnalysis, NoMoreAtOnceThanAllowed) {
  open("exec sleep 1000");
  int answered = 0;
  for (int i = 0; i < 2; ++i) {
    eye_->analyse("JPEG", [&](const Result<std::string>&) { ++answered; });
  }
  EXPECT_EQ(analyse().error().code, "photo_busy");
  eye_.reset();  // nobody is answered any more, and nothing is left
  io_.restart();
  io_.run_for(50ms);
  EXPECT_EQ(answered, 0);
  EXPECT_TRUE(no_child_is_left());
}

TEST_F(PhotoAnalysis, AProgramThatIsNotThereIsNamed) {
  options_.program = "/nowhere/maitred-eye";
  open("");
  const auto answer = analyse();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("/nowhere/maitred-eye"));
}

TEST_F(PhotoAnalysis, AServiceOfItsOwnIsAskedFirst) {
  options_.program = "/nowhere/maitred-eye";
  options_.socket = folder_.path() / "photo.sock";
  auto listener = UnixListener::open(options_.socket, SOCK_STREAM, 0600);
  ASSERT_TRUE(listener);
  const std::string said = photo_report().dump();
  std::string photo;
  std::thread service([&] {
    int client = -1;
    while ((client = ::accept4(listener->fd(), nullptr, nullptr, SOCK_CLOEXEC)) < 0) {
      std::this_thread::yield();
    }
    const UniqueFd owned(client);
    char block[4096];
    for (ssize_t got = 0; (got = ::read(client, block, sizeof block)) > 0;) {
      photo.append(block, static_cast<std::size_t>(got));
    }
    EXPECT_EQ(::send(client, said.data(), said.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(said.size()));
  });
  open("");
  const auto answer = analyse("a photo");
  service.join();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, said);
  EXPECT_EQ(photo, "a photo");
}

TEST_F(PhotoAnalysis, WithoutItsServiceNothingElseIsStartedWhereThatIsForbidden) {
  options_.socket = folder_.path() / "photo.sock";
  options_.fall_back = false;
  const auto started = folder_.path() / "started";
  open("touch " + started.string());
  const auto answer = analyse();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "photo_service_away");
  EXPECT_EQ(answer.error().fault, Fault::kEnvironment);
  EXPECT_FALSE(std::filesystem::exists(started));
}

TEST_F(PhotoAnalysis, TheProcessInheritsNoSecretOfTheEnvironment) {
  ::setenv("MAITRED_PASSPHRASE_FILE", "/a/secret", 1);
  const auto seen = folder_.path() / "seen";
  answer_to("env > " + seen.string());
  ::unsetenv("MAITRED_PASSPHRASE_FILE");
  for (const std::string& line : lines_of(seen)) {
    EXPECT_EQ(line.find("MAITRED_"), std::string::npos) << line;
  }
  EXPECT_FALSE(lines_of(seen).empty());
}

}  // namespace
}  // namespace maitred
