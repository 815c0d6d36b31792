#include "maitred/link/eye_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bytes.h"
#include "maitred/base/json.h"

namespace maitred {
namespace {

constexpr std::uint32_t kMagic = 0x4552544D;  // "MTRE"
constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kHeadBytes = 12;
constexpr std::size_t kFixedBytes = 256;  // more than any message without its texts and template
enum Type : std::uint8_t { kHello = 1, kSighting = 2, kTrackEnded = 3, kHealth = 4 };

constexpr WallTime kLastTime{Milliseconds{253402300799999}};  // 9999-12-31T23:59:59.999Z
constexpr Milliseconds kLongestFile = std::chrono::hours(24 * 3653);
constexpr float kFarthest_px = 1e6F;
constexpr float kLargestValue = 1.001F;
constexpr double kMostFps = 10000.0;

tl::unexpected<Error> bad(std::string_view what) {
  return input_error("bad_eye_message", fmt::format("message of an eye refused: {}", what));
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kEyeNameLimitBytes && is_plain_line(text);
}
bool is_time(WallTime time) { return time >= WallTime{} && time <= kLastTime; }

// Written so that NaN fails.
template <class T>
bool within(T value, T low, T high) {
  return value >= low && value <= high;
}

Status check(const EyeHello& hello) {
  if (!is_name(hello.camera)) return bad("camera name");
  if (!is_name(hello.engine)) return bad("engine name");
  if (!within(hello.template_length, 1U, kTemplateLimit)) return bad("template length");
  if (hello.pid < 0) return bad("process id");
  return {};
}

Status check_template(std::span<const float> values) {
  if (values.empty() || values.size() > kTemplateLimit) return bad("template length");
  double square = 0.0;
  for (const float value : values) {
    if (!within(value, -kLargestValue, kLargestValue)) return bad("template value");
    square += static_cast<double>(value) * static_cast<double>(value);
  }
  // A vector of zeros has no direction.
  return within(square, 0.98, 1.02) ? Status{} : bad("template length is not 1");
}

Status check(const Sighting& sighting) {
  if (sighting.track.value == 0) return bad("track number");
  if (!is_time(sighting.first_seen) || !is_time(sighting.at)) return bad("time");
  if (!within(sighting.position, Milliseconds{0}, kLongestFile)) return bad("position");
  const Box& box = sighting.box;
  if (!within(box.x_px, -kFarthest_px, kFarthest_px) ||
      !within(box.y_px, -kFarthest_px, kFarthest_px) || !within(box.width_px, 0.0F, kFarthest_px) ||
      !within(box.height_px, 0.0F, kFarthest_px)) {
    return bad("box");
  }
  if (!within(sighting.quality, 0.0F, 1.0F)) return bad("quality");
  if (!is_name(sighting.probe.engine())) return bad("engine name");
  return check_template(sighting.probe.values());
}

Status check(const TrackEnded& ended) {
  if (ended.track.value == 0) return bad("track number");
  if (!is_time(ended.at)) return bad("time");
  return {};
}

Status check(const EyeHealth& health) {
  if (health.state > EyeState::kEnded) return bad("state");
  if (!within(health.fps, 0.0, kMostFps)) return bad("frames a second");
  if (health.note.size() > kEyeNoteLimitBytes || !is_plain_line(health.note)) return bad("note");
  if (!health.backend.empty() && !is_name(health.backend)) return bad("back end");
  return {};
}

// A note may contain an error text of a library, so it may be anything.
std::string fit_note(std::string_view note) {
  std::string fit = shown_text(note);
  std::replace_if(
      fit.begin(), fit.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  fit.resize(utf8_prefix(fit, kEyeNoteLimitBytes).size());
  return fit;
}

std::int64_t count_of(WallTime time) { return time.time_since_epoch().count(); }

Type put(ByteWriter& out, const EyeHello& hello) {
  out.put_text(hello.camera);
  out.put_text(hello.engine);
  out.put(hello.template_length);
  out.put(hello.pid);
  return kHello;
}

Type put(ByteWriter& out, const Sighting& sighting) {
  out.put(sighting.track.value);
  out.put(count_of(sighting.first_seen));
  out.put(count_of(sighting.at));
  out.put(std::int64_t{sighting.position.count()});
  out.put(static_cast<std::uint8_t>(sighting.from_file));
  out.put(sighting.box.x_px);
  out.put(sighting.box.y_px);
  out.put(sighting.box.width_px);
  out.put(sighting.box.height_px);
  out.put(sighting.quality);
  out.put(sighting.frames);
  out.put_text(sighting.probe.engine());
  out.put(static_cast<std::uint32_t>(sighting.probe.values().size()));
  for (const float value : sighting.probe.values()) out.put(value);
  return kSighting;
}

Type put(ByteWriter& out, const TrackEnded& ended) {
  out.put(ended.track.value);
  out.put(count_of(ended.at));
  return kTrackEnded;
}

Type put(ByteWriter& out, const EyeHealth& health) {
  out.put(static_cast<std::uint8_t>(health.state));
  out.put(health.fps);
  for (const std::uint64_t count : {health.frames, health.dropped, health.faces, health.tracks,
                                    health.embeddings, health.not_live}) {
    out.put(count);
  }
  out.put_text(health.note);
  out.put_text(health.backend);
  return kHealth;
}

template <class Message>
Result<WipedVector<std::uint8_t>> encode_one(const Message& message, std::size_t template_values) {
  MAITRED_TRY(check(message));
  ByteWriter body(kFixedBytes + 2 * kEyeNoteLimitBytes + template_values * sizeof(float));
  const Type type = put(body, message);
  const WipedVector<std::uint8_t> payload = body.take();
  ByteWriter head(kHeadBytes + payload.size());
  head.put(kMagic);
  head.put(kVersion);
  head.put(static_cast<std::uint8_t>(type));
  head.put(std::uint16_t{0});
  head.put(static_cast<std::uint32_t>(payload.size()));
  WipedVector<std::uint8_t> bytes = head.take();
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

WallTime take_time(ByteReader& in) { return WallTime{Milliseconds{in.i64()}}; }

EyeHello take_hello(ByteReader& in) {
  EyeHello hello;
  hello.camera = in.text();
  hello.engine = in.text();
  hello.template_length = in.u32();
  hello.pid = in.i32();
  return hello;
}

Result<Sighting> take_sighting(ByteReader& in) {
  Sighting sighting;
  sighting.track.value = in.u64();
  sighting.first_seen = take_time(in);
  sighting.at = take_time(in);
  sighting.position = Milliseconds{in.i64()};
  const std::uint8_t from_file = in.u8();
  if (from_file > 1) return bad("file mark");
  sighting.from_file = from_file == 1;
  sighting.box.x_px = in.f32();
  sighting.box.y_px = in.f32();
  sighting.box.width_px = in.f32();
  sighting.box.height_px = in.f32();
  sighting.quality = in.f32();
  sighting.frames = in.u32();
  std::string engine = in.text();
  const std::uint32_t count = in.u32();
  // Before memory is taken for them.
  if (count > kTemplateLimit || count * sizeof(float) != in.left()) return bad("template length");
  WipedVector<float> values(count);
  std::generate(values.begin(), values.end(), [&] { return in.f32(); });
  MAITRED_TRY(check_template(values));
  sighting.probe = Template(std::move(engine), values);
  return sighting;
}

TrackEnded take_track_ended(ByteReader& in) {
  TrackEnded ended;
  ended.track.value = in.u64();
  ended.at = take_time(in);
  return ended;
}

EyeHealth take_health(ByteReader& in) {
  EyeHealth health;
  health.state = static_cast<EyeState>(in.u8());
  health.fps = in.f64();
  health.frames = in.u64();
  health.dropped = in.u64();
  health.faces = in.u64();
  health.tracks = in.u64();
  health.embeddings = in.u64();
  health.not_live = in.u64();
  health.note = in.text();
  health.backend = in.text();
  return health;
}

template <class Message>
Result<EyeMessage> checked(const ByteReader& in, Message message) {
  if (!in.complete()) return bad("its length does not fit its contents");
  MAITRED_TRY(check(message));
  return EyeMessage(std::move(message));
}

}  // namespace

Result<WipedVector<std::uint8_t>> encode(const EyeMessage& message) {
  if (const auto* hello = std::get_if<EyeHello>(&message)) return encode_one(*hello, 0);
  if (const auto* ended = std::get_if<TrackEnded>(&message)) return encode_one(*ended, 0);
  if (const auto* sighting = std::get_if<Sighting>(&message)) {
    return encode_one(*sighting, sighting->probe.values().size());
  }
  EyeHealth health = std::get<EyeHealth>(message);
  health.note = fit_note(health.note);
  return encode_one(health, 0);
}

Result<EyeMessage> decode(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kEyeMessageLimitBytes) return bad("it is longer than 16 KiB");
  ByteReader in(bytes);
  if (in.u32() != kMagic) return bad("it does not begin with the magic bytes");
  if (const auto version = in.u8(); version != kVersion) {
    return bad(fmt::format("version {}, this program speaks {}; install the same version of both",
                           version, kVersion));
  }
  const std::uint8_t type = in.u8();
  if (in.u16() != 0) return bad("reserved bytes");
  if (in.u32() != in.left() || in.failed()) return bad("its length does not fit its contents");
  switch (type) {
    case kHello:
      return checked(in, take_hello(in));
    case kSighting: {
      MAITRED_ASSIGN(Sighting sighting, take_sighting(in));
      return checked(in, std::move(sighting));
    }
    case kTrackEnded:
      return checked(in, take_track_ended(in));
    case kHealth:
      return checked(in, take_health(in));
    default:
      return bad("unknown type");
  }
}

}  // namespace maitred
