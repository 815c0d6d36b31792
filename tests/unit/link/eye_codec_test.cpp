#include "maitred/link/eye_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <vector>

namespace maitred {
namespace {

using Bytes = WipedVector<std::uint8_t>;
using testing::HasSubstr;

EyeHello hello() { return {"entrance", "retail", 4, 321}; }

Sighting sighting() {
  Sighting out;
  out.track = TrackId{7};
  out.first_seen = *parse_time("2026-11-22T10:15:01Z");
  out.at = *parse_time("2026-11-22T10:15:03.120Z");
  out.position = Milliseconds{2120};
  out.from_file = true;
  out.box = {-3.5F, 20.0F, 80.0F, 100.25F};
  out.quality = 0.75F;
  out.frames = 5;
  out.probe = Template("retail", std::vector<float>{0.5F, -0.5F, 0.5F, -0.5F});
  return out;
}

TrackEnded track_ended() { return {TrackId{7}, *parse_time("2026-11-22T10:15:05Z")}; }

EyeHealth health() {
  return {EyeState::kStalled,
          9.75,
          1000,
          2,
          300,
          40,
          5,
          3,
          "no frame from the camera für 5 s",
          "onednn"};
}

std::vector<Bytes> one_of_each() {
  std::vector<Bytes> out;
  out.push_back(*encode(hello()));
  out.push_back(*encode(sighting()));
  out.push_back(*encode(track_ended()));
  out.push_back(*encode(health()));
  return out;
}

std::string refusal(const Bytes& bytes) {
  const auto message = decode(bytes);
  if (message) return "accepted";
  EXPECT_EQ(message.error().code, "bad_eye_message");
  return message.error().message;
}

TEST(EyeCodec, HelloArrivesAsSent) {
  const auto message = decode(*encode(hello()));
  ASSERT_TRUE(message) << message.error().message;
  const auto& got = std::get<EyeHello>(*message);
  EXPECT_EQ(got.camera, "entrance");
  EXPECT_EQ(got.engine, "retail");
  EXPECT_EQ(got.template_length, 4U);
  EXPECT_EQ(got.pid, 321);
}

TEST(EyeCodec, SightingArrivesAsSent) {
  const auto message = decode(*encode(sighting()));
  ASSERT_TRUE(message) << message.error().message;
  const auto& got = std::get<Sighting>(*message);
  const Sighting sent = sighting();
  EXPECT_EQ(got.track, sent.track);
  EXPECT_EQ(got.first_seen, sent.first_seen);
  EXPECT_EQ(got.at, sent.at);
  EXPECT_EQ(got.position, sent.position);
  EXPECT_TRUE(got.from_file);
  EXPECT_EQ(got.box.x_px, -3.5F);
  EXPECT_EQ(got.box.y_px, 20.0F);
  EXPECT_EQ(got.box.width_px, 80.0F);
  EXPECT_EQ(got.box.height_px, 100.25F);
  EXPECT_EQ(got.quality, 0.75F);
  EXPECT_EQ(got.frames, 5U);
  EXPECT_EQ(got.probe.engine(), "retail");
  EXPECT_NEAR(similarity(got.probe, sent.probe).value, 1.0F, 1e-6F);
}

TEST(EyeCodec, TrackEndedAndHealthArriveAsSent) {
  const auto ended = decode(*encode(track_ended()));
  ASSERT_TRUE(ended);
  EXPECT_EQ(std::get<TrackEnded>(*ended).track.value, 7U);
  EXPECT_EQ(std::get<TrackEnded>(*ended).at, track_ended().at);
  const auto message = decode(*encode(health()));
  ASSERT_TRUE(message);
  const auto& got = std::get<EyeHealth>(*message);
  EXPECT_EQ(got.state, EyeState::kStalled);
  EXPECT_EQ(got.fps, 9.75);
  EXPECT_EQ(got.frames, 1000U);
  EXPECT_EQ(got.dropped, 2U);
  EXPECT_EQ(got.faces, 300U);
  EXPECT_EQ(got.tracks, 40U);
  EXPECT_EQ(got.embeddings, 5U);
  EXPECT_EQ(got.not_live, 3U);
  EXPECT_EQ(got.note, health().note);
  EXPECT_EQ(got.backend, "onednn");
}

TEST(EyeCodec, TheLongestTemplateFits) {
  const auto of_length = [](std::size_t values) {
    Sighting out = sighting();
    out.probe = Template("retail", std::vector<float>(values, 1.0F));
    return encode(std::move(out));
  };
  const auto bytes = of_length(kTemplateLimit);
  ASSERT_TRUE(bytes);
  EXPECT_LE(bytes->size(), kEyeMessageLimitBytes);
  EXPECT_TRUE(decode(*bytes));
  EXPECT_FALSE(of_length(kTemplateLimit + 1));
}

TEST(EyeCodec, CutAtAnyByteItIsRefused) {
  for (const Bytes& whole : one_of_each()) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(decode(std::span(whole).first(size))) << size << " of " << whole.size();
    }
    Bytes longer = whole;
    longer.push_back(0);
    EXPECT_FALSE(decode(longer));
  }
}

// Whatever bytes come, the answer is a message that can be encoded again, or an error.
TEST(EyeCodec, AnySingleByteChangedIsHarmless) {
  for (const Bytes& whole : one_of_each()) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const int change : {0x01, 0x80, 0xFF}) {
        Bytes bytes = whole;
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ change);
        const auto message = decode(bytes);
        EXPECT_TRUE(!message || encode(*message)) << "byte " << at;
      }
    }
  }
}

