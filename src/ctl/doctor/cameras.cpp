#include "maitred/ctl/doctor/cameras.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "maitred/base/file.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

int control(int fd, unsigned long request, void* argument) {
  int result = 0;
  do {
    result = ::ioctl(fd, request, argument);
  } while (result < 0 && errno == EINTR);
  return result;
}

// Returns a driver's text with unprintable characters replaced, safe for a terminal.
std::string plain(const unsigned char* text, std::size_t size) {
  std::string result;
  for (std::size_t i = 0; i < size && text[i] != 0; ++i) {
    result += text[i] >= 0x20 && text[i] < 0x7f ? static_cast<char>(text[i]) : '?';
  }
  return result;
}

std::string pixel_name(std::uint32_t code) {
  unsigned char letters[4];
  for (unsigned i = 0; i < 4; ++i) letters[i] = static_cast<unsigned char>(code >> (8 * i));
  return plain(letters, 4);
}

double fastest_rate(int fd, std::uint32_t pixels, std::uint32_t width, std::uint32_t height) {
  double fastest = 0.0;
  for (std::uint32_t index = 0; index < 64; ++index) {
    v4l2_frmivalenum interval{};
    interval.index = index;
    interval.pixel_format = pixels;
    interval.width = width;
    interval.height = height;
    if (control(fd, VIDIOC_ENUM_FRAMEINTERVALS, &interval) < 0) break;
    const v4l2_fract& shortest =
        interval.type == V4L2_FRMIVAL_TYPE_DISCRETE ? interval.discrete : interval.stepwise.min;
    if (shortest.numerator > 0) {
      fastest = std::max(fastest, static_cast<double>(shortest.denominator) / shortest.numerator);
    }
    if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE) break;
  }
  return fastest;
}

void add_sizes(int fd, std::uint32_t pixels, std::vector<CameraFormat>& formats) {
  for (std::uint32_t index = 0; index < 64; ++index) {
    v4l2_frmsizeenum size{};
    size.index = index;
    size.pixel_format = pixels;
    if (control(fd, VIDIOC_ENUM_FRAMESIZES, &size) < 0) break;
    const bool discrete = size.type == V4L2_FRMSIZE_TYPE_DISCRETE;
    const std::uint32_t width = discrete ? size.discrete.width : size.stepwise.max_width;
    const std::uint32_t height = discrete ? size.discrete.height : size.stepwise.max_height;
    formats.push_back({pixel_name(pixels), static_cast<int>(width), static_cast<int>(height),
                       fastest_rate(fd, pixels, width, height)});
    if (!discrete) break;
  }
}

// Returns the path below /dev/v4l/by-id that leads to `device`. Unlike /dev/videoN it stays the
// same when cameras are reconnected.
std::string lasting_name(const fs::path& device) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/dev/v4l/by-id", failed)) {
    std::error_code broken;
    if (fs::canonical(entry.path(), broken) == device && !broken) return entry.path().string();
  }
  return device.string();
}

double area(const CameraSettings& camera) {
  const auto& [x0, y0, x1, y1] = camera.zone;
  return (x1 - x0) * (y1 - y0);
}

}  // namespace

Result<CameraDevice> describe_camera(const fs::path& device) {
  std::error_code failed;
  const fs::path node = fs::canonical(device, failed);
  if (failed) {
    return environment_error("camera_absent", fmt::format("{} does not exist", device.string()));
  }
  const UniqueFd fd(::open(node.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    const int why = errno;
    return environment_error(why == EACCES || why == EPERM ? "camera_refused" : "not_a_camera",
                             fmt::format("cannot open {}: {}", node.string(), std::strerror(why)));
  }
  v4l2_capability about{};
  if (control(fd.get(), VIDIOC_QUERYCAP, &about) < 0 ||
      (about.device_caps & V4L2_CAP_VIDEO_CAPTURE) == 0) {
    return environment_error("not_a_camera", fmt::format("{} is not a camera", node.string()));
  }
  CameraDevice camera;
  camera.device = node;
  camera.source = lasting_name(node);
  camera.name = plain(about.card, sizeof(about.card));
  for (std::uint32_t index = 0; index < 32; ++index) {
    v4l2_fmtdesc format{};
    format.index = index;
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (control(fd.get(), VIDIOC_ENUM_FMT, &format) < 0) break;
    add_sizes(fd.get(), format.pixelformat, camera.formats);
  }
  return camera;
}

std::vector<CameraDevice> list_cameras() {
  std::vector<fs::path> nodes;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/dev", failed)) {
    if (entry.path().filename().string().starts_with("video")) nodes.push_back(entry.path());
  }
  std::sort(nodes.begin(), nodes.end());
  std::vector<CameraDevice> cameras;
  for (const fs::path& node : nodes) {
    if (auto camera = describe_camera(node)) cameras.push_back(std::move(*camera));
  }
  return cameras;
}

