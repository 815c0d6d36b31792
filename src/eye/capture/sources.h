// The sources behind open_source. Private to this module.
#pragma once

#include <memory>

#include "maitred/eye/capture/frame_source.h"

namespace maitred {

// Device, stream, pipeline and file, through OpenCV videoio.
Result<std::unique_ptr<FrameSource>> open_video(const CaptureOptions& options, SourceKind kind);
Result<std::unique_ptr<FrameSource>> open_folder(const CaptureOptions& options);

// camera_absent with camera, source and advice.
tl::unexpected<Error> camera_absent(const CaptureOptions& options, const char* what,
                                    const char* advice);

}  // namespace maitred
