// Reads devices, streams, pipelines and files through OpenCV videoio.
#include <spdlog/fmt/fmt.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "frame_pacer.h"
#include "maitred/base/text.h"
#include "mat_image.h"
#include "sources.h"
#include "stream_peer.h"

namespace maitred {
namespace {

// Converts grey and other pictures to BGR; empty if that is impossible.
cv::Mat as_bgr(cv::Mat picture) {
  if (picture.type() == CV_8UC3) return picture;
  cv::Mat bgr;
  if (picture.type() == CV_8UC1) cv::cvtColor(picture, bgr, cv::COLOR_GRAY2BGR);
  if (picture.type() == CV_8UC4) cv::cvtColor(picture, bgr, cv::COLOR_BGRA2BGR);
  return bgr;
}

class VideoSource final : public FrameSource {
 public:
  VideoSource(const cv::VideoCapture& capture, const CaptureOptions& options, bool live)
      : capture_(capture),
        options_(options),
        live_(live),
        regular_(options.fps, live ? 0.25 : 0.05),
        extra_(options.fps * options.burst, live ? 0.25 : 0.05) {
    const double fps = capture_.get(cv::CAP_PROP_FPS);
    frame_seconds_ = std::isfinite(fps) && fps > 0.1 && fps < 1000.0 ? 1.0 / fps : 0.04;
  }

  Result<std::optional<SourceFrame>> read() override {
    try {
      return read_due();
    } catch (const cv::Exception&) {
      return live_ ? Result<std::optional<SourceFrame>>(lost()) : std::nullopt;
    }
  }

  Milliseconds end_position() const override {
    return to_milliseconds(position_seconds_ + frame_seconds_);
  }

 private:
  Result<std::optional<SourceFrame>> read_due() {
    while (capture_.grab()) {
      advance();
      const double seconds = live_ ? seconds_since_open() : position_seconds_;
      const bool regular = regular_.due(seconds);
      if (!extra_.due(seconds) && !regular) continue;
      cv::Mat picture;
      if (!capture_.retrieve(picture) || picture.empty()) continue;
      // Copies, because the library reuses its buffer and the frame outlives the next grab.
      cv::Mat own = as_bgr(picture.u != nullptr ? picture : picture.clone());
      if (own.empty()) continue;
      return SourceFrame{image_of(std::move(own)),
                         live_ ? Milliseconds{0} : to_milliseconds(position_seconds_), !regular};
    }
    if (live_) return lost();
    if (frames_ == 0) {
      return environment_error(
          "camera_unreadable",
          fmt::format("camera \"{}\": {} holds no picture that can be decoded; check the file",
                      options_.camera, without_secrets(options_.source)));
    }
    return std::nullopt;
  }

  // The file's own time if it has one that grows, else the count of frames.
  void advance() {
    if (!live_ && frames_ > 0) {
      const double counted = position_seconds_ + frame_seconds_;
      const double own = capture_.get(cv::CAP_PROP_POS_MSEC) / 1000.0 - first_seconds_;
      const bool sensible = std::isfinite(own) && own > position_seconds_ && own < counted + 3600.0;
      position_seconds_ = sensible ? own : counted;
    } else if (!live_) {
      const double own = capture_.get(cv::CAP_PROP_POS_MSEC) / 1000.0;
      first_seconds_ = std::isfinite(own) ? own : 0.0;
    }
    ++frames_;
  }

  double seconds_since_open() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - opened_).count();
  }

  tl::unexpected<Error> lost() const {
    return environment_error("camera_lost",
                             fmt::format("camera \"{}\": {} delivers no more pictures; check that "
                                         "it is plugged in and switched on",
                                         options_.camera, without_secrets(options_.source)));
  }

  static Milliseconds to_milliseconds(double seconds) {
    return Milliseconds(std::llround(seconds * 1000.0));
  }

  cv::VideoCapture capture_;
  const CaptureOptions options_;
  const bool live_;
  FramePacer regular_;
  FramePacer extra_;
  const Timestamp opened_ = std::chrono::steady_clock::now();
  double frame_seconds_ = 0.04;
  double position_seconds_ = 0.0;
  double first_seconds_ = 0.0;
  std::uint64_t frames_ = 0;
};

std::vector<int> timeouts(const CaptureOptions& options) {
  return {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, static_cast<int>(options.open_timeout.count()),
          cv::CAP_PROP_READ_TIMEOUT_MSEC, static_cast<int>(options.read_timeout.count())};
}

// /dev/v4l/by-id/NAME links to /dev/videoN; the library accepts only the latter.
std::string device_file(const std::string& source) {
  if (!source.starts_with("/dev/")) return "/dev/video" + source;
  std::error_code failed;
  const auto resolved = std::filesystem::canonical(source, failed);
  return failed ? source : resolved.string();
}

constexpr Milliseconds kPeerPatience{1500};

// Returns an error if the camera does not answer. This saves the long time-outs of the library.
Status check_peer(const CaptureOptions& options) {
  switch (look_for_peer(options.source, kPeerPatience)) {
    case PeerState::kAbsent:
      return camera_absent(options, "cannot be reached",
                           "check its address and its cable, and that it is switched on");
    case PeerState::kSilent:
      return camera_absent(options, "accepts connections but does not answer",
                           "switch the camera off and on");
    case PeerState::kAnswers:
      break;
  }
  return {};
}

bool open_device(cv::VideoCapture& capture, const CaptureOptions& options) {
  if (!capture.open(device_file(options.source), cv::CAP_V4L2)) return false;
  // MJPEG, because USB cannot carry large raw pictures; one buffer, so that the picture is recent.
  capture.set(cv::CAP_PROP_FOURCC, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'));
  capture.set(cv::CAP_PROP_FRAME_WIDTH, 1280);
  capture.set(cv::CAP_PROP_FRAME_HEIGHT, 720);
  capture.set(cv::CAP_PROP_BUFFERSIZE, 1);
  return true;
}

}  // namespace

Result<std::unique_ptr<FrameSource>> open_video(const CaptureOptions& options, SourceKind kind) {
  std::error_code ignored;
  const bool on_disk = kind == SourceKind::kFile || kind == SourceKind::kDevice;
  const std::string path =
      kind == SourceKind::kDevice ? device_file(options.source) : options.source;
  if (on_disk && !std::filesystem::exists(path, ignored)) {
    return camera_absent(options, "is not there",
                         kind == SourceKind::kFile ? "correct the source in the configuration"
                                                   : "plug the camera in, or correct the source");
  }
  cv::VideoCapture capture;
  bool opened = false;
  switch (kind) {
    case SourceKind::kDevice:
      opened = open_device(capture, options);
      break;
    case SourceKind::kPipeline:
      opened = capture.open(options.source.substr(4), cv::CAP_GSTREAMER);
      break;
    case SourceKind::kStream:
      MAITRED_TRY(check_peer(options));
      opened = capture.open(options.source, cv::CAP_FFMPEG, timeouts(options));
      break;
    default:
      opened = capture.open(options.source, cv::CAP_FFMPEG);
      break;
  }
  if (!opened) {
    return camera_absent(options, "cannot be opened",
                         kind == SourceKind::kFile ? "check that it is a video file"
                         : kind == SourceKind::kStream
                             ? "it answers but delivers no pictures: check path, user and password"
                             : "check that it is switched on and that this user may read it");
  }
  return std::make_unique<VideoSource>(capture, options, is_live(kind));
}

}  // namespace maitred
