// Downloads from a server that does what servers and networks do.
#include "maitred/models/fetch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/models/digest.h"
#include "tests/unit/models/faulty_server.h"
#include "tests/unit/models/model_fixture.h"

namespace maitred::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr std::size_t kSize_bytes = 300000;

class Fetch : public ModelFolders {
 protected:
  FetchOptions options(const FaultyServer& server) {
    FetchOptions options;
    options.destination = models_;
    options.base_url = server.url();
    options.shipped = {shipped_};
    options.connect_timeout = 500ms;
    options.stall_timeout = 500ms;
    options.first_backoff = 1ms;
    options.progress = [this](const FetchProgress& progress) {
      EXPECT_LE(progress.done_bytes, progress.size_bytes);
      last_ = progress.done_bytes;
      ++reports_;
    };
    return options;
  }

  // Fetches once from a server that gives these answers first, and expects the file to be right.
  std::vector<Request> expect_fetched(std::deque<Answer> script) {
    const FaultyServer server({{"/net.onnx", content_}}, std::move(script));
    const auto fetched = fetch_models(manifest_, "small", options(server));
    if (!fetched) ADD_FAILURE() << fetched.error().message;
    EXPECT_EQ(read_text(models_ / "net.onnx"), content_);
    EXPECT_THAT(names_in(models_), ElementsAre("net.onnx"));
    EXPECT_EQ(last_, kSize_bytes);
    return server.requests();
  }

  // The same, and expects an error that leaves no file under its final name.
  Error expect_failed(std::deque<Answer> script) {
    const FaultyServer server({{"/net.onnx", content_}}, std::move(script));
    const auto fetched = fetch_models(manifest_, "small", options(server));
    EXPECT_FALSE(fetched);
    EXPECT_FALSE(std::filesystem::exists(models_ / "net.onnx"));
    if (fetched) return {};
    EXPECT_EQ(fetched.error().fault, Fault::kEnvironment);
    EXPECT_THAT(fetched.error().message,
                AllOf(HasSubstr(server.url() + "/net.onnx"), HasSubstr("--from DIR")));
    return fetched.error();
  }

  const std::string content_ = made_up_content(kSize_bytes);
  const Manifest manifest_ =
      manifest_of(file_row({"net.onnx", content_, ""}) + engine_row("embedder = [\"net.onnx\"]"));
  std::uint64_t last_ = 0;
  int reports_ = 0;
};

TEST_F(Fetch, BringsAFileAndReportsProgress) {
  EXPECT_EQ(expect_fetched({}).size(), 1U);
  EXPECT_GT(reports_, 1);
}

TEST_F(Fetch, WhatIsThereAndRightIsNotFetchedAgain) {
  expect_fetched({});
  const auto second = expect_fetched({});
  EXPECT_THAT(second, IsEmpty());
}

TEST_F(Fetch, WhatIsShippedIsNotFetched) {
  write_text(shipped_ / "net.onnx", content_);
  const FaultyServer server({});
  const auto fetched = fetch_models(manifest_, "small", options(server));
  ASSERT_TRUE(fetched);
  EXPECT_TRUE(fetched->front().was_there);
  EXPECT_EQ(fetched->front().path, shipped_ / "net.onnx");
  EXPECT_THAT(names_in(models_), IsEmpty());
}

TEST_F(Fetch, AnAlteredFileIsReplaced) {
  write_text(models_ / "net.onnx", "rubbish");
  expect_fetched({});
}

TEST_F(Fetch, TheDestinationIsMade) {
  models_ = scratch_ / "new" / "models";
  expect_fetched({});
}

TEST_F(Fetch, ACutTransferIsResumedWhereItStopped) {
  const auto requests = expect_fetched({Answer::kCut});
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].range, "");
  EXPECT_EQ(requests[1].range, fmt::format("bytes={}-", kSize_bytes / 2));
}

TEST_F(Fetch, SoIsOneWhoseLengthWasNotAnnounced) {
  EXPECT_EQ(expect_fetched({Answer::kCutUnannounced, Answer::kCut}).size(), 3U);
}