TEST(EyeCodec, TheHeadIsChecked) {
  const Bytes good = *encode(track_ended());
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    return refusal(bytes);
  };
  EXPECT_THAT(with(0, 'X'), HasSubstr("does not begin"));
  EXPECT_THAT(with(4, 3), HasSubstr("version 3"));
  EXPECT_THAT(with(5, 5), HasSubstr("unknown type"));
  EXPECT_THAT(with(5, 0), HasSubstr("unknown type"));
  EXPECT_THAT(with(6, 1), HasSubstr("reserved"));
  EXPECT_THAT(with(8, 15), HasSubstr("length"));
  EXPECT_THAT(refusal(Bytes(kEyeMessageLimitBytes + 1, 0)), HasSubstr("16 KiB"));
}

TEST(EyeCodec, ValuesOutOfRangeAreNotSent) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::pair<std::string, std::function<void(Sighting&)>>> cases = {
      {"track", [](Sighting& s) { s.track.value = 0; }},
      {"time", [](Sighting& s) { s.at = WallTime{Milliseconds{-1}}; }},
      {"time", [](Sighting& s) { s.first_seen = WallTime{Milliseconds{253402300800000}}; }},
      {"position", [](Sighting& s) { s.position = Milliseconds{-1}; }},
      {"box", [nan](Sighting& s) { s.box.x_px = nan; }},
      {"box", [](Sighting& s) { s.box.width_px = -1.0F; }},
      {"box", [](Sighting& s) { s.box.height_px = -1.0F; }},
      {"box", [](Sighting& s) { s.box.y_px = -2e6F; }},
      {"box", [](Sighting& s) { s.box.y_px = std::numeric_limits<float>::infinity(); }},
      {"quality", [](Sighting& s) { s.quality = 1.5F; }},
      {"quality", [nan](Sighting& s) { s.quality = nan; }},
      {"engine", [](Sighting& s) { s.probe = Template("", std::vector<float>{1.0F}); }},
      {"template", [](Sighting& s) { s.probe = Template("retail", {}); }},
  };
  for (const auto& [word, spoil] : cases) {
    Sighting bad = sighting();
    spoil(bad);
    const auto bytes = encode(std::move(bad));
    ASSERT_FALSE(bytes) << word;
    EXPECT_THAT(bytes.error().message, HasSubstr(word));
  }
}

TEST(EyeCodec, BadNumbersInATemplateAreRefused) {
  const Bytes good = *encode(sighting());
  for (const float value : {std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(), 1e30F, -2.0F}) {
    Bytes bytes = good;
    std::memcpy(bytes.data() + bytes.size() - sizeof value, &value, sizeof value);
    EXPECT_THAT(refusal(bytes), HasSubstr("template value"));
  }
}

TEST(EyeCodec, NamesAreOnePlainLine) {
  for (const std::string& name :
       {std::string(), std::string(65, 'a'), std::string("a\nb"), std::string("\x1b[31m"),
        std::string("\xff"), std::string("\xed\xa0\x80"), std::string("a\0b", 3)}) {
    EyeHello bad = hello();
    bad.camera = name;
    EXPECT_FALSE(encode(bad));
    bad = hello();
    bad.engine = name;
    EXPECT_FALSE(encode(bad));
  }
  EyeHello longest = hello();
  longest.camera = std::string(64, 'a');
  EXPECT_TRUE(encode(longest));
}

TEST(EyeCodec, ANoteOfAnyKindIsMadeFit) {
  EyeHealth message = health();
  message.note = "line one\nline two \x1b[2J \xff";
  for (int i = 0; i < 200; ++i) message.note += "ü";
  const auto bytes = encode(message);
  ASSERT_TRUE(bytes);
  const auto got = decode(*bytes);
  ASSERT_TRUE(got) << got.error().message;
  const std::string& note = std::get<EyeHealth>(*got).note;
  EXPECT_THAT(note, testing::StartsWith("line one line two ?[2J ?ü"));
  EXPECT_LE(note.size(), kEyeNoteLimitBytes);
  EXPECT_GE(note.size(), kEyeNoteLimitBytes - 1);
}

TEST(EyeCodec, HealthOutOfRangeIsRefused) {
  EyeHealth bad = health();
  bad.fps = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(encode(bad));
  Bytes bytes = *encode(health());
  bytes[12] = 4;
  EXPECT_THAT(refusal(bytes), HasSubstr("state"));
}

TEST(EyeCodec, ATrackWithoutANumberDoesNotEnd) {
  TrackEnded bad = track_ended();
  bad.track.value = 0;
  EXPECT_FALSE(encode(bad));
}

TEST(EyeCodec, ANoteThatIsTooLongIsRefused) {
  EyeHealth message = health();
  message.note = "a\tb";
  message.backend.clear();
  const auto fit = decode(*encode(message));
  ASSERT_TRUE(fit) << fit.error().message;
  EXPECT_EQ(std::get<EyeHealth>(*fit).note, "a b");
  EXPECT_EQ(std::get<EyeHealth>(*fit).backend, "");

  constexpr std::size_t kPayloadSizeAt = 8;
  constexpr std::size_t kNoteAt = 12 + 1 + 8 + 6 * 8;
  message.note.clear();
  Bytes bytes = *encode(message);
  const auto longer = static_cast<std::uint16_t>(kEyeNoteLimitBytes + 1);
  std::uint32_t payload = 0;
  std::memcpy(&payload, bytes.data() + kPayloadSizeAt, sizeof payload);
  payload += longer;
  std::memcpy(bytes.data() + kPayloadSizeAt, &payload, sizeof payload);
  std::memcpy(bytes.data() + kNoteAt, &longer, sizeof longer);
  bytes.insert(bytes.begin() + kNoteAt + 2, longer, 'a');
  EXPECT_THAT(refusal(bytes), HasSubstr("note"));
}

}  // namespace
}  // namespace maitred
