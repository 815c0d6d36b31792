// The thread that opens a source, reads it, gives frames their time, and opens it again when it
// fails.
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
  std::string note;              // one line for the operator; empty when all is well
  std::uint64_t frames = 0;      // put into the slot
  std::optional<Error> failure;  // the source can never be read (a file that is not there)
  Milliseconds blocked_for{0};   // how long the present call into the decoder has lasted
};

// Frame time: live, the wall clock at the read; file, `start` plus the position, which keeps
// growing when the file loops (Frame::position starts again). Live sources are opened again for
// ever, 0.25 to 1 s apart. A live picture that stands still for long counts as stalled, a black one
// as running, both with a note. A file that is missing or unreadable ends the thread with a
// failure; at the end of a file the slot is closed and the state is kEnded. Thread-safe.
class CaptureThread {
 public:
  struct Options {
    CaptureOptions capture;
    WallTime start{};                  // of a file; zero: the time when the thread begins
    Milliseconds stalled_after{1500};  // without a frame
  };
  // `slot` must outlive this. Requires start() once.
  CaptureThread(Options options, FrameSlot& slot, SourceOpener opener = open_source);
  // Joins, which lasts as long as the decoder blocks: see stop().
  ~CaptureThread();
  CaptureThread(const CaptureThread&) = delete;
  CaptureThread& operator=(const CaptureThread&) = delete;

  void start();
  // Asks the thread to end, closes the slot and waits. False when the decoder did not come back
  // within `patience`: the process has to end without unwinding then.
  bool stop(Milliseconds patience);
  CaptureStatus status() const;

 private:
  void run();
  // Reads one opened source until it ends or fails. True: open it again at once (loop).
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