TEST_F(Fetch, AServerWithoutRangesSendsItAllAgain) {
  EXPECT_EQ(expect_fetched({Answer::kCut, Answer::kIgnoresRange}).size(), 2U);
}

TEST_F(Fetch, AServerThatSendsAnotherRangeIsTakenAtItsWord) {
  EXPECT_EQ(expect_fetched({Answer::kCut, Answer::kOtherRange}).size(), 2U);
}

TEST_F(Fetch, AStalledTransferIsGivenUpAndResumed) {
  EXPECT_EQ(expect_fetched({Answer::kStalls}).size(), 2U);
}

TEST_F(Fetch, AnOverloadedServerIsAskedAgain) {
  EXPECT_EQ(expect_fetched({Answer::kOverloaded, Answer::kOverloaded}).size(), 3U);
}

TEST_F(Fetch, TheNextCallResumesWhatTheLastOneLeft) {
  const auto error = expect_failed({4, Answer::kCut});
  EXPECT_EQ(error.code, "fetch_failed");
  EXPECT_THAT(error.message, HasSubstr("cut after"));
  EXPECT_THAT(names_in(models_), ElementsAre("net.onnx.part"));
  const auto requests = expect_fetched({});
  EXPECT_THAT(requests.front().range, HasSubstr("bytes="));
}

TEST_F(Fetch, APartOfSomethingElseIsNoticedAndFetchedAnew) {
  write_text(models_ / "net.onnx.part", made_up_content(1000, 9));
  const auto requests = expect_fetched({});
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].range, "");
}

TEST_F(Fetch, APartThatIsTooLongOrWholeIsNotTrusted) {
  write_text(models_ / "net.onnx.part", made_up_content(kSize_bytes + 7, 9));
  expect_fetched({});
  std::filesystem::remove(models_ / "net.onnx");
  write_text(models_ / "net.onnx.part", made_up_content(kSize_bytes, 9));
  expect_fetched({});
  std::filesystem::remove(models_ / "net.onnx");
  write_text(models_ / "net.onnx.part", content_);
  EXPECT_THAT(expect_fetched({}), IsEmpty());
}

TEST_F(Fetch, WrongBytesAreRefusedAndNothingOfThemStays) {
  const auto error = expect_failed({Answer::kWrongBytes});
  EXPECT_EQ(error.code, "model_altered");
  EXPECT_THAT(error.message, HasSubstr(sha256_of(content_).substr(0, 12)));
  EXPECT_THAT(names_in(models_), IsEmpty());
}

TEST_F(Fetch, AnAlteredFileSurvivesAFailedReplacement) {
  write_text(models_ / "net.onnx", "rubbish");
  const FaultyServer server({{"/net.onnx", content_}}, {Answer::kWrongBytes});
  EXPECT_FALSE(fetch_models(manifest_, "small", options(server)));
  EXPECT_EQ(read_text(models_ / "net.onnx"), "rubbish");
}

TEST_F(Fetch, APortalsPageInsteadOfTheFileIsRefused) {
  const auto error = expect_failed({Answer::kShortPage});
  EXPECT_EQ(error.code, "model_altered");
  EXPECT_THAT(names_in(models_), IsEmpty());
}

TEST_F(Fetch, MoreThanTheManifestSaysIsRefusedBeforeItFillsTheDisk) {
  const auto error = expect_failed({Answer::kTooLong});
  EXPECT_EQ(error.code, "model_altered");
  EXPECT_THAT(names_in(models_), IsEmpty());
}

TEST_F(Fetch, AFileThatIsNotThereIsNotAskedForTwice) {
  const FaultyServer server({});
  const auto fetched = fetch_models(manifest_, "small", options(server));
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "fetch_failed");
  EXPECT_THAT(fetched.error().message, HasSubstr("404"));
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(names_in(models_), IsEmpty());
}

TEST_F(Fetch, RedirectsEnd) {
  EXPECT_EQ(expect_failed({Answer::kRedirectsForEver}).code, "fetch_failed");
}

TEST_F(Fetch, ASilentServerIsGivenUp) {
  const auto error = expect_failed({4, Answer::kSilent});
  EXPECT_EQ(error.code, "fetch_failed");
  EXPECT_THAT(error.message, HasSubstr("no answer"));
}

