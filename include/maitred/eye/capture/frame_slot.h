// The latest frame, on its way from the capture thread to the analysis thread: the one place
// where frames may be lost.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "maitred/base/time.h"
#include "maitred/types/image.h"

namespace maitred {

// Holds at most one frame. An extra frame never takes the place of another, and is no loss.
// Thread-safe; one producer, one consumer.
class FrameSlot {
 public:
  enum class Mode {
    kLatest,   // put replaces a frame that was not taken, and counts the drop
    kLossless  // put waits until the frame before was taken
  };
  explicit FrameSlot(Mode mode) : mode_(mode) {}

  // False when the slot is closed, the frame then being thrown away.
  bool put(Frame frame);
  // Waits for a frame. Nothing after `patience`, or at once when the slot is closed and empty.
  std::optional<Frame> take(Milliseconds patience);
  // No more puts; a frame that lies in the slot can still be taken.
  void close();
  // Closed and empty: nothing will ever come.
  bool finished() const;
  std::uint64_t dropped() const;

 private:
  const Mode mode_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  std::optional<Frame> frame_;
  bool closed_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace maitred
