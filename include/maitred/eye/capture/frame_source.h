// Where frames come from. A source is opened, read to its end or until it fails, and thrown away;
// CaptureThread does that over and over.
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

// By the words alone, but for a folder, which is one on disk. Live kinds are the first three.
SourceKind source_kind(std::string_view source);
bool is_live(SourceKind kind);

struct CaptureOptions {
  std::string camera;  // its name, for messages
  std::string source;
  double fps = 10.0;     // frames handed on a second, at most; the rate of a folder of images
  double burst = 1.0;    // times `fps`: those beyond `fps` are handed on as extra
  bool realtime = true;  // files: paced by the clock, late frames dropped; else none is dropped
  bool loop = false;     // files: from the start again at the end
  Milliseconds open_timeout{5000};
  Milliseconds read_timeout{5000};
};

struct SourceFrame {
  Image image;
  Milliseconds position{0};  // in a file or folder; zero for a live source
  bool extra = false;        // see Frame
};

// One open camera, stream or file. Bound to one thread. read() may block: up to the time-outs
// where the library keeps them, for ever where it does not.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  // The next frame that is due at `fps` or, as an extra one, at `burst` times that; frames in
  // between are skipped unconverted. Nothing at the end of a file. Error: camera_lost (a live
  // source that ended or failed), camera_unreadable (a file that holds no picture).
  virtual Result<std::optional<SourceFrame>> read() = 0;
  // Files: the position just after the last frame read.
  virtual Milliseconds end_position() const = 0;
};

// Error: camera_absent (kEnvironment), naming camera and source and what to do. User names and
// passwords in a URL are not in it.
Result<std::unique_ptr<FrameSource>> open_source(const CaptureOptions& options);

using SourceOpener =
    std::function<Result<std::unique_ptr<FrameSource>>(const CaptureOptions& options)>;

// "rtsp://***@host/path": a source as it may be logged.
std::string printable_source(std::string_view source);

}  // namespace maitred