Findings judge_formats(const CameraSettings& camera, const CameraDevice& device) {
  Findings findings;
  if (camera.source != device.source && !camera.source.starts_with("/dev/v4l/")) {
    findings.push_back(
        advice("camera", fmt::format("{} may name another camera after a restart", camera.source),
               fmt::format("source = \"{}\"", device.source)));
  }
  const auto enough = [&](const CameraFormat& format) {
    return format.width_px >= 640 && (format.fps == 0.0 || format.fps >= camera.fps);
  };
  if (!device.formats.empty() &&
      std::none_of(device.formats.begin(), device.formats.end(), enough)) {
    findings.push_back(advice("camera",
                              fmt::format("{} offers no format at least 640 pixels wide at {} fps",
                                          device.name, camera.fps),
                              "set a lower fps, or use another camera"));
  }
  return findings;
}

Findings judge_trial(const CameraSettings& camera, const CameraTrial& trial) {
  const std::string what =
      fmt::format("{} x {} at {:.1f} fps", trial.width_px, trial.height_px, trial.fps);
  Findings findings;
  if (trial.fps < 0.5 * camera.fps) {
    findings.push_back(fault(
        "camera", fmt::format("{}; the configuration requires {} fps", what, camera.fps),
        "add light (cameras slow down in the dark), use a separate USB port, or set a lower fps"));
  } else if (trial.fps < 0.85 * camera.fps) {
    findings.push_back(
        advice("camera", fmt::format("{}; the configuration requires {} fps", what, camera.fps),
               "add light, use a separate USB port, or set a lower fps"));
  } else {
    findings.push_back(good("camera", what));
  }
  if (trial.width_px > 0 && trial.width_px < 640) {
    findings.push_back(advice("camera",
                              fmt::format("the picture is only {} pixels wide: faces more than a "
                                          "metre or two away are too small to be recognised",
                                          trial.width_px),
                              "select a higher resolution in the camera's own settings"));
  }
  if (trial.width_px > 0 && trial.mean_light < 16.0) {
    findings.push_back(
        advice("camera", "the picture is black", "remove the lens cover, or switch on the light"));
  }
  return findings;
}

Findings judge_placement(const CameraSettings& camera, int width_px) {
  Findings findings;
  if (camera.mode == CameraMode::kOpen) {
    findings.push_back(advice("zone", "mode open compares everyone anywhere in the picture",
                              "set mode = \"check-in\" and a zone, unless your impact "
                              "assessment allows mode open"));
    return findings;
  }
  const auto& [x0, y0, x1, y1] = camera.zone;
  if (width_px > 0 && (x1 - x0) * width_px < 2.0 * camera.min_face_px) {
    findings.push_back(
        fault("zone",
              fmt::format("the zone is {:.0f} pixels wide, too narrow for a face of min_face = {}",
                          (x1 - x0) * width_px, camera.min_face_px),
              "enlarge the zone, or set a smaller min_face"));
  } else if (area(camera) < 0.02) {
    findings.push_back(fault("zone",
                             fmt::format("the zone covers only {:.1f} % of the picture: hardly "
                                         "anyone will stand in it",
                                         100.0 * area(camera)),
                             "zone = [x0, y0, x1, y1] as fractions, e.g. [0.2, 0.1, 0.8, 1.0]"));
  } else if (area(camera) > 0.98) {
    findings.push_back(advice("zone",
                              "the zone covers the whole picture: passers-by are compared too",
                              "zone = [0.2, 0.1, 0.8, 1.0], or where customers stop and look up"));
  } else {
    findings.push_back(
        good("zone", fmt::format("the zone covers {:.0f} % of the picture", 100.0 * area(camera))));
  }
  if (camera.dwell < Milliseconds{200}) {
    findings.push_back(
        advice("zone", "dwell is too short: passers-by are compared too", "dwell = \"700ms\""));
  }
  return findings;
}

}  // namespace maitred
