#include "analysis_thread.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "floating_point.h"

namespace maitred {

AnalysisThread::AnalysisThread(Analysis analysis, FrameSlot& slot, CoreLink& link)
    : analysis_(std::move(analysis)), slot_(slot), link_(link) {}

AnalysisThread::~AnalysisThread() {
  if (thread_.joinable()) thread_.join();
}

void AnalysisThread::start() {
  thread_ = std::thread([this] { run(); });
}

AnalysisStatus AnalysisThread::status() const {
  const std::lock_guard lock(mutex_);
  AnalysisStatus status{counts_, Milliseconds{0}, finished_, failure_};
  if (busy_since_) {
    status.busy_for =
        std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - *busy_since_);
  }
  return status;
}

bool AnalysisThread::wait(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return finished_; });
}

void AnalysisThread::run() {
  flush_denormals();
  WallTime last{};
  while (!slot_.finished()) {
    const std::optional<Frame> frame = slot_.take(std::chrono::seconds{1});
    if (!frame) continue;
    last = frame->at;
    set_busy(true);
    const Result<std::vector<EyeMessage>> messages = analysis_.analyse(*frame);
    set_busy(false);
    if (!messages) {
      const std::lock_guard lock(mutex_);
      failure_ = messages.error();
      break;
    }
    if (!deliver(*messages)) break;
  }
  deliver(analysis_.finish(last));
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

bool AnalysisThread::deliver(const std::vector<EyeMessage>& messages) {
  return std::all_of(messages.begin(), messages.end(),
                     [this](const EyeMessage& message) { return link_.deliver(message); });
}

void AnalysisThread::set_busy(bool busy) {
  const std::lock_guard lock(mutex_);
  busy_since_ = busy ? std::optional(std::chrono::steady_clock::now()) : std::nullopt;
  counts_ = analysis_.counts();
}

}  // namespace maitred
