#include "maitred/eye/capture/frame_source.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <opencv2/core.hpp>

#include "maitred/base/text.h"
#include "sources.h"

namespace maitred {

SourceKind source_kind(std::string_view source) {
  if (source.starts_with("gst:")) return SourceKind::kPipeline;
  constexpr std::array<std::string_view, 6> kSchemes{"rtsp://", "rtsps://", "rtmp://",
                                                     "http://", "https://", "udp://"};
  for (const std::string_view scheme : kSchemes) {
    if (source.starts_with(scheme)) return SourceKind::kStream;
  }
  const bool number = !source.empty() && source.size() <= 3 &&
                      std::all_of(source.begin(), source.end(),
                                  [](unsigned char c) { return std::isdigit(c) != 0; });
  if (number || source.starts_with("/dev/")) return SourceKind::kDevice;
  std::error_code ignored;
  if (std::filesystem::is_directory(std::filesystem::path(source), ignored)) {
    return SourceKind::kFolder;
  }
  return SourceKind::kFile;
}

bool is_live(SourceKind kind) {
  return kind == SourceKind::kDevice || kind == SourceKind::kStream ||
         kind == SourceKind::kPipeline;
}

tl::unexpected<Error> camera_absent(const CaptureOptions& options, const char* what,
                                    const char* advice) {
  return environment_error("camera_absent",
                           fmt::format("camera \"{}\": {} {}; {}", options.camera,
                                       without_secrets(options.source), what, advice));
}

Result<std::unique_ptr<FrameSource>> open_source(const CaptureOptions& options) {
  const SourceKind kind = source_kind(options.source);
  try {
    if (kind == SourceKind::kFolder) return open_folder(options);
    return open_video(options, kind);
  } catch (const cv::Exception&) {
    return camera_absent(options, "cannot be opened",
                         "check the source in the configuration, or run: maitredctl doctor");
  }
}

}  // namespace maitred
