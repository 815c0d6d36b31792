// The thread that takes frames from the slot, analyses them and sends the messages to the core.
// Private to this module.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core_link.h"
#include "maitred/eye/capture/frame_slot.h"
#include "maitred/eye/watch/analysis.h"

namespace maitred {

struct AnalysisStatus {
  AnalysisCounts counts;
  Milliseconds busy_for{0};  // time spent on the current frame
  bool finished = false;
  std::optional<Error> failure;
};

// Runs until the slot is closed and empty, or the analysis fails. Thread-safe.
class AnalysisThread {
 public:
  // `slot` and `link` must outlive this.
  AnalysisThread(Analysis analysis, FrameSlot& slot, CoreLink& link);
  ~AnalysisThread();  // joins
  AnalysisThread(const AnalysisThread&) = delete;
  AnalysisThread& operator=(const AnalysisThread&) = delete;

  void start();
  AnalysisStatus status() const;
  // True if the thread has finished.
  bool wait(Milliseconds patience);

 private:
  void run();
  // False after CoreLink::give_up().
  bool deliver(const std::vector<EyeMessage>& messages);
  void set_busy(bool busy);

  Analysis analysis_;  // used by the thread only, once it has started
  FrameSlot& slot_;
  CoreLink& link_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  AnalysisCounts counts_;
  std::optional<Timestamp> busy_since_;
  bool finished_ = false;
  std::optional<Error> failure_;
};

}  // namespace maitred
