// The program of one camera: a capture thread, an analysis thread, and a main thread that tells
// the core how things stand.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "maitred/base/result.h"
#include "maitred/base/service.h"
#include "maitred/eye/capture/capture_thread.h"
#include "maitred/eye/vision/load_engine.h"
#include "maitred/eye/watch/analysis.h"

namespace maitred {

struct EyeOptions {
  std::string camera;
  CaptureThread::Options capture;
  AnalysisOptions analysis;
  std::filesystem::path socket;  // of the core
  ServiceNotifier notifier;      // told of readiness; its watchdog is fed while all threads get on
  int parent_pid = 0;            // end when this process is gone; 0: outlive the core
  std::function<void()> every_turn;  // of the main loop, some times a second; may be empty
};

// Runs until `stop` becomes true (SIGTERM), the file is read to its end, or the parent is gone;
// then finishes the frames it has, says kEnded, and returns. The core may come and go meanwhile.
// Errors: camera_absent (a file that is not there), inference_failed, decoder_stuck (the decoder
// has not come back for long; only a new process recovers).
Status run_eye(const EyeOptions& options, Engine engine, const std::atomic<bool>& stop);

}  // namespace maitred