TEST_F(Fetch, NoServerIsSaidSoon) {
  FetchOptions options;
  {
    const FaultyServer server({});
    options = this->options(server);
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto fetched = fetch_models(manifest_, "small", options);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "fetch_failed");
  EXPECT_THAT(fetched.error().message, HasSubstr("--from DIR"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 60s);
  EXPECT_THAT(names_in(models_), IsEmpty());
}

TEST_F(Fetch, CanBeCancelled) {
  const FaultyServer server({{"/net.onnx", content_}}, {4, Answer::kStalls});
  auto with_cancel = options(server);
  with_cancel.cancelled = [] { return true; };
  const auto fetched = fetch_models(manifest_, "small", with_cancel);
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().message, HasSubstr("cancelled"));
}

TEST_F(Fetch, AnUnknownEngineIsTheUsersError) {
  const FaultyServer server({});
  const auto fetched = fetch_models(manifest_, "tiny", options(server));
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, "unknown_engine");
  EXPECT_THAT(server.requests(), IsEmpty());
}

// A file that upstream publishes packed.
class FetchPacked : public Fetch {
 protected:
  Manifest packed_manifest(const std::string& sha256, const std::string& git_blob) const {
    std::string digests;
    if (!sha256.empty()) digests += fmt::format(", sha256 = \"{}\"", sha256);
    if (!git_blob.empty()) digests += fmt::format(", git_blob = \"{}\"", git_blob);
    const std::string more = fmt::format(
        "url = \"https://models.invalid/net.dat.bz2\"\n"
        "archive = {{ format = \"bzip2\", size_bytes = {}{} }}",
        packed_.size(), digests);
    return manifest_of(file_row({"net.dat", content_, more}) +
                       engine_row("embedder = [\"net.dat\"]"));
  }
  std::string blob_of_packed() const {
    write_text(scratch_ / "packed", packed_);
    return git_blob_of_file(scratch_ / "packed").value_or("");
  }

  const std::string packed_ = bzip2_of(content_);
};

TEST_F(FetchPacked, IsUnpackedOnTheWay) {
  const FaultyServer server({{"/net.dat.bz2", packed_}}, {Answer::kCut});
  const auto manifest = packed_manifest(sha256_of(packed_), blob_of_packed());
  const auto fetched = fetch_models(manifest, "small", options(server));
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(read_text(models_ / "net.dat"), content_);
  EXPECT_THAT(names_in(models_), ElementsAre("net.dat"));
}

TEST_F(FetchPacked, IsHeldToEachDigestOfTheArchive) {
  const std::string other = sha256_of("other");
  for (const auto& manifest :
       {packed_manifest(other, blob_of_packed()), packed_manifest("", other.substr(0, 40))}) {
    const FaultyServer server({{"/net.dat.bz2", packed_}});
    const auto fetched = fetch_models(manifest, "small", options(server));
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().code, "model_altered");
    EXPECT_THAT(names_in(models_), IsEmpty());
  }
  const FaultyServer server({{"/net.dat.bz2", packed_}});
  EXPECT_TRUE(fetch_models(packed_manifest("", blob_of_packed()), "small", options(server)));
}

TEST_F(FetchPacked, ABombOrABrokenArchiveIsRefused) {
  const std::vector<std::string> archives = {bzip2_of(std::string(50000000, 'x')), "not bzip2",
                                             packed_.substr(0, packed_.size() / 2)};
  for (const std::string& archive : archives) {
    const std::string more = fmt::format(
        "url = \"https://models.invalid/net.dat.bz2\"\n"
        "archive = {{ format = \"bzip2\", size_bytes = {}, sha256 = \"{}\" }}",
        archive.size(), sha256_of(archive));
    const auto manifest =
        manifest_of(file_row({"net.dat", content_, more}) + engine_row("embedder = [\"net.dat\"]"));
    const FaultyServer server({{"/net.dat.bz2", archive}});
    const auto fetched = fetch_models(manifest, "small", options(server));
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().code, "model_altered");
    EXPECT_THAT(names_in(models_), IsEmpty());
  }
}

}  // namespace
}  // namespace maitred::test
