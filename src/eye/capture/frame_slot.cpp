#include "maitred/eye/capture/frame_slot.h"

#include <utility>

namespace maitred {

bool FrameSlot::put(Frame frame) {
  std::unique_lock lock(mutex_);
  if (mode_ == Mode::kLossless) {
    changed_.wait(lock, [this] { return closed_ || !frame_; });
  }
  if (closed_) return false;
  if (frame_ && frame.extra && !frame_->extra) return true;
  if (frame_ && !frame_->extra) ++dropped_;
  // The older frame is freed outside the lock.
  std::optional<Frame> older = std::exchange(frame_, std::move(frame));
  lock.unlock();
  changed_.notify_all();
  return true;
}

std::optional<Frame> FrameSlot::take(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return closed_ || frame_.has_value(); });
  if (!frame_) return std::nullopt;
  std::optional<Frame> taken = std::exchange(frame_, std::nullopt);
  lock.unlock();
  changed_.notify_all();
  return taken;
}

void FrameSlot::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool FrameSlot::finished() const {
  const std::lock_guard lock(mutex_);
  return closed_ && !frame_;
}

std::uint64_t FrameSlot::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace maitred
