// The thread that opens a source, reads frames, stamps them, and reopens the source after a
// failure.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "maitred/base/time.h"
#include "maitred/eye/capture/frame_slot.h"
#include "maitred/eye/capture/frame_source.h"
#include "maitred/eye/capture/picture_watch.h"
#include "maitred/types/sighting.h"

namespace maitred {

struct CaptureStatus {
  EyeState state = EyeState::kConnecting;
  std::string note;              // one line for the operator; empty without a fault
  std::uint64_t frames = 0;      // put into the slot
  std::optional<Error> failure;  // the source can never be read, for example a missing file
  Milliseconds blocked_for{0};   // duration of the current call into the decoder
};

// The time of a live frame is the wall clock at the read. The time of a file's frame is `start`
// plus the position; it keeps growing if the file loops, while Frame::position starts again. A live
// source is reopened for ever, every 0.25 to 1 s. A live picture that does not change counts as
// stalled, a black one as running, both with a note. A missing or unreadable file ends the thread
// with a failure. At the end of a file the slot is closed and the state is kEnded. Thread-safe.
class CaptureThread {
 public:
  struct Options {
    CaptureOptions capture;
    WallTime start{};                  // of a file; zero: the start time of the thread
    Milliseconds stalled_after{1500};  // time without a frame
  };
  // `slot` must outlive this. Call start() once.
  CaptureThread(Options options, FrameSlot& slot, SourceOpener opener = open_source);
  // Joins. May block as long as the decoder does; see stop().
  ~CaptureThread();
  CaptureThread(const CaptureThread&) = delete;
  CaptureThread& operator=(const CaptureThread&) = delete;

  void start();
  // Asks the thread to end, closes the slot and waits. False if the decoder hangs longer than
  // `patience`; the process must then end without unwinding.
  bool stop(Milliseconds patience);
  CaptureStatus status() const;

 private:
  void run();
  // Reads an open source until it ends or fails. True if it is to be reopened at once (loop).
  bool read_all(FrameSource& source);
  bool deliver(SourceFrame read);
  bool wait_until(Timestamp when);
  void lost(const Error& error);
  void set_blocked(bool blocked);
  void tell_picture(std::optional<PictureFault> fault) const;
  bool stopping() const;

  const Options options_;
  const bool live_;
  const SourceOpener opener_;
  FrameSlot& slot_;
  std::thread thread_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  bool stopping_ = false;
  bool finished_ = false;
  bool connected_ = false;
  bool ended_ = false;
  std::string note_;
  std::optional<Error> failure_;
  std::uint64_t frames_ = 0;
  Timestamp last_frame_{};
  std::optional<PictureFault> picture_fault_;
  std::optional<Timestamp> blocked_since_;

  // used by thread_ alone
  PictureWatch watch_;
  Milliseconds loop_offset_{0};
  WallTime start_wall_{};
  Timestamp start_steady_{};
};

}  // namespace maitred
