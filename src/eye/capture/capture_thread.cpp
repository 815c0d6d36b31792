#include "maitred/eye/capture/capture_thread.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "maitred/base/backoff.h"
#include "maitred/base/log.h"
#include "maitred/base/text.h"

namespace maitred {
namespace {

// A camera that returns is found soon, and one that stays away costs little.
constexpr Milliseconds kFirstRetry{250};
constexpr Milliseconds kLastRetry{1000};

const char* picture_note(PictureFault fault) {
  return fault == PictureFault::kBlack
             ? "the picture is black; check whether the lens is covered or the light is off"
             : "the picture stands still: the camera hangs; switch it off and on";
}

Timestamp now() { return std::chrono::steady_clock::now(); }

Milliseconds since(Timestamp from) {
  return std::chrono::duration_cast<Milliseconds>(now() - from);
}

}  // namespace

CaptureThread::CaptureThread(Options options, FrameSlot& slot, SourceOpener opener)
    : options_(std::move(options)),
      live_(is_live(source_kind(options_.capture.source))),
      opener_(std::move(opener)),
      slot_(slot) {}

CaptureThread::~CaptureThread() {
  stop(Milliseconds{0});
  if (thread_.joinable()) thread_.join();
}

void CaptureThread::start() {
  thread_ = std::thread([this] { run(); });
}

bool CaptureThread::stop(Milliseconds patience) {
  slot_.close();
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  if (!thread_.joinable()) return true;
  return changed_.wait_for(lock, patience, [this] { return finished_; });
}

CaptureStatus CaptureThread::status() const {
  const std::lock_guard lock(mutex_);
  CaptureStatus status;
  status.frames = frames_;
  status.note = note_;
  status.failure = failure_;
  if (blocked_since_) status.blocked_for = since(*blocked_since_);
  if (ended_) {
    status.state = EyeState::kEnded;
  } else if (!connected_) {
    status.state = EyeState::kConnecting;
  } else if (since(last_frame_) > options_.stalled_after) {
    status.state = EyeState::kStalled;
    status.note = "no picture for some seconds: the source or its decoder hangs";
  } else {
    status.state =
        picture_fault_ == PictureFault::kFrozen ? EyeState::kStalled : EyeState::kRunning;
    if (picture_fault_) status.note = picture_note(*picture_fault_);
  }
  return status;
}

void CaptureThread::run() {
  Backoff backoff(kFirstRetry, kLastRetry);
  start_wall_ = options_.start == WallTime{} ? wall_now() : options_.start;
  start_steady_ = now();
  while (!stopping()) {
    set_blocked(true);
    Result<std::unique_ptr<FrameSource>> source = opener_(options_.capture);
    set_blocked(false);
    bool again = false;
    if (source) {
      const std::uint64_t before = status().frames;
      again = read_all(**source);
      if (status().frames > before) backoff.reset();
      set_blocked(true);  // closing a dead stream may hang too
      source->reset();
      set_blocked(false);
    } else {
      lost(source.error());
    }
    if (again) continue;
    if (!live_) break;
    if (!wait_until(now() + backoff.next())) break;
  }
  slot_.close();
  const std::lock_guard lock(mutex_);
  ended_ = !live_ && !failure_;
  finished_ = true;
  changed_.notify_all();
}

bool CaptureThread::read_all(FrameSource& source) {
  watch_.reset();
  while (!stopping()) {
    set_blocked(true);
    Result<std::optional<SourceFrame>> read = source.read();
    set_blocked(false);
    if (!read) {
      lost(read.error());
      return false;
    }
    if (!*read) {
      loop_offset_ += source.end_position();
      return options_.capture.loop && !live_;
    }
    if (!deliver(std::move(**read))) return false;
  }
  return false;
}

bool CaptureThread::deliver(SourceFrame read) {
  Frame frame;
  frame.image = std::move(read.image);
  frame.extra = read.extra;
  if (live_) {
    frame.at = wall_now();
  } else {
    frame.position = read.position;
    frame.at = start_wall_ + loop_offset_ + read.position;
    if (options_.capture.realtime && !wait_until(start_steady_ + loop_offset_ + read.position)) {
      return false;
    }
  }
  std::optional<PictureFault> fault;
  if (live_) {
    if (!frame.extra) watch_.see(frame.image.view, now());
    fault = watch_.fault(now());
  }
  {
    const std::lock_guard lock(mutex_);
    if (!connected_)
      journal().info("camera is running: {}", without_secrets(options_.capture.source));
    if (fault != picture_fault_) tell_picture(fault);
    picture_fault_ = fault;
    connected_ = true;
    note_.clear();
    frame.sequence = frames_++;
    last_frame_ = now();
  }
  return slot_.put(std::move(frame));
}

bool CaptureThread::wait_until(Timestamp when) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_until(lock, when, [this] { return stopping_; });
}

void CaptureThread::lost(const Error& error) {
  bool tell = false;
  {
    const std::lock_guard lock(mutex_);
    tell = connected_ || note_ != error.message;
    connected_ = false;
    note_ = error.message;
    if (!live_) failure_ = error;
  }
  if (!tell) return;
  if (live_) {
    journal().warn("{}; trying again", error.message);
  } else {
    journal().error("{}", error.message);
  }
}

void CaptureThread::set_blocked(bool blocked) {
  const std::lock_guard lock(mutex_);
  blocked_since_ = blocked ? std::optional<Timestamp>(now()) : std::nullopt;
}

void CaptureThread::tell_picture(std::optional<PictureFault> fault) const {
  if (fault) {
    journal().warn("camera \"{}\": {}", options_.capture.camera, picture_note(*fault));
  } else {
    journal().info("camera \"{}\": picture recovered", options_.capture.camera);
  }
}

bool CaptureThread::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace maitred
