// Passes the latest frame from the capture thread to the analysis thread. The only place where
// frames may be dropped.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "maitred/base/time.h"
#include "maitred/types/image.h"

namespace maitred {

// Holds at most one frame. An extra frame never replaces another, and losing one does not count as
// a drop. Thread-safe; one producer, one consumer.
class FrameSlot {
 public:
  enum class Mode {
    kLatest,   // put() replaces a frame that was not taken and counts the drop
    kLossless  // put() waits until the previous frame was taken
  };
  explicit FrameSlot(Mode mode) : mode_(mode) {}

  // False if the slot is closed; the frame is then discarded.
  bool put(Frame frame);
  // Waits for a frame. Empty after `patience`, or at once if the slot is closed and empty.
  std::optional<Frame> take(Milliseconds patience);
  // Ends puts. A frame in the slot can still be taken.
  void close();
  // True if the slot is closed and empty: no frame will follow.
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
