// The sources that open_source opens. Private to this module.
#pragma once

#include <memory>

#include "maitred/eye/capture/frame_source.h"

namespace maitred {

// A device, stream, pipeline or file, through OpenCV videoio.
Result<std::unique_ptr<FrameSource>> open_video(const CaptureOptions& options, SourceKind kind);
Result<std::unique_ptr<FrameSource>> open_folder(const CaptureOptions& options);

// Makes the error camera_absent with camera, source and advice.
tl::unexpected<Error> camera_absent(const CaptureOptions& options, const char* what,
                                    const char* advice);

}  // namespace maitred
