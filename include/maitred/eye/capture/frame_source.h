// Sources of frames. A source is opened, read until it ends or fails, and destroyed; CaptureThread
// repeats this.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/types/image.h"

namespace maitred {

enum class SourceKind {
  kDevice,    // /dev/video0, /dev/v4l/by-id/..., or a bare number
  kStream,    // rtsp:// rtsps:// rtmp:// http:// https://
  kPipeline,  // gst:PIPELINE
  kFile,
  kFolder  // of images, in the order of their names
};

// Tells the kind from the text alone, except for a folder, which must exist. The first three kinds
// are live.
SourceKind source_kind(std::string_view source);
bool is_live(SourceKind kind);

struct CaptureOptions {
  std::string camera;  // its name, for messages
  std::string source;
  double fps = 10.0;     // most frames a second; the rate of a folder of images
  double burst = 1.0;    // times `fps`; frames beyond `fps` are extra
  bool realtime = true;  // files: paced by the clock, late frames dropped; else no frame is dropped
  bool loop = false;     // files: start again at the end
  Milliseconds open_timeout{5000};
  Milliseconds read_timeout{5000};
};

struct SourceFrame {
  Image image;
  Milliseconds position{0};  // in a file or folder; zero for a live source
  bool extra = false;        // see Frame
};

// One open camera, stream or file. Bound to one thread. read() may block: until the time-out if the
// library keeps it, else for ever.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  // Returns the next frame that is due at `fps` or, as an extra one, at `burst` times that. Skips
  // frames in between without conversion. Empty at the end of a file. Errors: camera_lost (a live
  // source ended or failed), camera_unreadable (a file without pictures).
  virtual Result<std::optional<SourceFrame>> read() = 0;
  // Files: the position after the last frame read.
  virtual Milliseconds end_position() const = 0;
};

// Error: camera_absent (kEnvironment), which names the camera, the source without user name and
// password, and what to do.
Result<std::unique_ptr<FrameSource>> open_source(const CaptureOptions& options);

using SourceOpener =
    std::function<Result<std::unique_ptr<FrameSource>>(const CaptureOptions& options)>;

}  // namespace maitred
