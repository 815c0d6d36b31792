// The program of one camera: a capture thread, an analysis thread, and a main thread that reports
// health to the core.
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
  std::filesystem::path socket;      // of the core
  ServiceNotifier notifier;          // reports readiness; feeds the watchdog while all threads work
  int parent_pid = 0;                // ends when this process has ended; 0: outlives the core
  std::function<void()> every_turn;  // called by the main loop several times a second; may be empty
};

// Runs until `stop` becomes true (SIGTERM), the file is read to its end, or the parent has ended.
// Then finishes the frames it has, reports kEnded, and returns. The core may stop and restart
// meanwhile. If the decoder hangs, ends the process: only a new one recovers. Errors: camera_absent
// (a missing file), inference_failed.
Status run_eye(const EyeOptions& options, Engine engine, const std::atomic<bool>& stop);

}  // namespace maitred
